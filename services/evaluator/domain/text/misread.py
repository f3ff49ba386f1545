"""The error gallery of a reader, line by line: what is written, and what was read instead."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.objects.error_gallery import Corners
from services.evaluator.domain.text.alignment import TextPart, align, parts_of
from services.evaluator.domain.text.recognition import Lines, Located
from services.evaluator.domain.text.strictness import Strictness

MisreadKind = Literal["wrong_sign", "missed", "false"]
KINDS: tuple[MisreadKind, ...] = ("wrong_sign", "missed", "false")
SHOWN_OF_EACH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlace:
    """Where a line is: ``box`` is ``(x1, y1, x2, y2)`` in pixels of its image."""

    image_id: str
    name: str
    width: int
    height: int
    box: Corners
    shape_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MisreadLine(LinePlace):
    """A line that was read wrongly, missed, or found where there is none.

    ``errors`` counts signs that are wrong, left out or too many; ``score`` is None for a miss.
    """

    kind: MisreadKind
    parts: tuple[TextPart, ...]
    errors: int
    score: float | None


@dataclass(frozen=True, slots=True)
class MisreadLines:
    """How many of each kind, and up to 200 of each, those with the most errors first."""

    counts: dict[MisreadKind, int]
    samples: tuple[MisreadLine, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    kind: MisreadKind
    errors: int
    truth: int
    detection: int
    parts: tuple[TextPart, ...]


def misread_lines(
    located: Located, strictness: Strictness, names: tuple[str, ...] | None
) -> MisreadLines:
    """List the lines worth looking at; ``names`` are those of the images, in their order."""
    rows = list(_rows(located, strictness))
    counts = {kind: sum(1 for row in rows if row.kind == kind) for kind in KINDS}
    kept = [
        row
        for kind in KINDS
        for row in sorted((one for one in rows if one.kind == kind), key=lambda one: -one.errors)[
            :SHOWN_OF_EACH
        ]
    ]
    kept.sort(key=lambda row: -row.errors)
    places = Places.of(located.lines, names)
    score = located.lines.evaluation.arranged.score
    samples = tuple(
        MisreadLine(
            **places.fields(row.truth, row.detection),
            kind=row.kind,
            parts=row.parts,
            errors=row.errors,
            score=None if row.detection < 0 else float(score[row.detection]),
        )
        for row in kept
    )
    return MisreadLines(counts, samples)


def _rows(located: Located, strictness: Strictness) -> Iterator[_Row]:
    lines = located.lines
    for det, truth in zip(located.found.tolist(), located.truth.tolist(), strict=True):
        written = lines.written(truth)
        pairs = align(written, lines.read(det), strictness) if written else []
        errors = sum(1 for one in pairs if one.wrong)
        if errors:
            yield _Row("wrong_sign", errors, truth, det, parts_of(pairs))
    for truth in located.missed.tolist():
        written = lines.written(truth)
        parts = (TextPart(written, "", wrong=True),) if written else ()
        yield _Row("missed", len(written), truth, -1, parts)
    for det in located.false.tolist():
        read = lines.read(det)
        parts = (TextPart("", read, wrong=True),) if read else ()
        yield _Row("false", len(read), -1, det, parts)


@dataclass(frozen=True, slots=True)
class Places:
    """Looks up where lines are, by their rows in evaluation order."""

    lines: Lines
    names: tuple[str, ...]
    truth_image: Ints
    det_image: Ints

    @classmethod
    def of(cls, lines: Lines, names: tuple[str, ...] | None) -> "Places":
        """Those of an evaluation; images without names are called by their ids."""
        arranged = lines.evaluation.arranged
        ids = lines.evaluation.samples.images.ids
        return cls(lines, names or tuple(ids), arranged.truth_image(), arranged.det_image())

    def fields(self, truth: int, detection: int) -> dict[str, Any]:
        """Fields of a `LinePlace`: of the true line, of the predicted one where there is none."""
        evaluation = self.lines.evaluation
        arranged, images = evaluation.arranged, evaluation.samples.images
        there = truth >= 0
        image = int(self.truth_image[truth] if there else self.det_image[detection])
        box = arranged.truth_boxes[truth] if there else arranged.det_boxes[detection]
        ids = evaluation.samples.truths.ids
        return {
            "image_id": images.ids[image],
            "name": self.names[image],
            "width": int(images.widths[image]),
            "height": int(images.heights[image]),
            "box": corners(box),
            "shape_id": (ids[arranged.truth_source[truth]] or None) if there and ids else None,
        }


def corners(box_xywh: Floats) -> Corners:
    """Corners ``(x1, y1, x2, y2)`` of a box.

    >>> corners(np.array([1.0, 2.0, 3.0, 4.0]))
    (1.0, 2.0, 4.0, 6.0)
    """
    x, y, width, height = np.asarray(box_xywh, np.float64).tolist()
    return x, y, x + width, y + height
