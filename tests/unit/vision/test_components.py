"""Connected parts are those of SciPy, whatever the mask."""

import numpy as np
import pytest
from scipy import ndimage

from shared.vision.components import components


@pytest.mark.parametrize("share", [0.05, 0.3, 0.45, 0.6, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (37, 1), (48, 53)])
def test_parts_and_boxes_are_those_of_scipy(size: tuple[int, int], share: float) -> None:
    for seed in range(5):
        mask = np.random.default_rng(seed).random(size) < share
        found = components(mask)
        parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
        assert len(found) == count
        np.testing.assert_array_equal(found.parts, parts)
        for box, place in zip(found.boxes_xywh.tolist(), ndimage.find_objects(parts), strict=True):
            rows, columns = place
            assert box == [
                columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
            ]  # fmt: skip


def test_a_spiral_is_one_part() -> None:
    mask = np.zeros((41, 41), np.bool_)
    low, high = 0, 40
    while low < high:
        mask[low, low : high + 1] = mask[low : high + 1, high] = True
        mask[high, low : high + 1] = mask[low + 2 : high + 1, low] = True
        mask[low + 2, low : low + 3] = True
        low, high = low + 2, high - 2
    found = components(mask)
    assert len(found) == ndimage.label(mask, structure=np.ones((3, 3)))[1] == 1
