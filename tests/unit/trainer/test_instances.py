"""Instance segmentation in training: truths, views, what costs nothing, masks that are learnt."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

from services.trainer.domain.detector.augmentation import view
from services.trainer.domain.detector.loss import assigned_loss
from services.trainer.domain.detector.network import DetectorShape
from services.trainer.domain.detector.samples import Sample, TargetMask, averaged
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.instance_segmentation.batches import collate_masks
from services.trainer.domain.tasks.instance_segmentation.builder import INSTANCE_BUILDER
from services.trainer.domain.tasks.instance_segmentation.loss import (
    MOST_MASKS,
    InstanceLosses,
    instance_loss,
)
from services.trainer.domain.tasks.instance_segmentation.network import (
    ExportableInstances,
    InstanceSegmenter,
    RawInstances,
)
from services.trainer.domain.tasks.instance_segmentation.samples import cut_samples
from services.trainer.domain.tasks.instance_segmentation.training import InstanceTraining
from services.trainer.domain.tasks.instance_segmentation.truths import truth_of
from services.trainer.domain.training.augmentation import NONE, Augmentation
from services.trainer.domain.training.checkpoint import pack, restore
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.domain.training.ports import NothingToTrain
from services.trainer.process.weights import find_weights
from shared.contracts.shapes import IgnoreRegion, Rle, Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.manifest import ModelManifest
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.instance_segmentation import INSTANCE_SEGMENTATION
from shared.vision.masks import from_dense, from_text, to_dense, to_text
from shared.vision.tiles import TilePlan, Window
from tests.unit.trainer.marks import LABELS, SIZE, marked

TINY = Recipe(epochs=2, batch_size=4, channels=16, pretrained=False).of_task(
    "instance_segmentation"
)
SHAPE = DetectorShape(labels=2, input_size=SIZE, channels=16)


def picture(
    shapes: tuple[Shape, ...], size: tuple[int, int] = SIZE, ignored: tuple[IgnoreRegion, ...] = ()
) -> SnapshotImage:
    return SnapshotImage(
        image_id="I1", name="a.png", blob_key="t/default/" + "0" * 64, width=size[0],
        height=size[1], split="train", group="a", shapes=shapes, ignore_regions=ignored,
    )  # fmt: skip


def mask_of(pixels: np.ndarray, label: str = LABELS[0]) -> Shape:
    code = to_text(from_dense(pixels))
    return Shape(label=label, kind="mask", rle=Rle(size=pixels.shape, counts=code))


def sample(seed: int, *, empty: bool = False) -> Sample:
    image, truth = marked(seed, empty=empty)
    shapes = tuple(mask_of(truth == k, LABELS[k - 1]) for k in (1, 2) if (truth == k).any())
    windows = TilePlan().windows(*SIZE)
    (one,) = cut_samples(image, truth_of(picture(shapes), LABELS), windows, SIZE)
    return one


def bar(x1: int, y1: int, x2: int, y2: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    pixels = np.zeros((size[1], size[0]), np.bool_)
    pixels[y1:y2, x1:x2] = True
    return pixels


def test_each_object_has_the_box_around_its_pixels_and_empty_ones_fall_out() -> None:
    ring = ((10.0, 10.0), (30.0, 10.0), (30.0, 20.0), (10.0, 20.0))
    shapes = (
        Shape(label=LABELS[1], kind="polygon", points=ring),
        mask_of(bar(0, 0, 0, 0)),
        mask_of(bar(50, 5, 70, 9)),
        mask_of(bar(1, 1, 9, 9), "unknown"),
    )
    truth = truth_of(picture(shapes), LABELS)
    assert truth.boxes_xyxy.tolist() == [[10, 10, 30, 20], [50, 5, 70, 9]]
    assert truth.labels.tolist() == [1, 0]
    assert [int(code[1::2].sum()) for code in truth.codes] == [200, 80]


def test_a_window_shows_its_part_of_an_object_or_ignores_a_small_one() -> None:
    truth = truth_of(picture((mask_of(bar(40, 10, 80, 20)),)), LABELS)
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    left, right = Window(0, 0, 0, 0, 70, 60), Window(0, 1, 70, 0, 58, 60)
    shown, sliver = cut_samples(image, truth, [left, right], (140, 120))
    assert shown.boxes_xyxy.tolist() == [[80, 20, 140, 40]]
    np.testing.assert_array_equal(
        shown.masks[0].within((140, 120)), bar(80, 20, 140, 40, (140, 120)) * 255
    )
    assert (len(sliver.labels), sliver.masks) == (0, ())
    (polygon,) = sliver.ignored
    assert polygon.min(axis=0).tolist() == pytest.approx([0, 10 * 120 / 60])


@pytest.mark.parametrize("seed", range(6))
def test_masks_move_with_their_pixels(seed: int) -> None:
    one = sample(seed)
    same = view(one, SIZE, NONE, np.random.default_rng(0))
    for before, after in zip(one.masks, same.masks, strict=True):
        np.testing.assert_array_equal(before.within(SIZE), after.within(SIZE))
    dark = Augmentation(zoom=(0.7, 1.4), brightness=0, contrast=0, colour=0, mosaic=0)
    moved = view(one, (160, 128), dark, np.random.default_rng(seed))
    assert len(moved.masks) == len(moved.labels)
    base = np.median(moved.image[..., 0].astype(int))
    for mask, label, box in zip(moved.masks, moved.labels, moved.boxes_xyxy, strict=True):
        seen = mask.within((160, 128)) > 127
        bright = (moved.image[..., 0].astype(int) - base) * (1 if label == 0 else -1) > 35
        inside = np.zeros_like(seen)
        x1, y1, x2, y2 = box.round().astype(int)
        inside[y1:y2, x1:x2] = True
        assert (bright & inside & seen).sum() >= 0.85 * ((bright & inside) | seen).sum()


def test_half_pixels_of_a_thin_object_are_told_and_ignored_ones_are_not_counted() -> None:
    region = IgnoreRegion(points=((0, 0), (40, 0), (40, 30), (0, 30)))
    shapes = (mask_of(bar(50, 20, 90, 21)), mask_of(bar(60, 40, 64, 44), LABELS[1]))
    truth = truth_of(picture(shapes, ignored=(region,)), LABELS)
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    (one,) = cut_samples(image, truth, TilePlan().windows(*SIZE), SIZE)
    empty = sample(3, empty=True)
    batch = collate_masks([empty, one, one], InstanceTraining(TINY, SHAPE, [one])._points)
    assert batch.masks.starts.tolist() == [0, 0, 2]
    assert batch.masks.dense(range(4)).shape == (4, 48, 64)
    thin, square = batch.masks.dense(range(2)).numpy()
    assert set(np.unique(thin)) == {0, 128}
    assert (thin > 0).sum() == 20
    assert square[20:22, 30:32].tolist() == [[255, 255], [255, 255]]
    assert not batch.masks.counted[1][:15, :20].any()
    assert batch.masks.counted[1][17:, 22:].all()
    assert batch.masks.counted[0].all()


@pytest.mark.parametrize("at", range(6))
def test_a_crack_of_three_pixels_shrunk_six_times_is_a_faint_line_without_a_gap(at: int) -> None:
    """Also where it is shrunk again, as in a view."""
    size = (SIZE[0] * 6, SIZE[1] * 6)
    crack = bar(60, 30 * 6 + at, 660, 30 * 6 + at + 3, size)
    truth = truth_of(picture((mask_of(crack),), size), LABELS)
    image = np.zeros((size[1], size[0], 3), np.uint8)
    (one,) = cut_samples(image, truth, TilePlan().windows(*size), SIZE)
    seen = one.masks[0].within(SIZE)[:, 10:110]
    assert (seen.max(axis=0) >= 63).all()
    assert seen.sum() / 255 == pytest.approx(3 * 600 / 36, rel=0.01)
    smaller = one.masks[0].moved(np.array([[-0.7, 0, 120.0], [0, 0.7, 3.3]]), SIZE).within(SIZE)
    columns = np.flatnonzero(smaller.any(axis=0))
    assert len(columns) == columns[-1] - columns[0] + 1 == pytest.approx(70, abs=1)
    assert smaller.sum() / 255 == pytest.approx(0.49 * 3 * 600 / 36, rel=0.02)


@pytest.mark.parametrize("flip", [1, -1])
def test_averaging_is_the_mean_of_all_that_a_pixel_covers(flip: int) -> None:
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (9, 14)).astype(np.uint8)
    fine = np.zeros((200 * 9, 100 * 14), np.float64)  # each pixel as 200 by 100
    fine[:] = pixels.repeat(200, axis=0).repeat(100, axis=1)
    framed = np.pad(fine, ((200, 200), (100, 100)))
    across, down = np.array([-1, 0.25, 3.5, 3.75, 15]), np.array([-1, 2.125, 9.5])
    found = averaged(pixels, across[::flip], down)[:, ::flip]
    for row, column in np.ndindex(found.shape):
        part = framed[
            round(200 * (down[row] + 1)) : round(200 * (down[row + 1] + 1)),
            round(100 * (across[column] + 1)) : round(100 * (across[column + 1] + 1)),
        ]
        assert abs(found[row, column] - part.mean()) <= 0.51


def test_a_batch_of_very_many_objects_holds_their_patches_and_learns_few() -> None:
    one = sample(1)
    rng = np.random.default_rng(0)
    corners = np.stack([rng.integers(0, SIZE[0] - 8, 4000), rng.integers(0, SIZE[1] - 8, 4000)], 1)
    many = replace(
        one,
        boxes_xyxy=np.concatenate([corners, corners + 8], 1).astype(np.float32),
        labels=np.zeros(4000, np.int64),
        masks=tuple(TargetMask(x, y, np.full((8, 8), 255, np.uint8)) for x, y in corners.tolist()),
    )
    training = InstanceTraining(TINY, SHAPE, [one])
    tracemalloc.start()
    batch = collate_masks([many, many], training._points)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    dense = 8000 * SIZE[0] * SIZE[1] // 4
    assert held < dense / 8, f"{held} bytes where all pixels would take {dense}"
    assert len(batch.masks.patches) == 8000
    losses = InstanceLosses.of(TINY, "instance_segmentation")
    pixels = torch.zeros(2, 3, SIZE[1], SIZE[0])
    loss = instance_loss(training.network, training.network.instances(pixels), batch, losses)
    assert torch.isfinite(loss)


def test_a_target_without_a_pixel_in_view_teaches_its_box_and_no_mask() -> None:
    one = sample(1)
    nothing = replace(one, masks=tuple(_empty(mask) for mask in one.masks))
    training, raw, batch = learnt(nothing)
    losses = InstanceLosses.of(TINY, "instance_segmentation")
    loss = instance_loss(training.network, raw, batch, losses)
    (slope,) = torch.autograd.grad(loss, raw.prototypes)
    assert (slope == 0).all()


def _empty(mask: TargetMask) -> TargetMask:
    return replace(mask, pixels=np.zeros_like(mask.pixels))


def learnt(one: Sample, seed: int = 0) -> tuple[InstanceTraining, RawInstances, object]:
    training = InstanceTraining(TINY.model_copy(update={"seed": seed}), SHAPE, [one])
    batch = collate_masks([one], training._points)
    pixels = torch.randn(1, 3, SIZE[1], SIZE[0])
    return training, training.network.train().instances(pixels), batch


def test_pixels_in_ignore_regions_pull_at_nothing_to_the_last_bit() -> None:
    x1, y1, x2, y2 = (40, 30, 80, 70)
    region = IgnoreRegion(points=((x1, y1), (60, y1), (60, y2), (x1, y2)))
    truth = truth_of(picture((mask_of(bar(x1, y1, x2, y2)),), ignored=(region,)), LABELS)
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    (one,) = cut_samples(image, truth, TilePlan().windows(*SIZE), SIZE)
    training, raw, batch = learnt(one)
    losses = InstanceLosses.of(TINY, "instance_segmentation")
    prototypes = raw.prototypes.detach().requires_grad_(True)
    fixed = RawInstances(raw.found, raw.coefficients.detach(), prototypes)
    loss = instance_loss(training.network, fixed, batch, losses)
    (slope,) = torch.autograd.grad(loss, prototypes)
    inside = slope[0, :, y1 // 4 + 1 : y2 // 4 - 1, x1 // 4 + 1 : 60 // 4 - 1]
    assert (inside == 0).all()
    assert (slope[0, :, y1 // 4 : y2 // 4, 60 // 4 + 1 : x2 // 4] != 0).any()
    far = slope[0, :, :, : (x1 - 20) // 4 - 1]
    assert (far == 0).all(), "what lies far beyond the box is no business of its mask"
    other = prototypes.detach().clone()
    other[0, :, y1 // 4 + 1 : y2 // 4 - 1, x1 // 4 + 1 : 60 // 4 - 1] = 50.0
    changed = RawInstances(raw.found, raw.coefficients.detach(), other)
    assert instance_loss(training.network, changed, batch, losses).item() == loss.item()


def test_an_image_without_objects_teaches_its_detector_and_no_mask() -> None:
    training, raw, batch = learnt(sample(3, empty=True))
    loss = instance_loss(
        training.network, raw, batch, InstanceLosses.of(TINY, "instance_segmentation")
    )
    mix, planes = torch.autograd.grad(
        loss, [raw.coefficients, raw.prototypes], allow_unused=True, retain_graph=True
    )
    assert mix is None
    assert planes is None
    assert loss.item() > 0


def test_the_loss_of_a_mask_is_cross_entropy_and_dice_by_their_formulas() -> None:
    one = sample(1)
    x, y = (one.boxes_xyxy[0, :2] // 2 * 2 + 4).astype(int)
    corners = np.array([(x, y), (x + 5, y), (x + 5, y + 5), (x, y + 5)], np.float32)
    one = replace(one, ignored=(corners,))  # three cells of the first mask by three, at its edge
    counted = ~bar(x // 2, y // 2, x // 2 + 3, y // 2 + 3, (SIZE[0] // 2, SIZE[1] // 2))
    training, raw, batch = learnt(one)
    losses = InstanceLosses.of(TINY, "instance_segmentation")
    found, wished = assigned_loss(training.network, raw.found, batch.detection.targets, losses)
    points = wished.positive[0].nonzero()[:, 0].tolist()
    owners = wished.owners[0, points].tolist()
    assert set(owners) == {0, 1}
    assert len(points) <= MOST_MASKS
    prototypes = raw.prototypes[0].detach().double().numpy()
    expected = []
    for point, owner in zip(points, owners, strict=True):
        mix = raw.coefficients[0, point].detach().double().numpy()
        shares = 1 / (1 + np.exp(-_twice_as_fine(np.tensordot(mix, prototypes, 1))))
        seen = counted & _near(one.boxes_xyxy[owner])
        expected.append(_cross_entropy_and_dice(shares[seen], _cells(one.masks[owner])[seen]))
    loss = instance_loss(training.network, raw, batch, losses) - found
    assert loss.item() == pytest.approx(np.mean(expected), rel=1e-4)


def _twice_as_fine(plane: np.ndarray) -> np.ndarray:
    """Bilinear, between the middles of the cells."""
    for _ in range(2):
        middles = (np.arange(2 * len(plane)) + 0.5) / 2 - 0.5
        rows = np.arange(len(plane))
        plane = np.array([np.interp(middles, rows, column) for column in plane.T])
    return plane


def _near(box_xyxy: np.ndarray) -> np.ndarray:
    """Cells of two pixels with their middle in a box or no farther off than a quarter, or 8 px."""
    x1, y1, x2, y2 = box_xyxy.tolist()
    spare_x, spare_y = max((x2 - x1) / 4, 8), max((y2 - y1) / 4, 8)
    rows, columns = np.mgrid[1 : SIZE[1] : 2, 1 : SIZE[0] : 2]
    across = (columns > x1 - spare_x) & (columns < x2 + spare_x)
    return across & (rows > y1 - spare_y) & (rows < y2 + spare_y)


def _cells(mask: TargetMask) -> np.ndarray:
    """The share of each cell of two pixels that is the target's, in steps of 1 / 255."""
    pixels = mask.within(SIZE).astype(np.float64)
    quarters = [pixels[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    return np.floor(np.mean(quarters, axis=0) + 0.5) / 255


def _cross_entropy_and_dice(shares: np.ndarray, truth: np.ndarray) -> float:
    entropy = -(truth * np.log(shares) + (1 - truth) * np.log(1 - shares)).mean()
    overlap = (2 * (shares * truth).sum() + 1) / ((shares**2).sum() + (truth**2).sum() + 1)
    return float(entropy + 1 - overlap)


class Untranslated:
    """A network that answers as its exported model does, without the export."""

    def __init__(self, network: InstanceSegmenter) -> None:
        self._network = ExportableInstances(network).eval()

    def run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        with torch.inference_mode():
            said = self._network(torch.from_numpy(images))
        named = zip(INSTANCE_SEGMENTATION.output_names, said, strict=True)
        return {name: tensor.numpy() for name, tensor in named}


def test_a_short_training_from_the_detectors_start_finds_marks_and_their_pixels() -> None:
    recipe = Recipe(epochs=8, batch_size=4, learning_rate=3e-3).of_task("instance_segmentation")
    found = find_weights(recipe, folder=None)
    assert found.whole
    samples = [sample(seed, empty=seed % 8 == 7) for seed in range(24)]
    shape = DetectorShape(labels=2, input_size=SIZE)
    training = TrainingLoop(InstanceTraining(recipe, shape, samples, first=found.first), recipe)
    for _ in training.steps():
        pass
    facts = {"labels": LABELS, "input_width": SIZE[0], "input_height": SIZE[1]}
    manifest = ModelManifest(task="instance_segmentation", **facts)
    predictor = Predictor(manifest, Untranslated(training.result()))
    overlaps = []
    for seed in range(100, 108):
        image, truth = marked(seed)
        answer = list(predictor.predict(image).drawn())
        for label in (1, 2):
            own = truth == label
            masks = [
                to_dense(from_text(one.mask.counts), *one.mask.size)
                for one in answer
                if one.label_index == label - 1
            ]
            best = max(((m & own).sum() / (m | own).sum() for m in masks), default=0.0)
            overlaps.append(best)
    assert np.mean(overlaps) > 0.6, overlaps
    assert not list(predictor.predict(marked(207, empty=True)[0]).drawn())


def test_a_killed_training_resumes_as_if_nothing_had_happened() -> None:
    def loop() -> TrainingLoop:
        samples = [sample(seed, empty=seed % 4 == 3) for seed in range(8)]
        recipe = TINY.model_copy(update={"epochs": 3})
        return TrainingLoop(InstanceTraining(recipe, SHAPE, samples), recipe)

    straight, killed, resumed = loop(), loop(), loop()
    for _ in straight.steps():
        pass
    for progress in killed.steps():
        if progress.epoch_ended:
            break
    restore(resumed, pack(killed))
    assert resumed.epoch == 1
    for _ in resumed.steps():
        pass
    expected = straight.average.model.state_dict()
    found = resumed.average.model.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in found.items())


def test_nothing_to_learn_is_said() -> None:
    images = [picture(()), picture((mask_of(bar(0, 0, 0, 0)),))]
    with pytest.raises(NothingToTrain, match="target"):
        INSTANCE_BUILDER.prepare(TINY, images, LABELS, lambda _: marked(0)[0])
