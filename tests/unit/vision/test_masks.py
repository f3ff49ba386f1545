"""Run-length masks are COCO's to the byte, and never need their pixels to be compared."""

import numpy as np
import pycocotools.mask as coco
import pytest

from shared.vision import masks


def random_rings(r: np.random.Generator) -> list[list[float]]:
    rings = [r.uniform(-5, 60, (int(r.integers(3, 9)), 2)) for _ in range(int(r.integers(1, 4)))]
    if r.random() < 0.3:
        rings = [np.round(ring) for ring in rings]
    if r.random() < 0.2:
        rings[0] = np.concatenate([rings[0][:1], rings[0]])  # a point given twice
    return [ring.ravel().tolist() for ring in rings]


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # pycocotools' own decode
@pytest.mark.parametrize("first_seed", range(0, 400, 100))
def test_polygons_become_the_masks_of_coco(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 100):
        r = np.random.default_rng(seed)
        height, width = (int(v) for v in r.integers(1, 60, 2))
        rings = random_rings(r)
        expected = coco.merge(coco.frPyObjects(rings, height, width))
        code = masks.from_polygons(rings, height, width)
        assert masks.to_text(code).encode() == expected["counts"], seed
        np.testing.assert_array_equal(masks.from_text(expected["counts"]), code)
        dense = masks.to_dense(code, height, width)
        np.testing.assert_array_equal(dense, coco.decode(expected).astype(bool))
        np.testing.assert_array_equal(masks.from_dense(dense), code)
        table = masks.table([code], [(height, width)])
        assert masks.areas(table)[0] == coco.area(expected)
        if dense.any():
            np.testing.assert_array_equal(masks.bounds_xywh(table)[0], coco.toBbox(expected))


@pytest.mark.parametrize("seed", range(30))
def test_overlaps_and_windows_are_those_of_the_pixels(seed: int) -> None:
    r = np.random.default_rng(seed)
    dense = [r.random((13, 17)) < share for share in (0.3, 0.6, 0.0, 1.0)]
    table = masks.table([masks.from_dense(d) for d in dense], [(13, 17)] * 4)
    for i, first in enumerate(dense):
        for j, second in enumerate(dense):
            shared = int((first & second).sum())
            assert masks.intersection_px(table, i, table, j) == shared
        x1, y1 = (int(v) for v in r.integers(0, 8, 2))
        w, h = (int(v) for v in r.integers(1, 6, 2))
        part = first[y1 : y1 + h, x1 : x1 + w]
        np.testing.assert_array_equal(masks.window(table.code(i), 13, (x1, y1, w, h)), part)
        box = np.array([x1, y1, x1 + w, y1 + h], np.float64)
        assert masks.pixels_in_box(table, i, box) == part.sum()


def test_a_box_beyond_the_mask_is_clipped() -> None:
    table = masks.table([masks.from_dense(np.ones((4, 5), bool))], [(4, 5)])
    assert masks.pixels_in_box(table, 0, np.array([-9.0, -9.0, 99.0, 99.0])) == 20
    assert masks.pixels_in_box(table, 0, np.array([7.0, 1.0, 9.0, 3.0])) == 0


def test_an_empty_mask_has_no_box_and_no_area() -> None:
    table = masks.table([np.array([20], np.uint32)], [(4, 5)])
    assert masks.bounds_xywh(table).tolist() == [[0, 0, 0, 0]]
    assert masks.areas(table).tolist() == [0]
    assert masks.intersection_px(table, 0, table, 0) == 0


def test_masks_can_be_taken_in_any_order() -> None:
    r = np.random.default_rng(0)
    dense = [r.random((6, 7)) < 0.5 for _ in range(5)]
    table = masks.table([masks.from_dense(d) for d in dense], [(6, 7)] * 5)
    order = np.array([3, 0, 3, 4])
    taken = table.take(order)
    assert len(taken) == 4
    for place, source in enumerate(order):
        np.testing.assert_array_equal(masks.to_dense(taken.code(place), 6, 7), dense[source])
    assert len(table.take(np.zeros(0, np.int64))) == 0


@pytest.mark.parametrize("text", ["not a code", "~", "\x00", "o", "你"])
def test_text_that_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a run-length code"):
        masks.from_text(text)


def test_a_code_must_cover_its_mask() -> None:
    with pytest.raises(ValueError, match="mask 1: the runs do not add up"):
        masks.table([np.array([6], np.uint32), np.array([5], np.uint32)], [(2, 3), (2, 3)])


def test_no_rings_and_degenerate_rings_are_empty() -> None:
    assert masks.from_polygons([], 3, 4).tolist() == [12]
    assert masks.from_polygons([[1, 1, 2, 2]], 3, 4).tolist() == [12]


@pytest.mark.parametrize("seed", range(20))
def test_a_part_of_a_mask_in_another_has_the_same_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 12, 2).tolist()
    dense = rng.random((height, width)) < rng.choice([0.0, 0.3, 0.9, 1.0])
    x, y = int(rng.integers(width)), int(rng.integers(height))
    w, h = int(rng.integers(1, width - x + 1)), int(rng.integers(1, height - y + 1))
    size = (h + int(rng.integers(4)), w + int(rng.integers(4)))
    at = (int(rng.integers(size[1] - w + 1)), int(rng.integers(size[0] - h + 1)))
    expected = np.zeros(size, np.bool_)
    expected[at[1] : at[1] + h, at[0] : at[0] + w] = dense[y : y + h, x : x + w]
    code = masks.reframed(masks.from_dense(dense), height, (x, y, w, h), at=at, size=size)
    np.testing.assert_array_equal(code, masks.from_dense(expected))
    other = rng.random(size) < 0.4
    together = masks.united([code, masks.from_dense(other)])
    np.testing.assert_array_equal(masks.to_dense(together, *size), expected | other)
