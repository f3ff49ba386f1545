"""How far two answers about one image lie apart: the measure of every certificate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.vision.masks import from_text, intersection_px, table, to_dense

Columns = Mapping[str, NDArray[Any]]
"""Results of one image as stored predictions have them (`shared.runtime.tasks`)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an exported model in float32 may lie from the reported one.

    Another processor or another release of ONNX Runtime adds in another order: its tensors differ
    by some 1e-6. Answers follow smoothly, except where a comparison decides, see `difference`.

    Attributes:
        score: Largest difference of a score.
        box_px: Largest difference of a box's side, in pixels.
        mask_iou: Least intersection over union of a mask's pixels.
        mask_px: So many pixels of a mask may differ whatever their share: on a border two scores
            are equal but for their last bits, and of a mask of 20 pixels one is already 5 %. Of an
            object's mask, one row or column more: its box cuts it at a whole pixel.
        unpaired: Share of results that may lack a partner: of two boxes that overlap by just the
            merge rule's limit, or have equal scores, the last bits choose which one stays.
    """

    score: float = 1e-4
    box_px: float = 0.1
    mask_iou: float = 0.999
    mask_px: int = 4
    unpaired: float = 0.01


@dataclass(frozen=True, slots=True)
class Edges:
    """Where the last bits of a score decide whether a result is told at all.

    Attributes:
        floor: Results below this score are not told.
        most: Nor are those behind so many.
    """

    floor: float
    most: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Two answers about one image.

    Attributes:
        results: How many results there are.
        reported: How many there were.
        labels_differ: Whether one of two answers has a label of pixels, or a best label, that the
            other lacks.
        score: Largest difference of partners' scores.
        box_px: Largest difference of partners' sides, in pixels.
        mask_iou: Least intersection over union of a mask's pixels; 1 where there are none.
        mask_px: Most pixels, of an object's mask those outside one row or column, in which a mask
            differs that is below the limit of ``mask_iou``.
        unpaired: Results without a partner that are not at an edge.
    """

    results: int
    reported: int
    labels_differ: bool = False
    score: float = 0.0
    box_px: float = 0.0
    mask_iou: float = 1.0
    mask_px: int = 0
    unpaired: int = 0

    def within(self, limits: Limits) -> bool:
        """Whether this is the same answer; NaN never is."""
        return (
            not self.labels_differ
            and self.unpaired <= _spare(self.results, self.reported, limits)
            and self.score <= limits.score
            and self.box_px <= limits.box_px
            and (self.mask_iou >= limits.mask_iou or self.mask_px <= limits.mask_px)
        )


def difference(
    found: Columns,
    reported: Columns,
    size: tuple[int, int],
    edges: Edges,
    *,
    limits: Limits | None = None,
) -> Difference:
    """Compare the answers about one image of ``size`` (height, width), whatever the task.

    Objects are partners that have one label and lie within the limits, lines of text those that say
    the same. One without a partner
    counts unless its score is within ``limits.score`` of the floor, or of the last one of an answer
    that is full.
    """
    limits = limits or Limits()
    if "scores" in reported:
        return _of_scores(found["scores"], reported["scores"])
    if "text" in reported:
        found, reported = _as_boxes(found, reported)
    if "box" in reported:
        return _of_boxes(found, reported, (size, edges, limits))
    return _of_masks(found, reported, size, limits)


def _spare(results: int, reported: int, limits: Limits) -> int:
    return int(limits.unpaired * max(results, reported))


def _of_scores(found: NDArray[Any], reported: NDArray[Any]) -> Difference:
    if found.shape != reported.shape:
        return Difference(len(found), len(reported), labels_differ=True)
    apart = float(np.abs(found.astype(np.float64) - reported).max(initial=0.0))
    # Two labels that are equally likely may change places: their scores are no farther apart.
    best, said = int(found[0].argmax()), int(reported[0].argmax())
    differ = best != said and float(reported[0][said] - reported[0][best]) > 2 * apart
    return Difference(len(found), len(reported), labels_differ=differ, score=apart)


def _as_boxes(*answers: Columns) -> list[Columns]:
    """Lines of text as objects: what they say is their label, their four corners are their box."""
    texts: dict[bytes, int] = {}
    return [
        {
            "label": np.array(
                [texts.setdefault(_code(one, row, "text"), len(texts)) for row in range(count)],
                np.int64,
            ),
            "score": one["score"],
            "box": one["points"].reshape(count, 8),
        }
        for one in answers
        for count in [len(one["score"])]
    ]


