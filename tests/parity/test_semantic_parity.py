"""Pixel figures are those of scikit-learn and torchmetrics on random label maps."""

import hotcoco
import numpy as np
import pytest
import torch
from sklearn import metrics
from torchmetrics.functional.segmentation import dice_score
from vernier import semantic

from services.evaluator.domain.pixels.tally import IGNORED, SemanticTally


def maps(seed: int, *, labels: int) -> tuple[np.ndarray, np.ndarray]:
    r = np.random.default_rng(seed)
    blocks = r.integers(0, labels, (8, 9)).astype(np.uint8)
    truth = np.kron(blocks, np.ones((6, 5), np.uint8))
    noisy = r.random(truth.shape) < 0.2
    found = np.where(noisy, r.integers(0, labels, truth.shape), truth).astype(np.uint8)
    return truth, found


@pytest.mark.parametrize("seed", range(5))
def test_iou_and_accuracy_agree_with_scikit_learn(seed: int) -> None:
    tally = SemanticTally(labels=4)
    truths, founds = [], []
    for image in range(3):
        truth, found = maps(seed * 10 + image, labels=4)
        truth[:2] = IGNORED
        tally.add(truth, found)
        truths.append(truth[2:].ravel())
        founds.append(found[2:].ravel())
    truth, found = np.concatenate(truths), np.concatenate(founds)
    figures = tally.figures()
    np.testing.assert_array_equal(
        figures.matrix, metrics.confusion_matrix(truth, found, labels=range(4))
    )
    theirs = metrics.jaccard_score(truth, found, labels=range(4), average=None)
    np.testing.assert_allclose(figures.iou, theirs, atol=1e-12)
    assert figures.mean_iou == pytest.approx(theirs.mean(), abs=1e-12)
    accuracy = metrics.accuracy_score(truth, found)
    assert figures.pixel_accuracy == pytest.approx(accuracy, abs=1e-12)


def test_dice_agrees_with_torchmetrics() -> None:
    truth, found = maps(5, labels=3)
    tally = SemanticTally(labels=3)
    tally.add(truth, found)
    theirs = dice_score(
        torch.tensor(found[None].astype(np.int64)),
        torch.tensor(truth[None].astype(np.int64)),
        num_classes=3,
        average="none",
        input_format="index",
    )
    np.testing.assert_allclose(tally.figures().dice, theirs[0].numpy(), atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_hotcoco_and_vernier_find_the_same_iou(seed: int) -> None:
    tally = SemanticTally(labels=4)
    truths, founds = {}, {}
    other = hotcoco.semantic.SemanticEval(4, ignore_index=IGNORED)
    for image in range(3):
        truth, found = maps(seed * 10 + image, labels=4)
        truth[:2] = IGNORED
        tally.add(truth, found)
        other.update(truth, found)
        truths[image], founds[image] = truth, found
    figures = tally.figures()
    dataset = semantic.Dataset.from_arrays(truths, n_classes=4, ignore_label=IGNORED)
    summary = semantic.Evaluator().evaluate(dataset, semantic.Predictions.from_arrays(founds))
    assert figures.mean_iou == pytest.approx(summary.miou, abs=1e-12)
    assert figures.pixel_accuracy == pytest.approx(summary.pixel_accuracy, abs=1e-12)
    assert figures.mean_iou == pytest.approx(other.results()["mIoU"], abs=1e-12)
