"""The report document: its parts agree with one another, and with what is stored of it."""

import numpy as np
import pytest
from scenes import random_samples, version_files

from services.evaluator.domain.classification import Classified, classification_figures
from services.evaluator.domain.detection_report import ReportOptions, detection_report
from services.evaluator.domain.evaluation import evaluate
from services.evaluator.domain.matches_file import matches_from_bytes, matches_to_bytes
from services.evaluator.domain.platform_files import read_version
from services.evaluator.domain.report_view import document_at
from services.evaluator.domain.samples import BadSamples
from services.evaluator.domain.task_reports import TaskOptions, classification_report


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_shown_are_those_of_the_matrix(seed: int) -> None:
    document = detection_report(evaluate(random_samples(seed=seed)), ReportOptions(replicates=0))
    matrix = np.array(document["confusion"]["matrix"])
    found = np.diag(matrix)[:-1]
    f1 = 2 * found / (matrix[:-1].sum(axis=1) + matrix[:, :-1].sum(axis=0))
    shown = {row["label"]: row["f1"] for row in document["labels"]}
    assert [shown[name] for name in document["confusion"]["labels"][:-1]] == f1.tolist()
    assert document["overall"]["f1"] == pytest.approx(f1.mean())
    assert document["overall"]["recall"] == pytest.approx(found.sum() / matrix[:-1].sum())
    counts = document["errors"]["counts"]
    assert counts["found"] == found.sum()
    assert counts["miss"] == matrix[:-1, -1].sum()
    assert counts["false_detection"] == matrix[-1].sum()


def test_the_default_threshold_has_the_best_f1() -> None:
    evaluation = evaluate(random_samples(seed=5))
    document = detection_report(evaluation, ReportOptions(replicates=0))
    curve = document["curves"]
    assert document["overall"]["f1"] >= max(curve["f1"]) - 1e-9
    balanced = next(a for a in document["question"]["answers"] if a["answer"] == "balanced")
    assert balanced["threshold"] == document["threshold"]


@pytest.mark.parametrize(("threshold", "iou"), [(0.0, 0.5), (0.42, 0.5), (0.3, 0.75), (0.3, 0.33)])
def test_a_stored_report_at_another_threshold_is_a_new_report_there(
    threshold: float, iou: float
) -> None:
    evaluation = evaluate(random_samples(seed=2))
    stored = detection_report(evaluation, ReportOptions(replicates=0))
    again = matches_from_bytes(matches_to_bytes(evaluation))
    seen = document_at(stored, again, threshold=threshold, iou_threshold=iou)
    fresh = detection_report(
        evaluation, ReportOptions(threshold=threshold, iou_threshold=iou, replicates=0)
    )
    for part in ("overall", "confusion", "conclusion", "most_confused", "curves"):
        assert seen[part] == fresh[part], part
    for mine, theirs in zip(seen["labels"], fresh["labels"], strict=True):
        for name in ("label", "found", "wrong", "missed", "precision", "recall", "f1", "warnings"):
            assert mine[name] == theirs[name], name


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"\x93NUMPY", matches_to_bytes(evaluate(random_samples()))[:-900]]
)
def test_damaged_matches_are_refused(data: bytes) -> None:
    with pytest.raises(BadSamples, match="stored matches are damaged"):
        matches_from_bytes(data)


def test_a_version_is_read_from_its_snapshot_and_predictions() -> None:
    version = read_version(*version_files(images=20))
    assert len(version.samples.images.ids) == 20
    assert version.kind == "box"
    assert version.elapsed_ms == (20.0,) * 20
    assert sum(version.annotation_counts) == len(version.samples.truths)
    assert version.samples.truths.ids[0] == "s0"
    assert version.corrected is None


def test_an_image_outside_the_snapshot_is_refused() -> None:
    manifest, _ = version_files(images=3)
    _, predictions = version_files(images=5)
    with pytest.raises(BadSamples, match="i3 was predicted but is not in the snapshot"):
        read_version(manifest, predictions)


def test_classification_rows_are_marked_and_advised() -> None:
    r = np.random.default_rng(0)
    truth = np.array([0] * 60 + [1] * 60 + [2] * 10)
    scores = r.random((130, 3)) * 0.5 + np.eye(3)[truth]
    scores[120:, 1] += 2.0  # the third label is always taken for the second
    options = TaskOptions(labels=("apple", "cherry", "tomato"), replicates=50)
    document = classification_report(Classified(truth, scores), options)
    rows = {row["label"]: row for row in document["labels"]}
    assert rows["tomato"]["detection_rate"] == 0.0
    assert set(rows["tomato"]["warnings"]) == {"rate", "count"}
    assert "is taken for “cherry” 10 times" in rows["tomato"]["advice"]["en"]
    assert rows["apple"]["warnings"] == []
    assert document["most_confused"][0] == {"truth": "tomato", "predicted": "cherry", "count": 10}
    assert document["overall"]["top_3"] == 1.0
    assert document["intervals"]["accuracy"]["low"] < document["overall"]["accuracy"]
    assert document["errors"]["counts"] == {"tomato": 10}


@pytest.mark.parametrize(
    ("truth", "scores"),
    [
        (np.array([0]), np.zeros((2, 2))),
        (np.array([2]), np.zeros((1, 2))),
        (np.array([0]), np.array([[np.nan, 0.0]])),
    ],
)
def test_classifications_that_cannot_be_judged_are_refused(
    truth: np.ndarray, scores: np.ndarray
) -> None:
    with pytest.raises(BadSamples):
        classification_figures(Classified(truth, scores))


def test_no_classified_images_are_undefined() -> None:
    figures = classification_figures(Classified(np.zeros(0, np.int64), np.zeros((0, 3))))
    assert np.isnan([figures.accuracy, figures.macro_f1, figures.calibration_error]).all()
