"""Compiled loops over run-length codes: no mask is ever unrolled into pixels to compare two masks.

A code is a run of column-major pixel counts, background first, as in COCO's ``maskApi.c``, whose
arithmetic these kernels repeat to the bit.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.vision.compilation import compiled

Counts = NDArray[np.uint32]
Offsets = NDArray[np.int64]
Floats = NDArray[np.float64]

POLYGON_SCALE = 5.0  # maskApi.c draws polygons on a grid five times finer


@compiled
def decode_text(text: NDArray[np.uint8], out: Counts) -> int:
    """Read one compressed text (LEB128-like, 6 bits a character, third run on as differences)."""
    place, runs = 0, 0
    while place < text.size:
        value: Any = 0
        shift, more = 0, True
        while more:
            if place >= text.size:
                return -1
            chunk: Any = np.int64(text[place]) - 48
            if chunk < 0 or chunk > 63 or shift > 60:
                return -1
            value |= (chunk & 0x1F) << shift
            more = (chunk & 0x20) != 0
            place += 1
            shift += 5
            if not more and (chunk & 0x10):
                value |= np.int64(-1) << shift
        if runs > 2:
            value += np.int64(out[runs - 2])
        if value < 0:
            return -1
        out[runs] = np.uint32(value)
        runs += 1
    return runs


@compiled
def decode_texts(text: NDArray[np.uint8], places: Offsets) -> tuple[Counts, Offsets, int]:
    """Read many texts that stand one after another, ``places`` ``(N + 1,)`` where each begins.

    Returns runs, where each code begins, and the first text that is no code (-1: all are).
    """
    counts, starts = np.empty(text.size + 1, np.uint32), np.zeros(places.size, np.int64)
    for index in range(places.size - 1):
        first = starts[index]
        runs = decode_text(text[places[index] : places[index + 1]], counts[first:])
        if runs < 0:
            return counts, starts, index
        starts[index + 1] = first + runs
    return counts[: starts[-1]].copy(), starts, -1


@compiled
def encode_text(counts: Counts) -> NDArray[np.uint8]:
    """Write one code as compressed text; inverse of :func:`decode_text`."""
    out = np.empty(counts.size * 8 + 1, np.uint8)
    length = 0
    for index in range(counts.size):
        value: Any = np.int64(counts[index])
        if index > 2:
            value -= np.int64(counts[index - 2])
        more = True
        while more:
            chunk = value & 0x1F
            value >>= 5
            more = value != -1 if chunk & 0x10 else value != 0
            out[length] = np.uint8((chunk | 0x20 if more else chunk) + 48)
            length += 1
    return out[:length]


@compiled
def encode_texts(counts: Counts, starts: Offsets) -> tuple[NDArray[np.uint8], Offsets]:
    """Write many codes as texts, one after another; also where each begins, ``(N + 1,)``."""
    out, places = np.empty(counts.size * 8 + 1, np.uint8), np.zeros(starts.size, np.int64)
    for index in range(starts.size - 1):
        text = encode_text(counts[starts[index] : starts[index + 1]])
        first, last = places[index], places[index] + text.size
        out[first:last] = text
        places[index + 1] = last
    return out[: places[-1]].copy(), places


@compiled
def intersection(
    counts_a: Counts, start_a: int, stop_a: int, counts_b: Counts, start_b: int, stop_b: int
) -> int:
    """Count pixels set in both codes."""
    if start_a == stop_a or start_b == stop_b:
        return 0
    left_a, left_b = np.int64(counts_a[start_a]), np.int64(counts_b[start_b])
    next_a, next_b = start_a + 1, start_b + 1
    on_a, on_b = False, False
    shared = 0
    while True:
        step: Any = min(left_a, left_b)
        if on_a and on_b:
            shared += step
        left_a -= step
        left_b -= step
        if left_a == 0:
            if next_a == stop_a:
                return shared
            left_a = np.int64(counts_a[next_a])
            next_a += 1
            on_a = not on_a
        if left_b == 0:
            if next_b == stop_b:
                return shared
            left_b = np.int64(counts_b[next_b])
            next_b += 1
            on_b = not on_b


@compiled
def pixels_in_box(counts: Counts, height: int, box: Offsets) -> int:
    """Count set pixels with ``box[0] <= x < box[2]`` and ``box[1] <= y < box[3]``."""
    total = 0
    place: Any = 0
    for run in range(0, counts.size - 1, 2):
        first = place + np.int64(counts[run])
        place = first + np.int64(counts[run + 1])
        column = max(first // height, box[0])
        while column < box[2] and column * height < place:
            top = max(first - column * height, box[1])
            bottom = min(place - column * height, box[3])
            total += max(bottom - top, 0)
            column += 1
    return total


@compiled
def areas(counts: Counts, starts: Offsets) -> Floats:
    """Sum the set pixels of each code."""
    out = np.zeros(starts.size - 1, np.float64)
    for index in range(starts.size - 1):
        for run in range(starts[index] + 1, starts[index + 1], 2):
            out[index] += counts[run]
    return out


@compiled
def bounds(counts: Counts, starts: Offsets, heights: Offsets, widths: Offsets) -> Floats:
    """Box ``x, y, w, h`` around each code (``rleToBbox``); an empty mask gives zeros."""
    out = np.zeros((starts.size - 1, 4), np.float64)
    for index in range(starts.size - 1):
        height = heights[index]
        left, top, right, bottom = widths[index], height, np.int64(-1), np.int64(-1)
        place = np.int64(0)
        for run in range(starts[index], starts[index + 1] - 1, 2):
            first = place + counts[run]
            place = first + counts[run + 1]
            if place == first:
                continue
            last = place - 1
            column, last_column = first // height, last // height
            left, right = min(left, column), max(right, last_column)
            if last_column > column:
                top, bottom = np.int64(0), height - 1
            else:
                top, bottom = min(top, first % height), max(bottom, last % height)
        if right >= 0:
            out[index, 0], out[index, 1] = left, top
            out[index, 2], out[index, 3] = right - left + 1, bottom - top + 1
    return out


@compiled
def unite(counts_a: Counts, counts_b: Counts) -> Counts:
    """Union of two codes of one size."""
    out = np.empty(counts_a.size + counts_b.size + 1, np.uint32)
    left_a, left_b = np.int64(counts_a[0]), np.int64(counts_b[0])
    next_a, next_b, length = 1, 1, 0
    on_a, on_b, on_out = False, False, False
    run = np.int64(0)
    while True:
        step = min(left_a, left_b)
        if step > 0:
            if (on_a or on_b) != on_out:
                out[length] = np.uint32(run)
                length += 1
                run = np.int64(0)
                on_out = not on_out
            run += step
        left_a -= step
        left_b -= step
        if left_a == 0:
            if next_a == counts_a.size:
                break
            left_a = np.int64(counts_a[next_a])
            next_a += 1
            on_a = not on_a
        if left_b == 0:
            if next_b == counts_b.size:
                break
            left_b = np.int64(counts_b[next_b])
            next_b += 1
            on_b = not on_b
    out[length] = np.uint32(run)
    return out[: length + 1]


@compiled
def _outline(points: Floats) -> tuple[Offsets, Offsets]:
    """Walk the ring on the fine grid, one step a point, corners twice (``rleFrPoly``, part 1)."""
    count = points.shape[0]
    xs, ys = np.empty(count + 1, np.int64), np.empty(count + 1, np.int64)
    for index in range(count):
        xs[index] = np.int64(POLYGON_SCALE * points[index, 0] + 0.5)
        ys[index] = np.int64(POLYGON_SCALE * points[index, 1] + 0.5)
    xs[count], ys[count] = xs[0], ys[0]
    total = count
    for index in range(count):
        total += max(abs(xs[index + 1] - xs[index]), abs(ys[index + 1] - ys[index]))
    u, v = np.empty(total, np.int64), np.empty(total, np.int64)
    place = 0
    for index in range(count):
        x0, x1, y0, y1 = xs[index], xs[index + 1], ys[index], ys[index + 1]
        dx, dy = abs(x1 - x0), abs(y1 - y0)
        flip = (dx >= dy and x0 > x1) or (dx < dy and y0 > y1)
        if flip:
            x0, x1, y0, y1 = x1, x0, y1, y0
        long_side = max(dx, dy)
        slope = 0.0 if long_side == 0 else float(y1 - y0 if dx >= dy else x1 - x0) / long_side
        for step in range(long_side + 1):
            along = long_side - step if flip else step
            if dx >= dy:
                u[place], v[place] = along + x0, np.int64(y0 + slope * along + 0.5)
            else:
                v[place], u[place] = along + y0, np.int64(x0 + slope * along + 0.5)
            place += 1
    return u, v


@compiled
def polygon_code(points: Floats, height: int, width: int) -> Counts:
    """Fill one ring of ``(N, 2)`` points exactly as ``rleFrPoly`` of COCO does."""
    u, v = _outline(points)
    edges = np.empty(u.size + 1, np.int64)
    count = 0
    for index in range(1, u.size):
        if u[index] == u[index - 1]:
            continue
        x = float(u[index] if u[index] < u[index - 1] else u[index] - 1)
        x = (x + 0.5) / POLYGON_SCALE - 0.5
        if math.floor(x) != x or x < 0 or x > width - 1:
            continue
        y = (float(min(v[index], v[index - 1])) + 0.5) / POLYGON_SCALE - 0.5
        y = math.ceil(min(max(y, 0.0), float(height)))
        edges[count] = np.int64(x) * height + np.int64(y)
        count += 1
    edges[count] = height * width
    places = np.sort(edges[: count + 1])
    out = np.empty(count + 2, np.uint32)
    out[0], length, index, before = np.uint32(places[0]), 1, 1, places[0]
    while index <= count:
        step = places[index] - before
        before = places[index]
        index += 1
        if step > 0:
            out[length] = np.uint32(step)
            length += 1
        elif index <= count:
            out[length - 1] += np.uint32(places[index] - before)
            before = places[index]
            index += 1
    return out[:length]
