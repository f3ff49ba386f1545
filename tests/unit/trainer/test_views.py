"""Random views: the pixels and what is drawn on them go the same way, and no further than asked."""

import cv2
import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as transforms

from services.trainer.domain.augmentation_choice import AugmentationChoice
from services.trainer.domain.detector.augmentation import view
from services.trainer.domain.detector.batches import ignored_pixels
from services.trainer.domain.detector.samples import WHOLE, Sample, TargetMask, cut_samples
from services.trainer.domain.detector.truths import truth_of
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.classification import samples as classified
from services.trainer.domain.tasks.classification.network import ClassifierShape
from services.trainer.domain.tasks.classification.training import ClassificationTraining
from services.trainer.domain.tasks.semantic_segmentation import samples as segmented
from services.trainer.domain.tasks.semantic_segmentation.loss import TARGET_PX
from services.trainer.domain.tasks.semantic_segmentation.views import view as labelled_view
from services.trainer.domain.training.appearance import changed, colour_matrix
from services.trainer.domain.training.augmentation import NONE, Augmentation, settings_of
from services.trainer.domain.training.views import view_matrix
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.vision.boxes import as_boxes
from shared.vision.tiles import TilePlan, Window

SIZE = (128, 96)
TURNING = Augmentation(
    quarter_turns=True,
    rotation=30,
    zoom=(0.7, 1.1),
    shift=0.05,
    brightness=0,
    contrast=0,
    colour=0,
)
MIDDLE, SIDES = (60.0, 50.0), (44.0, 20.0)
SEEDS = range(24)


def corners(angle: float) -> np.ndarray:
    """A rectangle turned clockwise about its middle, its corners one by one, in plain numbers."""
    turned = []
    for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y = dx * SIDES[0] / 2, dy * SIDES[1] / 2
        cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        turned.append((MIDDLE[0] + x * cosine - y * sine, MIDDLE[1] + x * sine + y * cosine))
    return np.array(turned)


def painted(outline: np.ndarray) -> np.ndarray:
    """White inside an outline, black elsewhere; of edge pixels as much as is inside."""
    fine = np.zeros((SIZE[1] * 8, SIZE[0] * 8), np.uint8)
    cv2.fillPoly(fine, [np.round(outline * 8 - 0.5).astype(np.int32)], (255,))
    shown = cv2.resize(fine, SIZE, interpolation=cv2.INTER_AREA)
    return np.repeat(shown[..., None], 3, axis=2)


def white(image: np.ndarray) -> np.ndarray:
    """Where a view is white; what pads it is grey."""
    return image[..., 0] > 160


def around(pixels: np.ndarray) -> list[int]:
    rows, columns = np.nonzero(pixels)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / max((one | other).sum(), 1))


def sample_of(shape: Shape, image: np.ndarray) -> Sample:
    wanted = SnapshotImage(
        image_id="I", name="i.png", blob_key="b", width=SIZE[0], height=SIZE[1],
        split="train", group="1", shapes=(shape,),
    )  # fmt: skip
    (sample,) = cut_samples(image, truth_of(wanted, ("a",)), TilePlan().windows(*SIZE), SIZE)
    return sample


def drawn_box(angle: float | None) -> Shape:
    (x, y), (wide, tall) = MIDDLE, SIDES
    points = ((x - wide / 2, y - tall / 2), (x + wide / 2, y + tall / 2))
    kind = "box" if angle is None else "rotated_box"
    return Shape(label="a", kind=kind, points=points, angle=angle)


@pytest.mark.parametrize("angle", [None, 25.0, -70.0], ids=["box", "turned", "turned far"])
def test_the_box_in_a_turned_view_lies_around_the_targets_pixels(angle):
    sample = sample_of(drawn_box(angle), painted(corners(angle or 0.0)))
    whole = 0
    for seed in SEEDS:
        shown = view(sample, SIZE, TURNING, np.random.default_rng(seed))
        pixels = white(shown.image)
        if len(shown.labels):
            np.testing.assert_allclose(shown.boxes_xyxy[0], around(pixels), atol=1.6)
            whole += 1
        else:
            assert len(shown.ignored) == bool(pixels.any())
    assert whole > len(SEEDS) / 2