def _of_boxes(
    found: Columns, reported: Columns, given: tuple[tuple[int, int], Edges, Limits]
) -> Difference:
    size, edges, limits = given
    sides, scores = _apart(found, reported)
    pairs = _nearest(sides, (sides <= limits.box_px) & (scores <= limits.score))
    sure = (
        _is_sure(reported, found, edges, limits),
        _is_sure(found, reported, edges, limits),
    )
    for row, other in pairs:
        sure[0][row] = sure[1][other] = False
    unpaired = max(int(sure[0].sum()), int(sure[1].sum()))
    counts = len(found["label"]), len(reported["label"])
    masks = [(_code(found, other), _code(reported, row)) for row, other in pairs if "rle" in found]
    mask_iou, mask_px = _agreement(masks, size, limits, has_box=True)
    told = pairs
    if unpaired > _spare(*counts, limits):  # tell how far those lie apart
        told = [*pairs, *_nearest(sides, np.isfinite(sides) & sure[0][:, None] & sure[1])]
    rows = tuple(np.array(told, np.int64).reshape(-1, 2).T)
    is_number = bool(np.isfinite(sides[sides != np.inf]).all() and np.isfinite(scores).all())
    return Difference(
        *counts,
        score=float(scores[rows].max(initial=0.0)) if is_number else np.nan,
        box_px=float(sides[rows].max(initial=0.0)),
        mask_iou=mask_iou,
        mask_px=mask_px,
        unpaired=unpaired,
    )


def _apart(found: Columns, reported: Columns) -> tuple[NDArray[Any], NDArray[Any]]:
    """Differences of sides in pixels and of scores, ``(reported, found)``; inf across labels."""
    boxes, scores = (reported[name].astype(np.float64)[:, None] for name in ("box", "score"))
    sides = np.abs(boxes - found["box"]).max(axis=2, initial=0.0)
    sides[reported["label"][:, None] != found["label"]] = np.inf
    return sides, np.abs(scores - found["score"])


def _nearest(sides: NDArray[Any], allowed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Each row with the nearest allowed column that has no row yet."""
    pairs = []
    free = np.ones(sides.shape[1], bool)
    for row in np.flatnonzero(allowed.any(axis=1)).tolist():
        columns = np.flatnonzero(free & allowed[row])
        if columns.size:
            best = int(columns[sides[row, columns].argmin()])
            free[best] = False
            pairs.append((row, best))
    return pairs


def _is_sure(columns: Columns, other: Columns, edges: Edges, limits: Limits) -> NDArray[np.bool_]:
    """Which results the other answer must have, too, however its last bits fall."""
    lowest = edges.floor
    if len(other["score"]) >= edges.most >= len(columns["score"]):
        lowest = max(lowest, float(other["score"].min()))
    return ~(columns["score"].astype(np.float64) <= lowest + limits.score)


def _of_masks(
    found: Columns, reported: Columns, size: tuple[int, int], limits: Limits
) -> Difference:
    mine, theirs = _masks_of(found), _masks_of(reported)
    both = mine.keys() & theirs.keys()
    least, most = _agreement([(mine[label], theirs[label]) for label in both], size, limits)
    # A label that one of the two has and the other lacks is another answer.
    alone = [one[label] for one in (mine, theirs) for label in one.keys() - both]
    differ = any(int(from_text(code)[1::2].sum()) > limits.mask_px for code in alone)
    return Difference(len(mine), len(theirs), labels_differ=differ, mask_iou=least, mask_px=most)


def _agreement(
    pairs: Sequence[tuple[bytes, bytes]],
    size: tuple[int, int],
    limits: Limits,
    *,
    has_box: bool = False,
) -> tuple[float, int]:
    """The least intersection over union of two masks, and `Difference.mask_px`."""
    least, most = 1.0, 0
    for pair in pairs:
        codes = [from_text(code) for code in pair]
        masks = table(codes, [size, size])
        shared = intersection_px(masks, 0, masks, 1)
        union = sum(int(code[1::2].sum()) for code in codes) - shared
        overlap = shared / union if union else 1.0
        least = min(least, overlap)
        if overlap < limits.mask_iou:
            most = max(most, union - shared - (_longest_line(codes, size) if has_box else 0))
    return least, most


def _longest_line(codes: Sequence[NDArray[np.uint32]], size: tuple[int, int]) -> int:
    """The most pixels of a row or column in which two masks differ."""
    first, second = (to_dense(code, *size) for code in codes)
    apart = first != second
    return int(max(apart.sum(axis=0).max(), apart.sum(axis=1).max()))


def _masks_of(columns: Columns) -> dict[int, bytes]:
    return {int(label): _code(columns, row) for row, label in enumerate(columns["label"])}


def _code(columns: Columns, row: int, name: str = "rle") -> bytes:
    starts = columns[f"{name}_starts"]
    return columns[name][starts[row] : starts[row + 1]].tobytes()
