"""Objects of instance segmentation: pixels from prototypes, windows put together, stored masks."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from shared.contracts.prediction_columns import PredictionsTable
from shared.runtime.cuts import cut_for
from shared.runtime.detections import Detections
from shared.runtime.instance_seams import merge_windows
from shared.runtime.instances import Instances, Patch, united
from shared.runtime.manifest import ModelManifest
from shared.runtime.placement import place
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.instance_segmentation import decode, select
from shared.runtime.tasks.spec import View
from shared.vision.masks import from_text, to_dense
from shared.vision.merging import MergeMethod, MergeRule
from shared.vision.tiles import TilePlan, Window

WIDTH, HEIGHT, CELL = 64, 48, 4
MANIFEST = ModelManifest(
    task="instance_segmentation", labels=("a", "b"), input_width=WIDTH, input_height=HEIGHT
)


def disc(size: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: size[1], : size[0]]
    return (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 < radius**2


@pytest.mark.parametrize("seed", range(5))
def test_a_patch_holds_exactly_its_pixels_and_joins_with_others(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scenes = [disc((70, 50), *rng.uniform(5, 45, 2), rng.uniform(2, 9)) for _ in range(3)]
    patches = [Patch.of(scene, 100, 200) for scene in scenes]
    for patch, scene in zip(patches, scenes, strict=True):
        np.testing.assert_array_equal(patch.within(100, 200, 70, 50), scene)
        assert patch.pixels.any(axis=0).all()
        assert patch.pixels.any(axis=1).all()
        np.testing.assert_array_equal(patch.within(110, 190, 40, 30)[10:], scene[:20, 10:50])
    together = united(patches).within(100, 200, 70, 50)
    np.testing.assert_array_equal(together, np.logical_or.reduce(scenes))
    assert Patch.of(np.zeros((4, 4), bool), 0, 0) is None


def test_a_chain_across_a_very_large_image_takes_memory_by_its_runs() -> None:
    square = np.ones((200, 200), np.bool_)
    steps = [Patch.of(square, 150 * step, 150 * step) for step in range(199)]
    tracemalloc.start()
    chain = united(steps)
    found = Detections(np.zeros((1, 4), np.float32), np.ones(1, np.float32), np.zeros(1, np.int64))
    text = next(Instances(found, (chain,), (0, 0, 30_000, 30_000)).drawn()).mask.counts
    corner = chain.within(29_800, 29_800, 200, 200)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60e6, "all its pixels would take 900 MB"
    assert (chain.width, chain.height) == (29_900, 29_900)
    assert int(from_text(text)[1::2].sum()) == 199 * 200**2 - 198 * 50**2
    np.testing.assert_array_equal(corner[:100, :100], True)
    assert not corner[100:].any()


def answer(found: list[tuple], prototypes: np.ndarray) -> dict[str, np.ndarray]:
    """Tensors of a view: a row is a box, the scores of both labels and the coefficients."""
    boxes, scores, mix = (np.array(column, np.float32) for column in zip(*found, strict=True))
    return {"boxes": boxes, "scores": scores, "coefficients": mix, "prototypes": prototypes}


def pixels(drawn) -> np.ndarray:
    return to_dense(from_text(drawn.mask.counts), *drawn.mask.size)


@pytest.mark.parametrize("size", [(64, 48), (200, 90), (31, 47)])
def test_a_mask_is_where_its_mix_of_prototypes_is_above_zero(size) -> None:
    rng = np.random.default_rng(3)
    prototypes = rng.normal(size=(3, HEIGHT // CELL, WIDTH // CELL)).astype(np.float32)
    mix = np.array([0.7, -0.4, 0.2], np.float32)
    placement = place(size, (WIDTH, HEIGHT), "letterbox")
    view = View(Window(0, 0, 10, 20, *size), placement)
    whole = (0, 0, placement.width, placement.height)
    found = decode(answer([(whole, (0.9, 0.1), mix)], prototypes), view, MANIFEST)
    first = select(found, 0.5, MANIFEST)
    assert (len(found), len(first)) == (2, 1)
    seen = pixels(next(first.drawn()))
    assert seen.shape == size[::-1]
    for y in range(0, size[1], 3):
        for x in range(0, size[0], 3):
            logit = bilinear(prototypes, mix, (x, y), placement)
            assert abs(logit) < 1e-3 or seen[y, x] == (logit > 0)
    assert first.frame == (10, 20, *size)


def bilinear(prototypes, mix, pixel, placement) -> float:
    """The mix at the middle of a pixel, by the formula for one point."""
    down, across = -(-placement.height // CELL), -(-placement.width // CELL)
    plane = np.tensordot(mix, prototypes[:, :down, :across], axes=1)
    x = np.clip((pixel[0] + 0.5) * placement.scale_x / CELL - 0.5, 0, across - 1)
    y = np.clip((pixel[1] + 0.5) * placement.scale_y / CELL - 0.5, 0, down - 1)
    left, top = int(x), int(y)
    right, bottom = min(left + 1, across - 1), min(top + 1, down - 1)
    a, b = x - left, y - top
    upper = (1 - a) * plane[top, left] + a * plane[top, right]
    return float((1 - b) * upper + b * ((1 - a) * plane[bottom, left] + a * plane[bottom, right]))


FULL = np.ones((1, HEIGHT // CELL, WIDTH // CELL), np.float32)
VIEW = View(Window(0, 0, 0, 0, WIDTH, HEIGHT), place((WIDTH, HEIGHT), (WIDTH, HEIGHT), "letterbox"))


def test_a_mask_reaches_little_beyond_its_box_and_nothing_is_no_object() -> None:
    rows = [((10, 10, 30, 20), (0.9, 0), (1,)), ((40, 30, 60, 40), (0, 0.8), (-1,))]
    found = decode(answer(rows, FULL), VIEW, MANIFEST)
    assert found.found.boxes_xyxy.tolist() == [[10, 10, 30, 20]]
    (patch,) = found.patches
    assert (patch.x, patch.y, patch.width, patch.height) == (6, 6, 28, 18)  # 4 px around
    nothing = answer([((10, 10, 30, 20), (0, 0), (1,))], FULL)
    assert len(decode(nothing, VIEW, MANIFEST)) == 0
    assert decode(nothing, VIEW, MANIFEST).columns()["rle_starts"].tolist() == [0]


def test_boxes_that_overlap_are_one_object_and_a_growing_rule_joins_their_pixels() -> None:
    rows = [((10, 10, 30, 30), (0.9, 0), (1,)), ((14, 10, 34, 30), (0.8, 0), (1,))]
    (patch,) = decode(answer(rows, FULL), VIEW, MANIFEST).patches
    assert (patch.x, patch.width) == (6, 28)
    rule = MergeRule(MergeMethod.GREEDYNMM, threshold=0.5)
    manifest = ModelManifest(
        task="instance_segmentation", labels=("a", "b"), input_width=WIDTH, input_height=HEIGHT,
        merge=rule,
    )  # fmt: skip
    found = decode(answer(rows, FULL), VIEW, manifest)
    assert found.found.boxes_xyxy.tolist() == [[10, 10, 34, 30]]
    assert (found.patches[0].x, found.patches[0].width) == (6, 32)


def test_stored_columns_hold_the_same_objects() -> None:
    rows = [((10, 10, 30, 20), (0.9, 0), (1,)), ((40, 30, 60, 40), (0, 0.8), (1,))]
    found = select(decode(answer(rows, FULL), VIEW, MANIFEST), 0.0, MANIFEST)
    table = PredictionsTable("instance_segmentation", MANIFEST.labels)
    table.add("i", found.columns())
    stored = table.gathered("V1", threshold=0.01).columns
    assert stored["label"].tolist() == [0, 1]
    starts, data = stored["rle_starts"].tolist(), stored["rle"].tobytes()
    for row, drawn in enumerate(found.drawn()):
        text = data[starts[row] : starts[row + 1]].decode()
        assert (drawn.kind, drawn.mask.counts) == ("mask", text)
        assert drawn.mask.size == (HEIGHT, WIDTH)


class Discs:
    """Sees the discs of a scene through any window: red ones are ``a``, green ones ``b``."""

    def __init__(self, manifest: ModelManifest) -> None:
        self._manifest = manifest

    def run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return stacked([self._one(image) for image in images])

    def _one(self, image: np.ndarray) -> dict[str, np.ndarray]:
        boxes, scores, planes = [], [], []
        for label in (0, 1):
            seen = image[..., label] > 200
            planes.append(np.where(seen.reshape(24, 2, 32, 2).mean((1, 3)) > 0.5, 1.0, -1.0))
            rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
            box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) else (0,) * 4
            boxes.append(box)
            scores.append(np.eye(2)[label] * (0.9 if len(rows) else 0))
        arrays = {"boxes": boxes, "scores": scores, "coefficients": np.eye(2), "prototypes": planes}
        return {name: np.array(value, np.float32) for name, value in arrays.items()}


def stacked(answers: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.stack([one[name] for one in answers]) for name in answers[0]}


@pytest.mark.parametrize("overlap", [0, 16])
def test_an_object_on_a_seam_is_one_and_neighbours_of_other_labels_stay(overlap: int) -> None:
    manifest = ModelManifest(
        task="instance_segmentation", labels=("a", "b"), input_width=WIDTH, input_height=HEIGHT,
        tile_plan=TilePlan(tile_size=(WIDTH, HEIGHT), overlap_px=overlap),
    )  # fmt: skip
    size = (WIDTH * 2 - overlap, HEIGHT * 2 - overlap)
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    red, green = disc(size, size[0] / 2, 30, 14), disc(size, size[0] / 2, 30 + 26, 11)
    image[red] = (255, 0, 0)
    image[green] = (0, 255, 0)
    found = list(Predictor(manifest, Discs(manifest)).predict(image).drawn())
    assert sorted(one.label_index for one in found) == [0, 1]
    for one in found:
        truth = green if one.label_index else red
        seen = pixels(one)
        assert seen.shape == truth.shape
        assert (seen & truth).sum() >= 0.9 * (seen | truth).sum()


def objects(window: Window, *found: tuple[float, int, np.ndarray]) -> Instances:
    """Objects ``(score, label, pixels of the whole image)`` as a window shows them."""
    cut = np.s_[window.y : window.y + window.height, window.x : window.x + window.width]
    patches = tuple(Patch.of(mask[cut], window.x, window.y) for _, _, mask in found)
    boxes = [(p.x, p.y, p.x + p.width, p.y + p.height) for p in patches]
    detections = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([score for score, _, _ in found], np.float32),
        np.array([label for _, label, _ in found], np.int64),
    )
    return Instances(detections, patches, (window.x, window.y, window.width, window.height))


def test_two_objects_beside_each_other_are_not_joined_across_the_overlap() -> None:
    size = (100, 40)
    left, right = Window(0, 0, 0, 0, 60, 40), Window(0, 1, 40, 0, 60, 40)
    upper, lower = disc(size, 50, 11, 9), disc(size, 50, 29, 8)
    merged = merge_windows(
        [objects(left, (0.9, 0, upper), (0.7, 0, lower)), objects(right, (0.8, 0, lower))],
        [left, right],
    )
    assert merged.found.scores.tolist() == pytest.approx([0.9, 0.8])
    for patch, truth in zip(merged.patches, (upper, lower), strict=True):
        np.testing.assert_array_equal(patch.within(0, 0, *size), truth)
    assert merged.frame == (0, 0, *size)


def test_a_far_less_sure_piece_joins_nothing_and_no_objects_stay_none() -> None:
    size = (100, 40)
    left, right = Window(0, 0, 0, 0, 50, 40), Window(0, 1, 50, 0, 50, 40)
    one = disc(size, 50, 20, 9)
    parts = [objects(left, (0.9, 0, one)), objects(right, (0.4, 0, one))]
    assert len(merge_windows(parts, [left, right])) == 2
    parts = [objects(left, (0.9, 0, one)), objects(right, (0.5, 0, one))]
    (patch,) = merge_windows(parts, [left, right]).patches
    np.testing.assert_array_equal(patch.within(0, 0, *size), one)
    assert len(merge_windows([objects(left), objects(right)], [left, right])) == 0


class Noise:
    """Says something else of every window, and the same whenever it sees it again."""

    def run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return stacked([self._one(np.random.default_rng(image.sum())) for image in images])

    def _one(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        corners = rng.uniform(0, (WIDTH, HEIGHT), (24, 2))
        boxes = np.concatenate([corners, corners + rng.uniform(3, 25, (24, 2))], axis=1)
        arrays = {
            "boxes": boxes,
            "scores": rng.uniform(0, 1, (24, 2)) ** 8,
            "coefficients": rng.normal(size=(24, 3)),
            "prototypes": rng.normal(size=(3, HEIGHT // CELL, WIDTH // CELL)),
        }
        return {name: value.astype(np.float32) for name, value in arrays.items()}


GRID = TilePlan(grid=(2, 2), overlap_px=8)
PLANS = {
    "whole": {},
    "meeting": {"tile_plan": TilePlan(tile_size=(WIDTH, HEIGHT), overlap_px=0)},
    "overlapping": {"tile_plan": TilePlan(tile_size=(WIDTH, HEIGHT), overlap_px=20)},
    "half and more": {"tile_plan": TilePlan(tile_size=(WIDTH, HEIGHT), overlap_px=26)},
    "tiles of a grid": {"input_plan": GRID},
    "tiles and windows": {
        "input_plan": GRID,
        "tile_plan": TilePlan(tile_size=(WIDTH, HEIGHT), overlap_px=10),
    },
}


@pytest.mark.parametrize("method", [MergeMethod.NMS, MergeMethod.GREEDYNMM])
@pytest.mark.parametrize("plan", PLANS)
def test_a_threshold_before_the_masks_are_read_changes_nothing_that_is_shown(plan, method) -> None:
    manifest = ModelManifest(
        task="instance_segmentation", labels=("a", "b"), input_width=WIDTH, input_height=HEIGHT,
        merge=MergeRule(method, threshold=0.5), max_detections=200, **PLANS[plan],
    )  # fmt: skip
    image = np.random.default_rng(4).integers(0, 256, (100, 130, 3)).astype(np.uint8)
    predictor = Predictor(manifest, Noise())
    everything = predictor.predict(image, threshold=0.0)
    counts = []
    for threshold in (0.05, 0.2, 0.5):
        expected = select(everything, threshold, manifest)
        found = predictor.predict(image, threshold=threshold)
        counts.append(len(found))
        assert list(found.drawn()) == list(expected.drawn())
        for name, column in expected.columns().items():
            np.testing.assert_array_equal(found.columns()[name], column)
    assert counts[0] > counts[-1] > 0


def test_what_nobody_sees_gets_no_mask_unless_another_view_may_see_it_too() -> None:
    sure, inside, outside = (10, 10, 20, 20), (30, 20, 40, 30), (44, 20, 52, 30)
    rows = [(sure, (0.9, 0), (1,)), (inside, (0.2, 0), (1,)), (outside, (0.2, 0), (1,))]
    told = answer(rows, FULL)
    assert len(decode(told, VIEW, MANIFEST)) == 3
    view = replace(VIEW, limit=0.5, inner=(0, 0, 50, HEIGHT))
    assert decode(told, view, MANIFEST).found.boxes_xyxy.tolist() == [[*sure], [*outside]]
    alone = replace(VIEW, limit=0.5, inner=(0, 0, WIDTH, HEIGHT))
    assert len(decode(told, alone, MANIFEST)) == 1


def test_the_inner_part_of_a_window_keeps_away_from_all_others_near_it() -> None:
    manifest = ModelManifest(
        task="instance_segmentation", labels=("a",), input_width=WIDTH, input_height=HEIGHT,
        tile_plan=TilePlan(tile_size=(WIDTH, HEIGHT), overlap_px=16), input_plan=GRID,
    )  # fmt: skip
    cut = cut_for(manifest, 400, 300)
    inner = cut.inner_parts()
    assert [*inner] == cut.all_windows
    shown = np.zeros((300, 400), np.int64)
    for window in cut.all_windows:
        shown[window.y : window.y + window.height, window.x : window.x + window.width] += 1
    for window, (x, y, width, height) in inner.items():
        assert window.x <= x <= x + width <= window.x + window.width
        assert (shown[y : y + height, x : x + width] == 1).all()
    largest = max(width * height for _, _, width, height in inner.values())
    assert largest >= (WIDTH - 2 * 20) * (HEIGHT - 2 * 20)
    (whole,) = cut_for(MANIFEST, 400, 300).inner_parts().values()
    assert whole == (0, 0, 400, 300)
