import numpy as np
import pytest

from services.trainer.domain.detector.augmentation import draw, mosaic, view
from services.trainer.domain.detector.batches import collate, ignored_pixels
from services.trainer.domain.detector.points import anchor_points
from services.trainer.domain.detector.samples import Sample, Truth, cut_samples
from services.trainer.domain.training.augmentation import NONE, Augmentation
from shared.runtime.preprocess import fill_input
from shared.vision.boxes import as_boxes
from shared.vision.tiles import TilePlan, Window
from tests.unit.trainer.pictures import picture, samples

STILL = Augmentation(brightness=0, contrast=0, colour=0)


def white_box(size=(96, 64), box=(20, 10, 50, 30)) -> Sample:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    image[box[1] : box[3], box[0] : box[2]] = 255
    return Sample(image, as_boxes([box]), np.array([0]))


@pytest.mark.parametrize("seed", range(12))
def test_boxes_follow_the_pixels(seed):
    shown = view(white_box(), (96, 64), STILL, np.random.default_rng(seed))
    white = np.argwhere(shown.image[..., 0] > 128)
    if len(shown.boxes_xyxy) == 0:
        assert len(white) < 0.5 * 30 * 20 * 1.3**2
        return
    y1, x1 = white.min(0)
    y2, x2 = white.max(0) + 1
    np.testing.assert_allclose(shown.boxes_xyxy[0], [x1, y1, x2, y2], atol=1.0)


def test_without_augmentation_a_view_is_what_the_predictor_shows_the_model():
    image, truth = picture(5, size=(200, 150))
    (sample,) = cut_samples(image, truth, TilePlan().windows(200, 150), (128, 128))
    slot = np.empty((128, 128, 3), np.uint8)
    fill_input(image, slot, "letterbox", 114)
    shown = view(sample, (128, 128), NONE, np.random.default_rng(0))
    np.testing.assert_array_equal(shown.image, slot)


def test_a_target_mostly_out_of_view_becomes_an_ignore_region():
    sample = white_box(box=(0, 10, 40, 30))
    moved = Augmentation(
        flip_horizontal=0, flip_vertical=0, zoom=(3, 3), shift=0, brightness=0, contrast=0, colour=0
    )
    kinds = set()
    for seed in range(40):
        shown = view(sample, (96, 64), moved, np.random.default_rng(seed))
        kinds.add((len(shown.labels), len(shown.ignored)))
    assert (0, 1) in kinds
    assert (1, 0) in kinds


def test_a_mosaic_keeps_its_parts_apart():
    parts = samples(4)
    shown = mosaic(parts, (96, 96), STILL, np.random.default_rng(3))
    assert shown.image.shape == (96, 96, 3)
    assert len(shown.labels) == len(shown.boxes_xyxy) >= 1
    assert (shown.boxes_xyxy >= 0).all()
    assert (shown.boxes_xyxy <= 96).all()


def test_the_same_seed_draws_the_same_view():
    found = [
        draw(
            0,
            samples(4).__getitem__,
            4,
            size=(96, 96),
            settings=Augmentation(mosaic=0.5),
            rng=np.random.default_rng(9),
        )
        for _ in range(2)
    ]
    np.testing.assert_array_equal(found[0].image, found[1].image)
    np.testing.assert_array_equal(found[0].boxes_xyxy, found[1].boxes_xyxy)


def test_zero_area_boxes_of_the_labels_are_left_out():
    truth = Truth(as_boxes([[5, 5, 5, 5], [10, 10, 30, 30]]), np.array([0, 1]))
    image = np.zeros((64, 64, 3), np.uint8)
    (sample,) = cut_samples(image, truth, TilePlan().windows(64, 64), (64, 64))
    assert sample.labels.tolist() == [1]


def test_targets_cut_by_a_window_become_ignore_regions_below_half():
    truth = Truth(as_boxes([[50, 10, 90, 30], [60, 40, 72, 60]]), np.array([0, 1]))
    image = np.zeros((64, 128, 3), np.uint8)
    left, right = cut_samples(
        image, truth, [Window(0, 0, 0, 0, 64, 64), Window(0, 1, 64, 0, 64, 64)], (64, 64)
    )
    assert (left.labels.tolist(), len(left.ignored)) == ([], 2)
    assert (right.labels.tolist(), len(right.ignored)) == ([0, 1], 0)


def test_points_inside_ignore_polygons_are_marked():
    polygon = np.array([[0, 0], [32, 0], [32, 64], [0, 64]], np.float32)
    sample = Sample(np.zeros((64, 64, 3), np.uint8), as_boxes([]), np.zeros(0, "i8"), (polygon,))
    points, _ = anchor_points((64, 64), (8, 16, 32))
    batch = collate([sample], points)
    assert ignored_pixels(sample)[:, :32].all()
    np.testing.assert_array_equal(batch.targets.ignored_points[0], points[:, 0] <= 32)


def test_a_batch_of_negatives_has_no_targets():
    sample = Sample(np.zeros((64, 64, 3), np.uint8), as_boxes([]), np.zeros(0, "i8"))
    batch = collate([sample, sample], anchor_points((64, 64), (8,))[0])
    assert batch.targets.boxes_xyxy.shape == (2, 0, 4)