def test_a_polygon_that_a_window_cuts_keeps_to_the_part_that_is_seen():
    outline = np.array([(40, 20), (100, 50), (40, 80)], np.float64)
    shape = Shape(label="a", kind="polygon", points=tuple(map(tuple, outline.tolist())))
    wanted = SnapshotImage(
        image_id="I", name="i.png", blob_key="b", width=SIZE[0], height=SIZE[1],
        split="train", group="1", shapes=(shape,),
    )  # fmt: skip
    part = Window(0, 0, 0, 0, 80, 96)
    (sample,) = cut_samples(painted(outline), truth_of(wanted, ("a",)), [part], (80, 96))
    for seed in SEEDS:
        shown = view(sample, (80, 96), TURNING, np.random.default_rng(seed))
        if len(shown.labels):
            np.testing.assert_allclose(shown.boxes_xyxy[0], around(white(shown.image)), atol=1.6)


@pytest.mark.parametrize("seed", SEEDS)
def test_masks_labels_and_ignore_regions_turn_with_the_pixels(seed):
    outline = corners(25.0)
    image = painted(outline)
    x1, y1, x2, y2 = around(image[..., 0] > 0)
    mask = TargetMask(x1, y1, np.ascontiguousarray(image[y1:y2, x1:x2, 0]))
    sample = Sample(
        image,
        as_boxes([(x1, y1, x2, y2)]),
        np.array([0]),
        (outline.astype(np.float32),),
        (mask,),
    )
    shown = view(sample, SIZE, TURNING, np.random.default_rng(seed))
    pixels = white(shown.image)
    ignored = Sample(shown.image, shown.boxes_xyxy, shown.labels, shown.ignored[:1])
    assert overlap(ignored_pixels(ignored), pixels) > 0.75  # whole pixels, its edge counted in
    if len(shown.labels):
        assert overlap(shown.masks[0].within(SIZE) > WHOLE // 2, pixels) > 0.93
        np.testing.assert_allclose(shown.boxes_xyxy[0], around(pixels), atol=1.6)
    labels = (image[..., 0] > 127).astype(np.uint8)
    seen, found = labelled_view(
        segmented.Sample(image, labels), SIZE, TURNING, np.random.default_rng(seed)
    )
    np.testing.assert_array_equal(seen, shown.image)
    coarse = cv2.resize(seen, (SIZE[0] // TARGET_PX, SIZE[1] // TARGET_PX)) > 160
    assert overlap(found == 1, coarse[..., 0]) > 0.85


def test_a_thin_line_stays_whole_where_its_mask_is_turned_and_shrunk():
    line = TargetMask(20, 48, np.full((1, 90), WHOLE, np.uint8))
    turn = np.radians(30)
    matrix = 0.6 * np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0]])
    matrix[:, 2] = 60, 0
    moved = line.moved(matrix, SIZE)
    columns = moved.within(SIZE).astype(float).sum(axis=0)
    inside = columns[columns > 0][2:-2]
    assert len(inside) > 90 * 0.6 * np.cos(turn) - 8
    np.testing.assert_allclose(inside, 0.6 * WHOLE / np.cos(turn), rtol=0.25)


def test_quarter_turns_are_exactly_those_of_the_picture():
    rng = np.random.default_rng(5)
    image = rng.integers(0, 256, (64, 64, 3), np.uint8)
    settings = settings_of(AugmentationChoice(preset="none", quarter_turns=True), Augmentation())
    sample = Sample(image, as_boxes([(8, 16, 24, 40)]), np.array([0]))
    marked = np.zeros((64, 64), np.bool_)
    marked[16:40, 8:24] = True
    turns = [np.rot90(image, count) for count in range(4)]
    seen = set()
    for seed in range(20):
        shown = view(sample, (64, 64), settings, np.random.default_rng(seed))
        (count,) = (c for c, one in enumerate(turns) if np.array_equal(one, shown.image))
        assert shown.boxes_xyxy[0].tolist() == around(np.rot90(marked, count))
        seen.add(count)
    assert seen == {0, 1, 2, 3}


def test_an_image_turned_by_a_quarter_lies_whole_in_an_input_of_its_shape():
    settings = settings_of(AugmentationChoice(preset="none", quarter_turns=True), Augmentation())
    sample = sample_of(drawn_box(None), np.full((96, 128, 3), 255, np.uint8))
    areas = []
    for seed in range(12):
        shown = view(sample, SIZE, settings, np.random.default_rng(seed))
        assert len(shown.labels) == 1
        areas.append(white(shown.image).sum() / (SIZE[0] * SIZE[1]))
    assert {round(area, 1) for area in areas} == {1.0, 0.6}  # (96 / 128) ** 2


