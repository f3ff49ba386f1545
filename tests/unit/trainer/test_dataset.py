from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from services.trainer.domain.detector.samples import TargetMask
from services.trainer.domain.detector.truths import truth_of
from services.trainer.domain.networks.backbones import build_backbone
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.detection.builder import DETECTION_BUILDER
from services.trainer.domain.training.ports import NothingToTrain
from services.trainer.domain.training.sampling import EpochSampler
from services.trainer.process.dataset import (
    MixedPlans,
    Source,
    UnreadableImage,
    load_dataset,
    read_image,
    spilt,
)
from shared.contracts.shapes import IgnoreRegion, Shape
from shared.contracts.snapshot import SnapshotImage, TilePlanSpec
from shared.vision.tiles import TilePlan
from tests.unit.trainer.pictures import samples, write_snapshot


def snapshot_image(*shapes: Shape, regions=()) -> SnapshotImage:
    return SnapshotImage(
        image_id="I", name="i.png", blob_key="t/d/a", width=100, height=100, split="train",
        group="g", shapes=shapes, ignore_regions=regions,
    )  # fmt: skip


def loaded(snapshot, files, folder):
    source = Source(
        snapshot=snapshot, files=files, cache_bytes=1 << 30, spill=folder / "windows.bin"
    )
    return load_dataset(source, Recipe(), DETECTION_BUILDER)


def test_test_images_never_train_and_val_images_do(tmp_path):
    snapshot, files = write_snapshot(tmp_path, "ttvnee")
    data = loaded(snapshot, files, tmp_path)
    assert len(data.windows) == 4
    assert [image.image_id for image in data.judged] == ["I004", "I005"]
    assert [len(sample.labels) for sample in data.windows] == [2, 2, 2, 0]


GRID = TilePlan(grid=(2, 2))


def tiled(snapshot, *, tiles_of=GRID, named=GRID):
    return snapshot.model_copy(
        update={
            "tile_plan": TilePlanSpec.model_validate(GRID.to_json()),
            "tile_plan_hash": named.hash,
            "images": tuple(
                image.model_copy(update={"plan_hash": tiles_of.hash}) for image in snapshot.images
            ),
        }
    )


def test_tiles_are_not_cut_again_by_the_plan_that_cut_them(tmp_path):
    snapshot, files = write_snapshot(tmp_path, "tte")
    data = loaded(tiled(snapshot), files, tmp_path)
    assert len(data.windows) == 2
    assert data.plan.tile_plan.is_whole
    assert data.input_plan == GRID


@pytest.mark.parametrize(
    "changes", [{"tiles_of": TilePlan(grid=(2, 3))}, {"named": TilePlan(grid=(2, 3))}]
)
def test_tiles_of_another_plan_never_train(tmp_path, changes):
    snapshot, files = write_snapshot(tmp_path, "tte")
    mixed = tiled(snapshot, **changes)
    with pytest.raises(MixedPlans, match="tile plan"):
        loaded(mixed, files, tmp_path)


@pytest.mark.parametrize(
    ("splits", "words"), [("ee", "no annotated image"), ("nne", "annotated target")]
)
def test_a_snapshot_that_cannot_train_is_refused_in_words(tmp_path, splits, words):
    snapshot, files = write_snapshot(tmp_path, splits)
    with pytest.raises(NothingToTrain, match=words):
        loaded(snapshot, files, tmp_path)


def test_a_snapshot_without_labels_is_refused_in_words(tmp_path):
    snapshot, files = write_snapshot(tmp_path, "tt")
    bare = snapshot.model_copy(update={"labels": ()})
    with pytest.raises(NothingToTrain, match="no label"):
        loaded(bare, files, tmp_path)


def test_what_does_not_fit_in_memory_lies_in_a_file_with_the_same_pixels(tmp_path):
    data = samples(6)
    found = spilt(iter(data), 2 * data[0].image.nbytes, tmp_path / "spill")
    assert (tmp_path / "spill").stat().st_size == 4 * data[0].image.nbytes
    for mine, expected in zip(found, data, strict=True):
        np.testing.assert_array_equal(mine.image, expected.image)
        np.testing.assert_array_equal(mine.boxes_xyxy, expected.boxes_xyxy)


