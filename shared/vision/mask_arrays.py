"""What `mask_kernels` does, with numpy alone: for programs that carry no compiler, to the bit.

Each function has the name, the arguments and the answer of the compiled one; see there for what
they mean. Only runs of more than 32 bits, which no mask has, are told apart: here they are no code.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shared.vision.mask_kernels import POLYGON_SCALE

Counts = NDArray[np.uint32]
Offsets = NDArray[np.int64]
Floats = NDArray[np.float64]

_LONGEST = 12  # characters of a number; seven hold every run
_LAST_RUN = 2**32 - 1


def decode_text(text: NDArray[np.uint8], out: Counts) -> int:
    """Read one compressed text into ``out``; return the number of runs, -1 for what is no code."""
    if text.size == 0:
        return 0
    chunks = text.astype(np.int64) - 48
    ends = np.flatnonzero((chunks & 0x20) == 0)
    if chunks.min() < 0 or chunks.max() > 63 or not ends.size or ends[-1] != text.size - 1:
        return -1
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST:
        return -1
    shifts = 5 * (np.arange(text.size) - np.repeat(starts, lengths))
    values = np.add.reduceat((chunks & 0x1F) << shifts, starts)
    is_negative = (chunks[ends] & 0x10) != 0
    values[is_negative] -= np.int64(1) << (5 * lengths[is_negative])
    for first in (1, 2):  # from the fourth on a run is told by its difference to the last but one
        values[first::2] = np.cumsum(values[first::2])
    if values.min() < 0 or values.max() > _LAST_RUN:
        return -1
    out[: values.size] = values
    return int(values.size)


def decode_texts(text: NDArray[np.uint8], places: Offsets) -> tuple[Counts, Offsets, int]:
    """Read many texts that stand one after another; tell where each begins, and which fails."""
    counts, starts = np.empty(text.size + 1, np.uint32), np.zeros(places.size, np.int64)
    for index in range(places.size - 1):
        first = starts[index]
        runs = decode_text(text[places[index] : places[index + 1]], counts[first:])
        if runs < 0:
            return counts, starts, index
        starts[index + 1] = first + runs
    return counts[: starts[-1]].copy(), starts, -1


def encode_text(counts: Counts) -> NDArray[np.uint8]:
    """Write one code as compressed text."""
    left = counts.astype(np.int64)
    left[3:] -= counts[1:-2].astype(np.int64)
    columns, going = [], np.ones(left.size, np.bool_)
    written: list[NDArray[np.bool_]] = []
    while going.any():
        chunk = left & 0x1F
        left = left >> 5
        more = np.where(chunk & 0x10, left != -1, left != 0)
        columns.append(np.where(more, chunk | 0x20, chunk) + 48)
        written.append(going)
        going = going & more
    if not columns:
        return np.zeros(0, np.uint8)
    return np.stack(columns, 1)[np.stack(written, 1)].astype(np.uint8)


def encode_texts(counts: Counts, starts: Offsets) -> tuple[NDArray[np.uint8], Offsets]:
    """Write many codes as texts, one after another; also where each begins."""
    texts = [encode_text(counts[first:last]) for first, last in pairwise(starts)]
    places = np.concatenate([[0], np.cumsum([text.size for text in texts])]).astype(np.int64)
    return np.concatenate([np.zeros(0, np.uint8), *texts]), places


def intersection(
    counts_a: Counts, start_a: int, stop_a: int, counts_b: Counts, start_b: int, stop_b: int
) -> int:
    """Count pixels set in both codes."""
    if start_a == stop_a or start_b == stop_b:
        return 0
    edges = np.cumsum(counts_a[start_a:stop_a], dtype=np.int64)
    firsts, lasts = edges[:-1:2], edges[1::2]
    before = _set_before(counts_b[start_b:stop_b], np.concatenate([firsts, lasts]))
    return int(before[firsts.size :].sum() - before[: firsts.size].sum())


def pixels_in_box(counts: Counts, height: int, box: Offsets) -> int:
    """Count set pixels with ``box[0] <= x < box[2]`` and ``box[1] <= y < box[3]``."""
    if box[3] <= box[1] or not counts.size:
        return 0
    columns = np.arange(box[0], box[2], dtype=np.int64) * height
    before = _set_before(counts, np.concatenate([columns + box[1], columns + box[3]]))
    return int(before[columns.size :].sum() - before[: columns.size].sum())


def areas(counts: Counts, starts: Offsets) -> Floats:
    """Sum the set pixels of each code."""
    total = np.concatenate([[0], np.cumsum(np.where(_is_set(starts), counts, 0), dtype=np.int64)])
    out: Floats = (total[starts[1:]] - total[starts[:-1]]).astype(np.float64)
    return out


def bounds(counts: Counts, starts: Offsets, heights: Offsets, widths: Offsets) -> Floats:
    """Box ``x, y, w, h`` around each code; an empty mask gives zeros."""
    out = np.zeros((starts.size - 1, 4), np.float64)
    edges = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    runs = np.flatnonzero(_is_set(starts) & (counts > 0))
    if not runs.size:
        return out
    masks = np.searchsorted(starts, runs, "right") - 1
    tall = heights[masks]
    first = edges[runs] - edges[starts[masks]]
    last = first + counts[runs].astype(np.int64) - 1
    column, last_column = first // tall, last // tall
    wraps = last_column > column
    top, bottom = np.where(wraps, 0, first % tall), np.where(wraps, tall - 1, last % tall)
    which, begins = np.unique(masks, return_index=True)
    x, y = np.minimum.reduceat(column, begins), np.minimum.reduceat(top, begins)
    out[which, 0], out[which, 1] = x, y
    out[which, 2] = np.maximum.reduceat(last_column, begins) - x + 1
    out[which, 3] = np.maximum.reduceat(bottom, begins) - y + 1
    return out


def unite(counts_a: Counts, counts_b: Counts) -> Counts:
    """Union of two codes of one size."""
    edges_a, edges_b = (np.cumsum(counts, dtype=np.int64) for counts in (counts_a, counts_b))
    edges = np.unique(np.concatenate([[0], edges_a, edges_b]))
    begins, end = edges[:-1], int(edges[-1])
    is_on = _is_on(edges_a, begins) | _is_on(edges_b, begins)
    toggles = begins[np.flatnonzero(np.diff(is_on, prepend=False))]
    return np.diff(np.concatenate([[0], toggles, [end]])).astype(np.uint32)


def polygon_code(points: Floats, height: int, width: int) -> Counts:
    """Fill one ring of ``(N, 2)`` points exactly as ``rleFrPoly`` of COCO does."""
    u, v = _outline(points)
    turned = np.flatnonzero(u[1:] != u[:-1]) + 1
    x = np.where(u[turned] < u[turned - 1], u[turned], u[turned] - 1).astype(np.float64)
    x = (x + 0.5) / POLYGON_SCALE - 0.5
    y = (np.minimum(v[turned], v[turned - 1]).astype(np.float64) + 0.5) / POLYGON_SCALE - 0.5
    y = np.ceil(np.clip(y, 0.0, float(height)))
    kept = (np.floor(x) == x) & (x >= 0) & (x <= width - 1)
    crossings = x[kept].astype(np.int64) * height + y[kept].astype(np.int64)
    toggles, times = np.unique(crossings, return_counts=True)
    toggles = toggles[(times % 2 == 1) & (toggles < height * width)]  # two at one place cancel out
    return np.diff(np.concatenate([[0], toggles, [height * width]])).astype(np.uint32)


def _outline(points: Floats) -> tuple[Offsets, Offsets]:
    """Walk the ring on the fine grid, one step a point, corners twice."""
    corners = (POLYGON_SCALE * points + 0.5).astype(np.int64)
    walked = [
        _edge(first, last)
        for first, last in zip(corners, np.roll(corners, -1, axis=0), strict=True)
    ]
    both = np.concatenate(walked)
    return both[:, 0], both[:, 1]


def _edge(first: Offsets, last: Offsets) -> Offsets:
    dx, dy = np.abs(last - first)
    axis = 0 if dx >= dy else 1
    is_back = first[axis] > last[axis]
    (begin, end) = (last, first) if is_back else (first, last)
    long_side = max(dx, dy)
    slope = 0.0 if long_side == 0 else float(end[1 - axis] - begin[1 - axis]) / long_side
    along = np.arange(long_side + 1)
    steps = np.empty((long_side + 1, 2), np.int64)
    steps[:, axis] = along + begin[axis]
    steps[:, 1 - axis] = (begin[1 - axis] + slope * along + 0.5).astype(np.int64)
    return steps[::-1] if is_back else steps


def _is_set(starts: Offsets) -> NDArray[np.bool_]:
    """Whether each run of a table is one of set pixels."""
    lengths = np.diff(starts)
    is_set: NDArray[np.bool_] = (np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)) % 2 == 1
    return is_set


def _is_on(edges: Offsets, places: Offsets) -> NDArray[np.bool_]:
    """Whether the pixel at each place is set in a code with these run ends."""
    is_on: NDArray[np.bool_] = np.searchsorted(edges, places, "right") % 2 == 1
    is_on &= places < edges[-1]
    return is_on


def _set_before(counts: Counts, places: Offsets) -> Offsets:
    """Set pixels of a code before each place."""
    edges = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    odd = np.arange(counts.size) % 2 == 1
    before = np.concatenate([[0], np.cumsum(np.where(odd, counts, 0), dtype=np.int64)])
    run = np.clip(np.searchsorted(edges, places, "right") - 1, 0, counts.size - 1)
    inside = np.minimum(places, edges[-1]) - edges[run]
    total: Offsets = before[run] + np.where(odd[run], inside, 0)
    return total