@pytest.mark.parametrize("task", ["classification", "detection"])
def test_what_must_not_be_mirrored_never_is(task):
    """Left is white in each picture; turned off, no view and no kept feature has it elsewhere."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, :28] = 255
    wish = AugmentationChoice(flip_horizontal=False, scale_min=1.0, scale_max=1.0, noise=0.02)
    if task == "detection":
        rng = np.random.default_rng(1)
        settings = settings_of(wish, Augmentation())
        sample = Sample(image, as_boxes([(0, 0, 28, 64)]), np.array([0]))
        shown = [view(sample, (64, 64), settings, rng).image for _ in range(40)]
    else:
        kinds = [classified.Sample(image // (1 + row % 2), row % 2, str(row)) for row in range(8)]
        recipe = Recipe(pretrained=False, augmentation=wish).of_task("classification")
        shape = ClassifierShape(labels=2, input_size=(64, 64), backbone="mobilenet_v2")
        task_ = ClassificationTraining(recipe, shape, kinds)
        task_.begin(task_.network, lambda _share: None)
        rngs = [np.random.default_rng(seed) for seed in range(40)]
        shown = list(task_.batch([0] * 40, rngs).images.numpy())
    lefts = [one[:, :10].mean() - one[:, -10:].mean() for one in shown]
    assert min(lefts) > 50


def test_by_itself_a_task_draws_what_it_always_drew():
    """Numbers of the release before recipes had an augmentation."""
    drawn = [
        view_matrix((96, 64), SIZE, Augmentation(), np.random.default_rng(seed)).round(6).tolist()
        for seed in (0, 1)
    ]
    assert drawn == [
        [[-1.064682, 0.0, 110.655467], [0.0, -1.064682, 95.616748]],
        [[0.993862, 0.0, 26.098616], [0.0, -0.993862, 83.611817]],
    ]
    rng = np.random.default_rng(0)
    pixels = changed(np.full((1, 1, 3), 100, np.uint8), Augmentation(), rng)
    assert (pixels.tolist(), round(rng.random(), 6)) == ([[[103, 103, 117]]], 0.912756)


def test_colours_change_as_torchvision_changes_them_and_grey_stays_grey():
    image = np.random.default_rng(2).integers(0, 256, (16, 16, 3), np.uint8)
    for strength in (0.0, 0.5, 1.4):
        mine = cv2.transform(image, colour_matrix(strength, 0.0))
        pixels = torch.from_numpy(image).permute(2, 0, 1)
        theirs = transforms.adjust_saturation(pixels, strength).permute(1, 2, 0).numpy()
        assert np.abs(mine.astype(int) - theirs).max() <= 1
    turned = cv2.transform(image, colour_matrix(1.0, 1 / 3))
    np.testing.assert_array_equal(turned, image[..., [2, 0, 1]])
    grey = np.full((4, 4, 3), 77, np.uint8)
    np.testing.assert_array_equal(cv2.transform(grey, colour_matrix(0.3, 0.2)), grey)


def test_blur_and_noise_are_as_strong_as_asked_at_most():
    flat = np.full((64, 64, 3), 128, np.uint8)
    noisy = [
        changed(
            flat,
            settings_of(AugmentationChoice(preset="none", noise=0.1), NONE),
            np.random.default_rng(seed),
        ).std()
        for seed in range(30)
    ]
    assert 20 < max(noisy) < 27
    assert min(noisy) < 8
    edge = flat.copy()
    edge[:, :32] = 28
    blurs = settings_of(AugmentationChoice(preset="none", blur=2.0), NONE)
    steps = [
        np.abs(np.diff(changed(edge, blurs, np.random.default_rng(seed))[32, :, 0].astype(int)))
        for seed in range(30)
    ]
    assert {int(step.sum()) for step in steps} == {100}
    assert min(step.max() for step in steps) < 30
    assert max(step.max() for step in steps) > 90


def test_a_preset_holds_but_for_what_is_set_beside_it():
    strong = settings_of(AugmentationChoice(preset="strong"), NONE)
    less = settings_of(AugmentationChoice(preset="strong", rotation=3, scale_max=1.0), NONE)
    assert (less.rotation, less.zoom) == (3, (strong.zoom[0], 1.0))
    assert less.noise == strong.noise > 0
    assert settings_of(AugmentationChoice(preset="none"), Augmentation()) == NONE