def test_the_pixels_of_masks_count_as_an_images_do_and_lie_in_the_same_file(tmp_path):
    mask = TargetMask(2, 3, np.arange(12, dtype=np.uint8).reshape(3, 4))
    heavy = TargetMask(0, 0, np.full(samples(1)[0].image.shape[:2], 255, np.uint8))
    data = [
        replace(one, boxes_xyxy=np.ones((2, 4)), labels=np.zeros(2), masks=(mask, heavy))
        for one in samples(3)
    ]
    found = spilt(iter(data), 2 * data[0].image.nbytes, tmp_path / "spill")
    each = data[0].image.nbytes + mask.pixels.nbytes + heavy.pixels.nbytes
    assert (tmp_path / "spill").stat().st_size == 2 * each
    for mine, expected in zip(found, data, strict=True):
        np.testing.assert_array_equal(mine.image, expected.image)
        for one, other in zip(mine.masks, expected.masks, strict=True):
            assert (one.x, one.y) == (other.x, other.y)
            np.testing.assert_array_equal(one.pixels, other.pixels)


def test_every_shape_with_a_place_teaches_by_its_upright_box():
    image = snapshot_image(
        Shape(label="a", kind="box", points=((10, 20), (30, 40))),
        Shape(label="b", kind="polygon", points=((0, 0), (10, 0), (5, 8))),
        Shape(label="a", kind="rotated_box", points=((40, 40), (60, 50)), angle=90),
        Shape(label="unknown", kind="box", points=((1, 1), (2, 2))),
        Shape(label="a", kind="image"),
        regions=(IgnoreRegion(points=((0, 0), (5, 0), (5, 5))),),
    )
    truth = truth_of(image, ("a", "b"))
    expected = [[10, 20, 30, 40], [0, 0, 10, 8], [45, 35, 55, 55]]
    np.testing.assert_allclose(truth.boxes_xyxy, expected, atol=1e-4)
    assert truth.labels.tolist() == [0, 1, 0]
    assert len(truth.ignored) == 1


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp"])
def test_grey_and_colour_files_are_read_as_rgb(tmp_path, suffix):
    colour = np.zeros((40, 50, 3), np.uint8)
    colour[..., 2] = 200  # red, in OpenCV's order
    for name, pixels in (("c", colour), ("g", colour[..., 2])):
        assert cv2.imwrite(str(tmp_path / f"{name}.{suffix}"), pixels)
    red = read_image(tmp_path / f"c.{suffix}", "c")
    grey = read_image(tmp_path / f"g.{suffix}", "g")
    assert red.shape == grey.shape == (40, 50, 3)
    assert red[0, 0, 0] > 180 > 60 > red[0, 0, 2]
    assert abs(int(grey[0, 0, 0]) - int(grey[0, 0, 2])) <= 1


@pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff\xe0 broken"])
def test_what_is_no_image_is_named(tmp_path, data):
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(UnreadableImage, match=r"part-17\.jpg"):
        read_image(path, "part-17.jpg")


def test_weights_of_another_network_are_refused():
    with pytest.raises(ValueError, match="do not fit the backbone"):
        build_backbone("mobilenet_v2", {"conv1.weight": torch.zeros(1)})


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_other_backbones_have_the_same_four_strides(name):
    backbone = build_backbone(name, None).eval()
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, 64, 64))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (channels, 64 // stride, 64 // stride)
        for channels, stride in zip(backbone.channels, (4, 8, 16, 32), strict=True)
    ]


def test_an_epoch_shows_every_window_with_targets_and_half_as_many_without():
    has_targets = [index % 3 == 0 for index in range(30)]
    sampler = EpochSampler(has_targets)
    orders = [sampler.order(np.random.default_rng(seed)).tolist() for seed in range(5)]
    for order in orders:
        assert len(order) == len(set(order)) == sampler.count == 15
        assert {index for index in order if has_targets[index]} == set(range(0, 30, 3))
    assert len({index for order in orders for index in order}) > 20, "others each epoch"
    assert EpochSampler([False, False]).count == 1
    with pytest.raises(ValueError, match="at least one window"):
        EpochSampler([])
