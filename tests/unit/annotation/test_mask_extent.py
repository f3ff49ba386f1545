"""Masks are measured by their runs: exactly, and without the pixels."""

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from services.annotation.domain.formats.raster import encode_mask, mask_bounds, mask_extent
from services.annotation.domain.shape_rules import target_sizes
from shared.contracts.shapes import Rle, Shape
from shared.vision import masks


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_area_and_bounds_are_those_of_the_pixels(pixels: np.ndarray) -> None:
    rle = encode_mask(pixels)
    assert mask_extent(rle).area_px == pixels.sum()
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    expected = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if rows.size else None
    assert mask_bounds(rle) == expected


def test_the_largest_mask_is_measured_without_its_pixels() -> None:
    height, width = 30_000, 10_000
    runs = np.array([height * 100, height * 50, height * (width - 150)], np.uint32)
    rle = Rle(size=(height, width), counts=masks.to_text(runs))
    shape = Shape(label="a", kind="mask", points=(), rle=rle)
    target_sizes([shape])  # what is compiled and imported once does not count
    tracemalloc.start()
    try:
        sizes = target_sizes([shape])
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (sizes.areas, sizes.sides) == ((50.0 * height,), (float(height),))
    assert peak_bytes < 1 << 20
