"""Classification figures are those of scikit-learn (1e-9) and, for calibration, of torchmetrics."""

import numpy as np
import pytest
from sklearn import metrics

from services.evaluator.domain.classes.classification import (
    Classified,
    classification_figures,
    roc_curve,
)

TOLERANCE = 1e-9


def drawn(seed: int, *, images: int, labels: int, grid: int | None = None) -> Classified:
    """Random softmax scores; ``grid`` rounds them, which makes many ties within a label."""
    r = np.random.default_rng(seed)
    truth = r.integers(0, labels, images)
    logits = r.normal(0, 1, (images, labels))
    logits[np.arange(images), truth] += r.random() * 2
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if grid:
        scores = np.round(scores * grid) / grid + np.arange(labels) * 1e-7
    return Classified(truth, scores)


@pytest.mark.parametrize(
    ("seed", "images", "labels", "grid"),
    [(0, 500, 2, None), (1, 1000, 10, None), (2, 800, 5, 10), (3, 60, 12, 4), (4, 5, 3, None)],
)
def test_figures_agree_with_scikit_learn(
    seed: int, images: int, labels: int, grid: int | None
) -> None:
    samples = drawn(seed, images=images, labels=labels, grid=grid)
    truth, scores = samples.truth, samples.scores
    ours, found = classification_figures(samples), scores.argmax(axis=1)
    every = range(labels)
    assert ours.accuracy == pytest.approx(metrics.accuracy_score(truth, found), abs=TOLERANCE)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, found, labels=every, zero_division=np.nan
    )
    np.testing.assert_allclose(ours.precision, precision, atol=TOLERANCE)
    np.testing.assert_allclose(ours.recall, recall, atol=TOLERANCE)
    seen = ~np.isnan(f1)
    np.testing.assert_allclose(ours.f1[seen], f1[seen], atol=TOLERANCE)
    macro = metrics.precision_recall_fscore_support(truth, found, average="macro", zero_division=0)
    assert ours.macro_precision == pytest.approx(macro[0], abs=TOLERANCE)
    assert ours.macro_recall == pytest.approx(macro[1], abs=TOLERANCE)
    assert ours.macro_f1 == pytest.approx(macro[2], abs=TOLERANCE)
    matrix = metrics.confusion_matrix(truth, found, labels=every)
    np.testing.assert_array_equal(ours.matrix, matrix)
    for label in every:
        positive = truth == label
        if 0 < positive.sum() < images:
            auc = metrics.roc_auc_score(positive, scores[:, label])
            assert ours.auc[label] == pytest.approx(auc, abs=TOLERANCE)
            ap = metrics.average_precision_score(positive, scores[:, label])
            assert ours.ap[label] == pytest.approx(ap, abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(5))
def test_top_k_agrees_with_scikit_learn(seed: int) -> None:
    samples = drawn(seed, images=400, labels=8)
    ours = classification_figures(samples).top
    for k, value in enumerate(ours, start=1):
        theirs = metrics.top_k_accuracy_score(samples.truth, samples.scores, k=k, labels=range(8))
        assert value == pytest.approx(theirs, abs=TOLERANCE)


def test_the_roc_curve_encloses_scikit_learns_area() -> None:
    samples = drawn(7, images=300, labels=3, grid=20)
    for label in range(3):
        false, true, _ = roc_curve(samples, label)
        theirs = metrics.roc_curve(samples.truth == label, samples.scores[:, label])
        area = metrics.auc(np.append(0, false), np.append(0, true))
        assert area == pytest.approx(metrics.auc(theirs[0], theirs[1]), abs=TOLERANCE)


def test_calibration_agrees_with_torchmetrics() -> None:
    torch = pytest.importorskip("torch")
    from torchmetrics.functional.classification import multiclass_calibration_error

    for seed in range(5):
        samples = drawn(seed, images=500, labels=6)
        theirs = multiclass_calibration_error(
            torch.tensor(samples.scores), torch.tensor(samples.truth), num_classes=6, n_bins=15
        )
        ours = classification_figures(samples).calibration_error
        assert ours == pytest.approx(float(theirs), abs=1e-6)
