"""The error gallery by image: one tile an image, with a mark for each error and each hit."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.evaluator.domain.numbers.columns import Flags, Ints
from services.evaluator.domain.objects.error_gallery import (
    FALSE_DETECTION,
    FOUND,
    MISS,
    NONE,
    WRONG_LABEL,
    Corners,
    ErrorIndex,
    error_index,
    records,
)
from services.evaluator.domain.objects.operating_view import OperatingView
from shared.contracts.shapes import Rle
from shared.vision.masks import MaskTable, to_text

MarkKind = Literal["false", "missed", "wrong_label", "correct"]
PageSort = Literal["confidence", "size"]
CODES: dict[str, tuple[int, ...]] = {
    "false": (FALSE_DETECTION, WRONG_LABEL),
    "missed": (MISS, WRONG_LABEL),
    "wrong_label": (WRONG_LABEL,),
    "correct": (FOUND,),
}


@dataclass(frozen=True, slots=True)
class ErrorChoice:
    """Which objects are looked for, and in which order; None leaves a side open.

    ``label`` fits as truth or as prediction. ``truth`` and ``predicted`` name a row and a column of
    the confusion matrix, "" that of nothing; they look for hits, too. An unknown label fits
    nothing.
    """

    label: str | None = None
    kind: MarkKind | None = None
    truth: str | None = None
    predicted: str | None = None
    sort: PageSort = "confidence"

    @property
    def is_cell(self) -> bool:
        """Whether the confusion matrix is asked."""
        return (self.truth, self.predicted) != (None, None)


@dataclass(frozen=True, slots=True)
class Mark:
    """One object on an error image: false in red, missed in orange, correct in green.

    ``box`` is ``(x1, y1, x2, y2)`` in pixels; ``rle`` is its mask in a segmentation; None
    where boxes are judged, and for a mask that is too large to be told.
    """

    kind: Literal["false", "missed", "correct"]
    label: str
    confused_with: str | None
    score: float | None
    box: Corners
    rle: Rle | None
    shape_id: str | None


@dataclass(frozen=True, slots=True)
class ImageErrors:
    """One image of the gallery: its place in the evaluation, and its marks."""

    image: int
    marks: tuple[Mark, ...]


def error_pages(
    view: OperatingView, choice: ErrorChoice, *, first: int, count: int
) -> tuple[list[ImageErrors], int]:
    """One page of images that have such errors, and how many there are.

    Images stand in the order of their most confident (or largest) error. Marks of an image are all
    that fit the labels, hits included; where masks are compared each mark carries its own.
    """
    evaluation = view.evaluation
    index = error_index(evaluation, view.result, view.matches, view.row)
    fits = _fits(view, index, choice)
    if choice.kind:
        wanted = fits & np.isin(index.kind, CODES[choice.kind])
    else:
        wanted = fits if choice.is_cell else fits & (index.kind != FOUND)
    keys = index.score if choice.sort == "confidence" else index.size_px
    best = np.full(evaluation.arranged.images, -1.0)
    np.maximum.at(best, index.image[wanted], keys[wanted])
    images = np.flatnonzero(best >= 0)
    ordered = images[np.argsort(-best[images], kind="stable")]
    shown = ordered[first : first + count]
    pages = [ImageErrors(int(image), _marks(view, index, fits, int(image))) for image in shown]
    return pages, int(ordered.size)


def _fits(view: OperatingView, index: ErrorIndex, choice: ErrorChoice) -> Flags:
    known, arranged = view.evaluation.samples.labels, view.evaluation.arranged

    def truth(label: str) -> Flags:
        return _has(arranged.truth_label, index.truth, known, label)

    def predicted(label: str) -> Flags:
        return _has(arranged.det_label, index.detection, known, label)

    fits = np.ones(index.kind.size, np.bool_)
    if choice.label is not None:
        fits &= truth(choice.label) | predicted(choice.label)
    if choice.truth is not None:
        fits &= truth(choice.truth) if choice.truth else index.truth == NONE
    if choice.predicted is not None:
        fits &= predicted(choice.predicted) if choice.predicted else index.detection == NONE
    return fits


def _has(labels: Ints, rows: Ints, known: tuple[str, ...], label: str) -> Flags:
    out = np.zeros(rows.size, np.bool_)
    if label not in known:
        return out
    wanted = known.index(label)
    there = rows >= 0
    out[there] = labels[rows[there]] == wanted
    return out


def _marks(view: OperatingView, index: ErrorIndex, fits: Flags, image: int) -> tuple[Mark, ...]:
    rows = np.flatnonzero(fits & (index.image == image))
    truths, detections = view.evaluation.masks or (None, None)
    out: list[Mark] = []
    for row, error in zip(rows, records(view.evaluation, index, rows), strict=True):
        if error.box is not None and error.predicted_label is not None:
            out.append(
                Mark(
                    kind="correct" if error.kind == "found" else "false",
                    label=error.predicted_label,
                    confused_with=None if error.kind == "found" else error.true_label,
                    score=error.score,
                    box=error.box,
                    rle=_rle(detections, int(index.detection[row])),
                    shape_id=error.shape_id,
                )
            )
        if error.truth_box is not None and error.true_label is not None and error.kind != "found":
            out.append(
                Mark(
                    kind="missed",
                    label=error.true_label,
                    confused_with=error.predicted_label,
                    score=None,
                    box=error.truth_box,
                    rle=_rle(truths, int(index.truth[row])),
                    shape_id=error.shape_id,
                )
            )
    return tuple(out)


def _rle(masks: MaskTable | None, row: int) -> Rle | None:
    if masks is None or row == NONE:
        return None
    size = (int(masks.heights[row]), int(masks.widths[row]))
    return Rle(size=size, counts=to_text(masks.code(row)))
