"""Masks as run-length codes: many masks in three flat arrays, read and written in COCO's format.

A :class:`MaskTable` of ten thousand VGA masks takes a few megabytes; as pixels it would take three
gigabytes. Pixels appear only in :func:`to_dense` and :func:`window`, one mask at a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shared.vision import kernels

Counts = NDArray[np.uint32]
Offsets = NDArray[np.int64]
Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
MOST_COORDINATE = 1e6  # px; an outline is walked step by step


@dataclass(frozen=True, slots=True)
class MaskTable:
    """``N`` masks; mask ``i`` is ``counts[starts[i]:starts[i + 1]]``: columns, background first."""

    counts: Counts
    starts: Offsets
    heights: Offsets
    widths: Offsets

    def __len__(self) -> int:
        """Return the number of masks."""
        return int(self.starts.size - 1)

    def code(self, index: int) -> Counts:
        """Return the runs of one mask."""
        return self.counts[self.starts[index] : self.starts[index + 1]]

    def take(self, order: NDArray[np.integer]) -> "MaskTable":
        """Return the masks ``order`` (indices, ``(M,)``) in that order."""
        lengths = np.diff(self.starts)[order]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        source = np.repeat(self.starts[:-1][order] - starts[:-1], lengths)
        counts = self.counts[source + np.arange(starts[-1])]
        return MaskTable(counts, starts, self.heights[order], self.widths[order])


def table(codes: Sequence[Counts], sizes: Iterable[tuple[int, int]]) -> MaskTable:
    """Gather single codes and their sizes ``(height, width)`` into a table.

    Raises:
        ValueError: A code does not cover its mask exactly.

    >>> len(table([], []))
    0
    """
    shape = np.array([(h, w) for h, w in sizes], np.int64).reshape(-1, 2)
    starts = np.concatenate([[0], np.cumsum([code.size for code in codes])]).astype(np.int64)
    counts = np.concatenate(codes) if len(codes) else np.zeros(0, np.uint32)
    return _covering(
        MaskTable(counts.astype(np.uint32, copy=False), starts, shape[:, 0], shape[:, 1])
    )


def _covering(masks: MaskTable) -> MaskTable:
    padded = np.concatenate([[0], np.cumsum(masks.counts, dtype=np.int64)])
    covered = padded[masks.starts[1:]] - padded[masks.starts[:-1]]
    wrong = np.flatnonzero(covered != masks.heights * masks.widths)
    if wrong.size:
        raise ValueError(f"mask {wrong[0]}: the runs do not add up to height × width")
    return masks


def from_text(text: str | bytes) -> Counts:
    """Read one compressed COCO text.

    Raises:
        ValueError: The text is not a run-length code.

    >>> from_text("11").tolist()
    [1, 1]
    """
    raw = text.encode("ascii", "ignore") if isinstance(text, str) else text
    if len(raw) != len(text):
        raise ValueError("not a run-length code")
    data = np.frombuffer(raw, np.uint8)
    out = np.empty(max(data.size, 1), np.uint32)
    runs = kernels.decode_text(data, out)
    if runs < 0:
        raise ValueError("not a run-length code")
    return out[:runs].copy()


def from_texts(text: Bytes, places: Offsets, heights: Offsets, widths: Offsets) -> MaskTable:
    """Read many compressed COCO texts at once.

    Args:
        text: All texts, one after another, in ASCII.
        places: Where each begins, ``(N + 1,)``.
        heights: Rows of each mask, ``(N,)``.
        widths: Columns of each mask, ``(N,)``.

    Raises:
        ValueError: A text is not a run-length code, or does not cover its mask exactly.

    >>> one = np.ones(1, np.int64)
    >>> len(from_texts(np.frombuffer(b"11", np.uint8), np.array([0, 2]), one, 2 * one))
    1
    """
    counts, starts, wrong = kernels.decode_texts(text, places)
    if wrong >= 0:
        raise ValueError(f"mask {wrong}: not a run-length code")
    return _covering(MaskTable(counts, starts, heights, widths))


def to_text(counts: Counts) -> str:
    """Write one code as compressed COCO text.

    >>> to_text(np.array([1, 1], np.uint32))
    '11'
    """
    encoded: NDArray[np.uint8] = kernels.encode_text(counts.astype(np.uint32))
    return encoded.tobytes().decode("ascii")


def to_texts(masks: MaskTable) -> list[str]:
    """Write every mask of a table as compressed COCO text.

    >>> to_texts(table([np.array([1, 1], np.uint32)], [(1, 2)]))
    ['11']
    """
    encoded, places = kernels.encode_texts(masks.counts, masks.starts)
    text = encoded.tobytes().decode("ascii")
    edges = places.tolist()
    return [text[first:last] for first, last in pairwise(edges)]


def from_dense(pixels: Bits) -> Counts:
    """Encode one ``(height, width)`` mask.

    >>> from_dense(np.array([[False, True], [False, False]])).tolist()
    [2, 1, 1]
    """
    flat = np.asarray(pixels, np.bool_).ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    first = [0] if flat.size and flat[0] else []
    edges = np.concatenate([[0], first, changes, [flat.size]]).astype(np.int64)
    return np.diff(edges).astype(np.uint32)


def from_part(pixels: Bits, at: tuple[int, int], size: tuple[int, int]) -> Counts:
    """Encode a mask of which only a part ``(h, w)`` holds anything, without its other pixels.

    Args:
        pixels: The part, inside the mask.
        at: Its column and row in the mask.
        size: Height and width of the mask.

    >>> from_part(np.array([[True]]), (1, 0), (2, 2)).tolist()
    [2, 1, 1]
    """
    framed = np.zeros((pixels.shape[1], pixels.shape[0] + 2), np.int8)
    framed[:, 1:-1] = pixels.T
    steps = np.diff(framed, axis=1)
    first = (np.arange(len(framed), dtype=np.int64) + at[0]) * size[0] + at[1]
    edges = (np.argwhere(steps) @ np.array([0, 1])) + np.repeat(first, (steps != 0).sum(axis=1))
    return _between(edges, size[0] * size[1])


def reframed(
    counts: Counts,
    height: int,
    box: tuple[int, int, int, int],
    *,
    at: tuple[int, int],
    size: tuple[int, int],
) -> Counts:
    """Encode a part of one mask as part of another, without the pixels of either.

    Args:
        counts: The mask.
        height: Its rows.
        box: The part of it, ``x, y, w, h`` inside the mask.
        at: Column and row of the part's corner in the other mask, in which it lies whole.
        size: Height and width of the other mask.

    >>> column = np.array([1, 3], np.uint32)
    >>> reframed(column, 4, (0, 2, 1, 2), at=(1, 0), size=(2, 2)).tolist()
    [2, 2]
    """
    edges = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    edges = np.clip(edges, box[0] * height, (box[0] + box[2]) * height)
    starts, stops = edges[1:-1:2], edges[2::2]
    there = stops > starts
    starts, stops = starts[there], stops[there]
    # Each run in as many pieces as it has columns.
    pieces = (stops - 1) // height - starts // height + 1
    run = np.repeat(np.arange(len(starts)), pieces)
    nth = np.arange(len(run)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    column = starts[run] // height + nth
    top = np.maximum(starts[run] - column * height, box[1])
    bottom = np.minimum(stops[run] - column * height, box[1] + box[3])
    seen = bottom > top
    corner = (column[seen] - box[0] + at[0]) * size[0] + at[1] - box[1]
    ends = np.stack([corner + top[seen], corner + bottom[seen]], axis=1)
    return _between(ends.ravel(), size[0] * size[1])


def _between(edges: Offsets, total: int) -> Counts:
    """The code of runs from each even to each odd edge, in rising order, of ``total`` pixels."""
    # A run that ends where the next begins, from the foot of a column to the head of the next.
    meets = np.flatnonzero(edges[1:-1:2] == edges[2::2])
    edges = np.delete(edges, np.concatenate([2 * meets + 1, 2 * meets + 2]))
    last = [] if edges.size and edges[-1] == total else [total]
    return np.diff(np.concatenate([[0], edges, last]).astype(np.int64)).astype(np.uint32)


def to_dense(counts: Counts, height: int, width: int) -> Bits:
    """Decode one mask to ``(height, width)`` pixels.

    >>> to_dense(np.array([2, 1, 1], np.uint32), 2, 2).tolist()
    [[False, True], [False, False]]
    """
    values = np.arange(counts.size) % 2 == 1
    return np.repeat(values, counts.astype(np.int64)).reshape((height, width), order="F")


def window(counts: Counts, height: int, box: tuple[int, int, int, int]) -> Bits:
    """Decode the part of a mask inside ``box`` = ``x, y, w, h`` (whole pixels, inside the mask)."""
    x, y, w, h = box
    edges = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    clipped = np.clip(edges, x * height, (x + w) * height)
    values = np.arange(counts.size) % 2 == 1
    columns = np.repeat(values, np.diff(clipped)).reshape((height, w), order="F")
    return columns[y : y + h]


def from_polygons(rings: Iterable[Sequence[float]], height: int, width: int) -> Counts:
    """Fill rings ``[x1, y1, x2, y2, …]`` and unite them, as COCO's ``frPyObjects`` and ``merge``.

    Rings of fewer than three points cover nothing; no ring gives an empty mask.

    Raises:
        ValueError: A coordinate is not finite, or farther than :data:`MOST_COORDINATE` px away.

    >>> int(from_polygons([[0, 0, 2, 0, 2, 2, 0, 2]], 4, 4)[1::2].sum())
    4
    """
    out = np.array([height * width], np.uint32)
    for ring in rings:
        points = np.asarray(ring, np.float64).reshape(-1, 2)
        if points.size and not np.abs(points).max() <= MOST_COORDINATE:
            raise ValueError("a polygon lies too far outside its image")
        if len(points) >= 3:
            out = kernels.unite(out, kernels.polygon_code(points, height, width))
    return out


def areas(masks: MaskTable) -> Floats:
    """Set pixels of each mask, ``(N,)``."""
    out: Floats = kernels.areas(masks.counts, masks.starts)
    return out


def bounds_xywh(masks: MaskTable) -> Floats:
    """Box ``x, y, w, h`` around each mask, ``(N, 4)``; zeros for an empty mask."""
    out: Floats = kernels.bounds(masks.counts, masks.starts, masks.heights, masks.widths)
    return out


def joined(parts: Sequence[MaskTable]) -> MaskTable:
    """Put tables one after another; no tables give an empty one.

    >>> len(joined([]))
    0
    """
    offsets = np.cumsum([0, *(int(part.starts[-1]) for part in parts)])
    moved = [part.starts[1:] + start for part, start in zip(parts, offsets, strict=False)]
    nothing = np.zeros(0, np.int64)
    return MaskTable(
        counts=np.concatenate([np.zeros(0, np.uint32), *(part.counts for part in parts)]),
        starts=np.concatenate([np.zeros(1, np.int64), *moved]),
        heights=np.concatenate([nothing, *(part.heights for part in parts)]),
        widths=np.concatenate([nothing, *(part.widths for part in parts)]),
    )


def united(codes: Sequence[Counts]) -> Counts:
    """All pixels set in any of some masks of one size, at least one.

    >>> united([np.array([0, 1, 2], np.uint32), np.array([2, 1], np.uint32)]).tolist()
    [0, 1, 1, 1]
    """
    found = codes[0]
    for code in codes[1:]:
        found = kernels.unite(found, code)
    return found


def intersection_px(first: MaskTable, i: int, second: MaskTable, j: int) -> int:
    """Pixels set in mask ``i`` of the first and ``j`` of the second table (same size)."""
    return int(
        kernels.intersection(
            first.counts,
            first.starts[i],
            first.starts[i + 1],
            second.counts,
            second.starts[j],
            second.starts[j + 1],
        )
    )


def pixels_in_box(masks: MaskTable, index: int, box_xyxy: Floats) -> int:
    """Set pixels of one mask inside a box, its corners rounded to whole pixels."""
    limits = np.array([masks.widths[index], masks.heights[index]] * 2)
    corners = np.clip(np.rint(box_xyxy), 0, limits).astype(np.int64)
    height = int(masks.heights[index])
    return int(kernels.pixels_in_box(masks.code(index), height, corners))
