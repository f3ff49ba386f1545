"""Pixels of semantic segmentation: labels, connected parts, windows put together, stored masks."""

import numpy as np
import pytest
from scipy import ndimage

from shared.runtime.manifest import ModelManifest
from shared.runtime.placement import place
from shared.runtime.predictor import Predictor
from shared.runtime.segmentation import Segmentation, joined
from shared.runtime.tasks.semantic_segmentation import decode, in_window, select
from shared.runtime.tasks.spec import View
from shared.vision.masks import from_text, to_dense
from shared.vision.tiles import TilePlan, Window

LABELS = ("a", "b")
MANIFEST = ModelManifest(
    task="semantic_segmentation", labels=LABELS, input_width=32, input_height=24, score_floor=0.0
)


def blobs(seed: int, *, height: int = 40, width: int = 52, labels: int = 2) -> np.ndarray:
    """Scores of smooth spots, ``(C, H, W)``; they add up to at most 1."""
    noise = np.random.default_rng(seed).normal(size=(labels + 1, height, width))
    smooth = np.stack([ndimage.gaussian_filter(one, 2) for one in noise]) * 8
    shares = np.exp(smooth) / np.exp(smooth).sum(0)
    return shares[1:].astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_each_pixel_has_its_likeliest_label_or_none(seed: int) -> None:
    scores = blobs(seed)
    found = Segmentation.of_scores(scores)
    everything = np.concatenate([1 - scores.sum(0, keepdims=True), scores])
    np.testing.assert_array_equal(found.labels, everything.argmax(0))
    shares = np.where(found.labels > 0, everything.max(0), 0)
    np.testing.assert_allclose(found.shares / 65535, shares, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_objects_are_the_connected_parts_of_each_label_in_falling_order(seed: int) -> None:
    found = select(Segmentation.of_scores(blobs(seed)), 0.0, MANIFEST)
    expected = []
    for label in (1, 2):
        parts, count = ndimage.label(found.labels == label, structure=np.ones((3, 3)))
        expected += [(label - 1, parts == part) for part in range(1, count + 1)]
    assert len(found) == len(expected) > 4
    scores = [drawn.score for drawn in found.drawn()]
    assert scores == sorted(scores, reverse=True)
    masks = [(drawn.label_index, pixels(drawn.mask)) for drawn in found.drawn()]
    for label, mask in expected:
        (hit,) = [n for n, (index, m) in enumerate(masks) if index == label and (m == mask).all()]
        assert scores[hit] == pytest.approx((found.shares[mask] / 65535).mean(), abs=1e-9)


def pixels(mask) -> np.ndarray:
    return to_dense(from_text(mask.counts), *mask.size)


def test_an_object_in_the_ring_of_another_is_told_from_it() -> None:
    scores = np.zeros((2, 9, 9), np.float32)
    scores[0, 1:8, 1:8] = 0.9
    scores[0, 2:7, 2:7] = 0
    scores[0, 4, 4] = 0.7
    found = select(Segmentation.of_scores(scores), 0.0, MANIFEST)
    ring, dot = (pixels(drawn.mask) for drawn in found.drawn())
    assert (ring.sum(), dot.sum()) == (24, 1)
    left = select(found, 0.8, MANIFEST)
    assert (left.labels > 0).sum() == 24


def test_a_higher_threshold_gives_what_a_lower_one_gives_cut_there() -> None:
    found = Segmentation.of_scores(blobs(3))
    low, high = select(found, 0.1, MANIFEST), select(found, 0.55, MANIFEST)
    assert 0 < len(high) < len(low)
    again = select(low, 0.55, MANIFEST)
    np.testing.assert_array_equal(again.labels, high.labels)
    assert again.objects == high.objects
    assert all(one.score >= 0.55 for one in high.objects)


def test_only_so_many_objects_stay_as_the_manifest_allows() -> None:
    few = ModelManifest(
        task="semantic_segmentation", labels=LABELS, input_width=8, input_height=8,
        max_detections=2,
    )  # fmt: skip
    found = select(Segmentation.of_scores(blobs(1)), 0.0, few)
    every = select(Segmentation.of_scores(blobs(1)), 0.0, MANIFEST)
    assert found.objects == every.objects[:2]
    assert np.unique(ndimage.label(found.labels > 0, np.ones((3, 3)))[0]).size <= 3


def test_stored_masks_are_the_pixels_of_each_label() -> None:
    found = select(Segmentation.of_scores(blobs(2)), 0.0, MANIFEST)
    columns = found.columns()
    assert columns["label"].tolist() == [0, 1]
    starts, data = columns["rle_starts"].tolist(), columns["rle"].tobytes()
    for row, label in enumerate(columns["label"].tolist()):
        mask = to_dense(from_text(data[starts[row] : starts[row + 1]]), *found.labels.shape)
        np.testing.assert_array_equal(mask, found.labels == label + 1)
    nothing = Segmentation.of_scores(np.zeros((2, 4, 4), np.float32)).columns()
    assert [len(nothing[name]) for name in ("label", "rle", "rle_starts")] == [0, 0, 1]


def view_of(width: int, height: int) -> View:
    placement = place((width, height), (MANIFEST.input_width, MANIFEST.input_height), "letterbox")
    return View(Window(0, 0, 0, 0, width, height), placement)


@pytest.mark.parametrize("size", [(32, 24), (64, 48), (50, 13), (11, 47), (97, 31)])
def test_cells_come_back_to_where_their_pixels_are(size: tuple[int, int]) -> None:
    """A slope over the input is the same slope over the image, whatever the letterbox."""
    view = view_of(*size)
    middles_x = (np.arange(8) + 0.5) * 4 / view.placement.scale_x
    middles_y = (np.arange(6) + 0.5) * 4 / view.placement.scale_y
    scores = np.stack([np.tile(middles_x, (6, 1)), np.tile(middles_y[:, None], (1, 8))])
    found = np.stack(list(in_window(scores.astype(np.float32), view, MANIFEST)))
    assert found.shape == (2, size[1], size[0])
    across = inside(size[0], view.placement.scale_x)
    down = inside(size[1], view.placement.scale_y)
    x, y = (np.arange(side) + 0.5 for side in size)
    np.testing.assert_allclose(found[0][:, across], np.tile(x[across], (size[1], 1)), atol=0.02)
    np.testing.assert_allclose(found[1][down], np.tile(y[down, None], (1, size[0])), atol=0.02)


def inside(side: int, scale: float) -> np.ndarray:
    """Which pixels lie between the middles of cells, where there is something to interpolate."""
    middles = np.arange(side) + 0.5
    return (middles > 2 / scale) & (middles < side - 4 / scale)


class Whole:
    """A model that says of each cell what the mean of its pixels is: red and green are labels."""

    def run(self, images):
        cells = images.reshape(len(images), 6, 4, 8, 4, 3).mean((2, 4)) / 255
        return {"scores": np.moveaxis(cells[..., :2], 3, 1).astype(np.float32)}


def test_tiles_give_what_the_whole_would_give_away_from_their_edges() -> None:
    image = np.zeros((48, 96, 3), np.uint8)
    image[8:40, 20:76, 0] = 255  # across both seams
    image[40:, 4:12, 1] = 255
    plan = TilePlan(tile_size=(32, 24), overlap_px=8)
    tiled = ModelManifest(
        task="semantic_segmentation", labels=LABELS, input_width=32, input_height=24,
        tile_plan=plan,
    )  # fmt: skip
    found = Predictor(tiled, Whole()).predict(image)
    red, green = found.labels == 1, found.labels == 2
    wrong = (red != (image[..., 0] > 0)) | (green != (image[..., 1] > 0))
    # Corners are rounded between cells, as in an image that is not cut; no seam loses anything.
    corners = [[y, x] for y in (8, 39) for x in (20, 75)] + [[40, 4], [40, 11]]
    assert np.argwhere(wrong).tolist() == corners
    assert [one.label_index for one in found.objects] in ([0, 1], [1, 0])
    assert len(plan.windows(96, 48)) > 6


def test_where_windows_overlap_each_speaks_for_its_side() -> None:
    windows = TilePlan(tile_size=(10, 8), overlap_px=4).windows(16, 8)
    parts = [
        Segmentation(np.full((8, 10), value, np.uint8), np.full((8, 10), 65535, np.uint16))
        for value in (1, 2)
    ]
    assert [window.x for window in windows] == [0, 6]
    labels = joined(parts, windows).labels
    np.testing.assert_array_equal(labels, np.tile([1] * 8 + [2] * 8, (8, 1)))


def test_a_window_decodes_to_its_own_size() -> None:
    scores = np.random.default_rng(0).random((2, 6, 8)).astype(np.float32) / 2
    assert decode({"scores": scores}, view_of(33, 21), MANIFEST).labels.shape == (21, 33)
