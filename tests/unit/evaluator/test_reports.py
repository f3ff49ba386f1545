"""The report document: its parts agree with one another, and with what is stored of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from io import BytesIO
from typing import Any

import numpy as np
import orjson
import pytest
from kinds import rich_options
from scenes import random_samples, read, samples, version_files, with_masks

from services.evaluator.domain.classes.classification import Classified, classification_figures
from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.matches_file import matches_from_bytes, matches_to_bytes
from services.evaluator.domain.readers.coco_records import Kind
from services.evaluator.domain.readers.platform_files import read_version
from services.evaluator.domain.readers.versions import JudgedVersion
from services.evaluator.domain.report.classification import classification_report
from services.evaluator.domain.report.detection import detection_report, report_at
from services.evaluator.domain.report.opening import TaskOptions
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.tree.reports import DetectionReport, from_json, to_json


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_shown_are_those_of_the_matrix(seed: int) -> None:
    document = read(
        detection_report(evaluate(random_samples(seed=seed)), ReportOptions(replicates=0))
    )
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
    document = read(detection_report(evaluation, ReportOptions(replicates=0)))
    curve = document["curves"]
    assert document["overall"]["f1"] >= max(curve["f1"]) - 1e-9
    balanced = next(a for a in document["question"]["answers"] if a["answer"] == "balanced")
    assert balanced["threshold"] == document["threshold"]


@pytest.mark.parametrize("kind", ["box", "mask"])
@pytest.mark.parametrize(("threshold", "iou"), [(0.0, 0.5), (0.42, 0.5), (0.3, 0.75), (0.3, 0.33)])
def test_a_stored_report_at_another_threshold_is_the_new_report_there(
    kind: Kind, threshold: float, iou: float
) -> None:
    given = random_samples(seed=2)
    evaluation = evaluate(with_masks(given) if kind == "mask" else given, kind=kind)
    options = rich_options(evaluation)
    stored = from_json(to_json(detection_report(evaluation, options)))
    assert isinstance(stored, DetectionReport)
    again = matches_from_bytes(matches_to_bytes(evaluation))
    assert options.watched is not None
    moved = report_at(
        stored,
        again,
        threshold=threshold,
        iou_threshold=iou,
        watched=matches_from_bytes(matches_to_bytes(options.watched)),
    )
    computed = replace(options, threshold=threshold, iou_threshold=iou)
    seen, fresh = read(moved), read(detection_report(evaluation, computed))
    assert seen.keys() == fresh.keys()
    for part in fresh:
        assert seen[part] == fresh[part], part
    assert set(seen["regressions"]["states"]) == {"i1", "i2", "w1", "w2"}
    assert stored.intervals != moved.intervals


def test_what_no_threshold_moves_stays() -> None:
    evaluation = evaluate(random_samples(seed=2))
    stored = detection_report(evaluation, rich_options(evaluation))
    seen = report_at(stored, evaluation, threshold=0.1, iou_threshold=0.9)
    for name in ("map", "map_50", "map_small", "mar_100", "fps"):
        assert getattr(seen.overall, name) == getattr(stored.overall, name)
        assert seen.intervals[name] == stored.intervals[name]
    assert seen.tide == stored.tide


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_every_figure_has_an_interval_around_it(kind: Kind) -> None:
    given = random_samples(seed=2, images=60)
    evaluation = evaluate(with_masks(given) if kind == "mask" else given, kind=kind)
    document = read(detection_report(evaluation, rich_options(evaluation, replicates=200)))
    pairs = {name: (v, document["intervals"][name]) for name, v in document["overall"].items()}
    quality = dict(document["quality"])
    ends = quality.pop("intervals")
    pairs |= {f"quality {name}": (value, ends[name]) for name, value in quality.items()}
    tide = document["tide"]
    pairs |= {f"tide {k}": (gain, tide["intervals"][k]) for k, gain in tide["gain"].items()}
    for row in document["labels"]:
        for name in ("ap", "ap_50_95", "precision", "recall", "f1", "detection_rate"):
            pairs[f"{row['label']} {name}"] = row[name], row["intervals"][name]
    for group in (*document["by_size"], *document["by_tile_edge"]):
        pairs[group["name"]] = group["rate"], group["interval"]
    for name, (value, interval) in pairs.items():
        if value is None:
            assert interval["low"] is None, name
        else:
            assert interval["low"] <= value <= interval["high"], name


def test_the_gallery_shows_every_kind_of_error_of_every_label() -> None:
    """Misses are not crowded out by false detections, and stand from the largest down."""
    box = (10.0, 10.0, 20.0, 20.0)
    truths = [(0, 0, (0.0, 0.0, 10.0 + k, 10.0)) for k in range(30)]
    found = [(0, label, box, 0.9 - k / 1000) for k in range(100) for label in (0, 1)]
    given = samples([*truths, (1, 1, box)], found, images=2)
    document = read(
        detection_report(
            evaluate(given, max_detections=1000), ReportOptions(threshold=0.1, replicates=0)
        )
    )
    shown = Counter(
        (error["kind"], error["predicted_label"] or error["true_label"])
        for error in document["errors"]["samples"]
    )
    assert shown == {
        ("false_detection", "pit"): 20,
        ("false_detection", "scratch"): 20,
        ("miss", "pit"): 20,
        ("miss", "scratch"): 1,
    }
    sizes = [e["size_px"] for e in document["errors"]["samples"] if e["true_label"] == "pit"]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == pytest.approx(390**0.5, abs=0.01)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"\x93NUMPY", matches_to_bytes(evaluate(random_samples()))[:-900]]
)
def test_damaged_matches_are_refused(data: bytes) -> None:
    with pytest.raises(BadSamples, match="stored matches are damaged"):
        matches_from_bytes(data)


def written_by_format(number: int, kind: Kind) -> bytes:
    """Matches as an earlier release stored them."""
    given = random_samples(seed=2)
    evaluation = evaluate(with_masks(given) if kind == "mask" else given, kind=kind)
    with np.load(BytesIO(matches_to_bytes(evaluation))) as file:
        columns = {name: file[name] for name in file.files}
    names = orjson.loads(columns["names"].tobytes()) | {"format": number}
    columns = {
        name: column.astype(names["types"].get(name, column.dtype))
        for name, column in columns.items()
        if "_run" not in name
    }
    del names["types"]
    columns["names"] = np.frombuffer(orjson.dumps(names), np.uint8)
    out = BytesIO()
    np.savez_compressed(out, **columns)
    return out.getvalue()


def test_boxes_of_an_earlier_release_are_read() -> None:
    read, expected = (
        matches_from_bytes(written_by_format(1, "box")),
        evaluate(random_samples(seed=2)),
    )
    np.testing.assert_array_equal(read.matches.truth_of, expected.matches.truth_of)


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_stored_matches_lose_no_bit(kind: Kind) -> None:
    given = random_samples(seed=4)
    evaluation = evaluate(with_masks(given) if kind == "mask" else given, kind=kind)
    again = matches_from_bytes(matches_to_bytes(evaluation))
    for part in ("arranged", "overlaps", "matches"):
        was, now = getattr(evaluation, part), getattr(again, part)
        for name in {field.name for field in fields(was)} - {"det_source", "thresholds", "labels"}:
            np.testing.assert_array_equal(getattr(now, name), getattr(was, name), err_msg=name)
            assert getattr(now, name).dtype == getattr(was, name).dtype, name
    assert again.matches.thresholds == evaluation.matches.thresholds


@pytest.mark.parametrize(("number", "kind"), [(1, "mask"), (4, "box"), (4, "mask")])
def test_matches_of_another_release_ask_to_be_recomputed(number: int, kind: Kind) -> None:
    with pytest.raises(BadSamples, match=r"another release \(format \d\): recompute the report"):
        matches_from_bytes(written_by_format(number, kind))


def detected(manifest: bytes, predictions: bytes) -> JudgedVersion:
    version = read_version(manifest, predictions)
    assert isinstance(version, JudgedVersion)
    return version


def test_a_version_is_read_from_its_snapshot_and_predictions() -> None:
    version = detected(*version_files(images=20))
    assert len(version.samples.images.ids) == 20
    assert version.kind == "box"
    assert version.elapsed_ms == (20.0,) * 20
    assert sum(version.dataset.annotation_counts) == len(version.samples.truths)
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
    document = read(classification_report(Classified(truth, scores), options))
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


def edited(manifest: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    snapshot = orjson.loads(manifest)
    change(snapshot)
    return orjson.dumps(snapshot)


def test_only_images_held_out_judge() -> None:
    """A training image that was predicted judges nothing; a corrected one is watched."""

    def teach(snapshot: dict[str, Any]) -> None:
        for image, split in zip(snapshot["images"], ["train", "val", "train"], strict=False):
            image["split"] = split
        snapshot["images"][1]["corrected"] = False
        snapshot["images"][2]["corrected"] = True

    manifest, predictions = version_files(images=20)
    version = detected(edited(manifest, teach), predictions)
    assert version.samples.images.ids == tuple(f"i{k}" for k in range(3, 20))
    assert version.corrected is not None
    assert version.corrected.images.ids == ("i0", "i2")
    assert len(version.elapsed_ms) == 20


def test_a_shape_without_an_id_takes_no_other_id_away() -> None:
    def blank(snapshot: dict[str, Any]) -> None:
        image = next(image for image in snapshot["images"] if len(image["shapes"]) > 1)
        image["shapes"][0]["id"] = ""
        image["shapes"][1]["id"] = "s1"

    manifest, predictions = version_files(images=20, skill=0.0)
    version = detected(edited(manifest, blank), predictions)
    document = read(detection_report(evaluate(version.samples), ReportOptions(replicates=0)))
    ids = [e["shape_id"] for e in document["errors"]["samples"] if e["kind"] == "miss"]
    assert ids.count(None) <= 1
    assert "s1" in ids
