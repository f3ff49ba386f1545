"""Semantic figures on maps small enough to count by hand."""

import numpy as np
import pytest

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.pixels.parts import MOST_IMAGES, MOST_PARTS
from services.evaluator.domain.pixels.tally import IGNORED, SemanticTally
from shared.vision.masks import from_text, to_dense


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


def test_errors_are_connected_parts_the_largest_image_first_and_each_drawn_as_it_is() -> None:
    truth, found = np.zeros((3, 20, 24), np.uint8), np.zeros((3, 20, 24), np.uint8)
    truth[0, 2:4, 2:4] = 1  # missed
    truth[0, 10:16, 10:16] = found[0, 10:16, 11:16] = 2  # found
    found[1, 4:9, 5:15] = 1  # false, and larger than what was missed
    truth[2] = found[2] = 1
    tally = SemanticTally(labels=3)
    for pair in zip(truth, found, strict=True):
        tally.add(*pair)
    assert [image.place for image in tally.errors] == [1, 0]
    (false,), (missed, correct) = (image.parts for image in tally.errors)
    assert (false.kind, false.label, false.area, false.box) == ("false", 1, 50, (5, 4, 15, 9))
    assert (missed.kind, missed.label, missed.box) == ("missed", 1, (2, 2, 4, 4))
    assert (correct.kind, correct.label) == ("correct", 2)
    for part, mask in (
        (false, found[1] == 1),
        (missed, truth[0] == 1),
        (correct, found[0] == 2),
    ):
        assert part.rle is not None
        np.testing.assert_array_equal(to_dense(from_text(part.rle.counts), 20, 24), mask)


def test_only_so_many_errors_are_kept_the_largest() -> None:
    tally = SemanticTally(labels=2)
    for side in [*range(1, MOST_IMAGES + 1), 3]:
        found = np.zeros((1, 2 * MOST_IMAGES), np.uint8)
        found[0, :side] = 1
        tally.add(np.zeros_like(found), found)
    kept = [image.parts[0].area for image in tally.errors]
    assert kept == sorted([*range(2, MOST_IMAGES + 1), 3], reverse=True)

    many, tally = np.zeros((2, 4 * MOST_PARTS), np.uint8), SemanticTally(labels=2)
    many[0, ::2] = 1
    many[1, 8] = 1
    tally.add(np.zeros_like(many), many)
    (image,) = tally.errors
    assert [part.area for part in image.parts] == [2, *[1] * (MOST_PARTS - 1)]


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
