"""Compiled loops and numpy alone give the same answers to the bit; either is enough to run."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shared.vision import mask_arrays, mask_kernels, overlap_arrays, overlap_grid
from shared.vision.compilation import IS_COMPILED

ROOT = Path(__file__).parents[3]
QUICK = settings(max_examples=150)


@st.composite
def codes(draw: st.DrawFn, count: int = 1) -> tuple[list[np.ndarray], int, int]:
    """Run-length codes of one size, some with empty runs, which are legal."""
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    made = []
    for _ in range(count):
        edges = draw(st.lists(st.integers(0, height * width), max_size=9))
        made.append(np.diff([0, *sorted(edges), height * width]).astype(np.uint32))
    return made, height, width


def table(found: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    starts = np.concatenate([[0], np.cumsum([code.size for code in found])]).astype(np.int64)
    return np.concatenate([np.zeros(0, np.uint32), *found]), starts


def same(first: object, second: object) -> None:
    np.testing.assert_array_equal(np.asarray(first), np.asarray(second))
    assert np.asarray(first).dtype == np.asarray(second).dtype


def test_the_suite_itself_runs_the_compiled_loops() -> None:
    assert IS_COMPILED


@QUICK
@given(codes(3))
def test_areas_bounds_and_texts_of_a_table_are_the_same(given_: tuple) -> None:
    found, height, width = given_
    counts, starts = table(found)
    heights, widths = np.full(3, height), np.full(3, width)
    same(mask_arrays.areas(counts, starts), mask_kernels.areas(counts, starts))
    same(
        mask_arrays.bounds(counts, starts, heights, widths),
        mask_kernels.bounds(counts, starts, heights, widths),
    )
    text, places = mask_arrays.encode_texts(counts, starts)
    compiled_text, compiled_places = mask_kernels.encode_texts(counts, starts)
    same(text, compiled_text)
    same(places, compiled_places)
    for ours, compiled in zip(
        mask_arrays.decode_texts(text, places), mask_kernels.decode_texts(text, places), strict=True
    ):
        same(ours, compiled)


@QUICK
@given(st.lists(st.integers(0, 2**32 - 1), max_size=9))
def test_any_runs_are_written_and_read_the_same(runs: list[int]) -> None:
    counts = np.array(runs, np.uint32)
    text = mask_arrays.encode_text(counts)
    same(text, mask_kernels.encode_text(counts))
    out = np.empty(max(text.size, 1), np.uint32)
    assert mask_arrays.decode_text(text, out) == counts.size
    same(out[: counts.size], counts)


@QUICK
@given(st.text(st.characters(min_codepoint=40, max_codepoint=80), max_size=7))
def test_what_is_no_code_is_none_for_both(text: str) -> None:
    raw = np.frombuffer(text.encode(), np.uint8)
    ours, compiled = np.zeros(9, np.uint32), np.zeros(9, np.uint32)
    runs = mask_arrays.decode_text(raw, ours)
    assert runs == mask_kernels.decode_text(raw, compiled)
    same(ours[: max(runs, 0)], compiled[: max(runs, 0)])


@QUICK
@given(codes(2), st.lists(st.integers(0, 12), min_size=4, max_size=4))
def test_two_codes_meet_and_unite_the_same(given_: tuple, corners: list[int]) -> None:
    (first, second), height, width = given_
    ends = (0, first.size, second, 0, second.size)
    assert mask_arrays.intersection(first, *ends) == mask_kernels.intersection(first, *ends)
    same(mask_arrays.unite(first, second), mask_kernels.unite(first, second))
    box = np.minimum(corners, [width, height, width, height]).astype(np.int64)
    ours = mask_arrays.pixels_in_box(first, height, box)
    assert ours == mask_kernels.pixels_in_box(first, height, box)


@QUICK
@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(3, 9), st.just(2)),
        elements=st.one_of(st.floats(-30, 50, allow_nan=False), st.integers(-30, 50).map(float)),
    ),
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_a_ring_is_filled_the_same(points: np.ndarray, height: int, width: int) -> None:
    ours = mask_arrays.polygon_code(points, height, width)
    same(ours, mask_kernels.polygon_code(points, height, width))
    assert int(ours.sum()) == height * width


@QUICK
@given(
    st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(0, 8)] * 2), max_size=24),
    st.integers(0, 24),
    st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    st.booleans(),
    st.booleans(),
)
def test_boxes_are_grouped_the_same(
    found: list[tuple[int, ...]], cut: int, threshold: float, smaller: bool, transitive: bool
) -> None:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in found], np.float64).reshape(-1, 4)
    starts = np.array([0, min(cut, len(boxes)), len(boxes)], np.int64)
    how = (boxes, starts, threshold, smaller, transitive)
    roots = overlap_arrays.group_by_first_overlap(*how)
    same(roots, overlap_grid.group_by_first_overlap(*how))
    same(overlap_arrays.union_of_groups(boxes, roots), overlap_grid.union_of_groups(boxes, roots))


WITHOUT = """
import importlib, pkgutil, sys
for name in {blocked!r}:
    sys.modules[name] = None  # as if it were not installed
import {package}
for module in pkgutil.walk_packages({package}.__path__, "{package}."):
    importlib.import_module(module.name)
from shared.vision import kernels, mask_arrays, masks
assert kernels.areas is mask_arrays.areas
code = masks.from_polygons([[0, 0, 6, 0, 6, 6, 0, 6]], 9, 9)
print(masks.to_text(code), masks.areas(masks.table([code], [(9, 9)])))
"""


@pytest.mark.parametrize(
    ("package", "blocked"),
    [("shared.vision", ("numba", "torch", "cv2")), ("shared.runtime", ("numba", "torch"))],
)
def test_the_languages_of_images_and_models_need_no_compiler(
    package: str, blocked: tuple[str, ...]
) -> None:
    program = WITHOUT.format(package=package, blocked=blocked)
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("[36.]\n"), ran.stdout
