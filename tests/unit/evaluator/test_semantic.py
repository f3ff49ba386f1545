"""Semantic figures on maps small enough to count by hand."""

import numpy as np
import pytest

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.pixels.tally import IGNORED, SemanticTally


def test_two_squares_one_found() -> None:
    truth, found = np.zeros((20, 20), np.uint8), np.zeros((20, 20), np.uint8)
    truth[2:6, 2:6] = truth[12:16, 12:16] = 1
    found[2:6, 2:6] = 1
    tally = SemanticTally(labels=2)
    tally.add(truth, found)
    figures = tally.figures()
    assert figures.iou.tolist() == pytest.approx([368 / 384, 0.5])
    assert figures.dice[1] == pytest.approx(2 / 3)
    assert figures.pixel_accuracy == pytest.approx(384 / 400)
    assert figures.objects.found.tolist() == [0, 1]
    assert figures.objects.missed.tolist() == [0, 1]
    assert figures.objects.wrong.tolist() == [0, 0]
    assert figures.boundary_f[1] == pytest.approx(2 / 3)


def test_a_perfect_prediction_is_one_everywhere() -> None:
    r = np.random.default_rng(0)
    truth = np.kron(r.integers(0, 3, (5, 5)), np.ones((6, 6))).astype(np.uint8)
    tally = SemanticTally(labels=3)
    tally.add(truth, truth)
    figures = tally.figures()
    assert figures.mean_iou == figures.mean_dice == figures.pixel_accuracy == 1.0
    assert figures.boundary_f.tolist() == [1.0, 1.0, 1.0]
    assert figures.objects.missed.sum() == figures.objects.wrong.sum() == 0


def test_ignored_pixels_count_for_nothing() -> None:
    truth, found = np.zeros((4, 4), np.uint8), np.ones((4, 4), np.uint8)
    truth[:] = IGNORED
    tally = SemanticTally(labels=2)
    tally.add(truth, found)
    assert np.isnan(tally.figures().mean_iou)
    assert not tally.figures().matrix.any()


def test_images_add_up() -> None:
    r = np.random.default_rng(1)
    one, two = SemanticTally(labels=3), SemanticTally(labels=3)
    maps = [(r.integers(0, 3, (9, 9)).astype(np.uint8),) * 2 for _ in range(3)]
    for truth, found in maps:
        one.add(truth, found)
    two.add(np.concatenate([m[0] for m in maps]), np.concatenate([m[1] for m in maps]))
    np.testing.assert_array_equal(one.figures().matrix, two.figures().matrix)


@pytest.mark.parametrize(
    ("truth", "found"),
    [
        (np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8)),
        (np.full((2, 2), 7, np.uint8), np.zeros((2, 2), np.uint8)),
        (np.zeros((2, 2), np.uint8), np.full((2, 2), 7, np.uint8)),
    ],
)
def test_maps_that_do_not_fit_are_refused(truth: np.ndarray, found: np.ndarray) -> None:
    with pytest.raises(BadSamples):
        SemanticTally(labels=2).add(truth, found)


def test_an_empty_tally_is_undefined() -> None:
    assert np.isnan(SemanticTally(labels=2).figures().mean_iou)
    with pytest.raises(BadSamples):
        SemanticTally(labels=0)
