"""What is probably wrong with labels, as their shapes alone tell; no picture and no model is asked.

What is found is a question to a person: each finding may be no error.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from services.annotation.domain.extents import extent_of
from services.annotation.domain.snapshots import AnnotatedImage
from shared.contracts.shapes import Shape
from shared.ids import derived_id
from shared.vision import boxes

Rule = Literal[
    "outside",
    "contradicting",
    "mislabelled",
    "misread",
    "missing",
    "loose",
    "alike",
    "leaked",
    "twice",
    "tiny",
    "few",
]
"""Worst first: what a shape teaches nothing or a lie by, then what is merely little."""

RULES: tuple[Rule, ...] = get_args(Rule)
FEW = 30
"""Annotations of a label, fewer of which teach little (the manual's advice)."""
TWICE_IOU = 0.9
CONTRADICTING_IOU = 0.8
"""Two people's boxes of one object meet like that; two objects of different labels hardly do."""
INSIDE_SHARE = 0.5
TINY_PX = 4.0
TINY_SHARE = 0.2
"""Of the median size of its label, where at least ``KNOWN_SIZES`` shapes tell that."""
KNOWN_SIZES = 10
_ROWS = 100  # of a matrix at once, which has a column for each shape of an image


@dataclass(frozen=True)
class Finding:
    """Something to look at.

    Attributes:
        id: The same again while image, shapes and rule are.
        rule: What is wrong.
        image_id: Where; empty for what concerns a label as a whole.
        image_name: The image's.
        label: Of the shape, or the label itself; of ``misread`` what the annotation reads.
        other_label: Of the other shape, where two are concerned, or what the version says instead.
        shape_ids: The shapes.
        place: What they cover, (x1, y1, x2, y2) in pixels of the image; None for no place.
        figure: Longest side in px (``tiny``), share inside the image (``outside``), intersection
            over union (``twice``, ``contradicting``, ``loose``), score of the version
            (``mislabelled``, ``misread``, ``missing``), annotations (``few``), share of equal bits
            of two pictures' looks (``alike``, ``leaked``).
        other_image_id: The other picture, where two are concerned (``alike``, whose labels are all
            of each picture with their numbers, and ``leaked``, which judges what the other taught).
        other_image_name: Its name.
    """

    id: str
    rule: Rule
    label: str
    figure: float
    image_id: str = ""
    image_name: str = ""
    other_label: str = ""
    shape_ids: tuple[str, ...] = ()
    place: tuple[float, float, float, float] | None = None
    other_image_id: str = ""
    other_image_name: str = ""


def check(images: Sequence[AnnotatedImage]) -> Iterator[Finding]:
    """Yield what is probably wrong with the labels of images, image by image, then of labels.

    Args:
        images: Annotated images, in any order; their shapes need not have been checked.

    Yields:
        Nothing for no images. Labels of whole images have no place: only their number counts.
    """
    extents = [_Extents.of(image) for image in images]
    usual = _usual_sides(extents)
    for one in extents:
        yield from _misplaced(one, usual)
        yield from _doubled(one)
    yield from _few(images)


@dataclass(frozen=True)
class _Extents:
    """The shapes of an image that have a place: their boxes ``(N, 4)`` and areas ``(N,)``, px."""

    image: AnnotatedImage
    shapes: tuple[Shape, ...]
    boxes_xyxy: boxes.Boxes
    areas: NDArray[np.float64]

    @classmethod
    def of(cls, image: AnnotatedImage) -> "_Extents":
        shapes = tuple(shape for shape in image.shapes if shape.kind != "image")
        found = [extent_of(shape) for shape in shapes]
        extents = boxes.as_boxes([box for box, _ in found])
        return cls(image, shapes, extents, np.array([area for _, area in found], np.float64))

    @property
    def sides(self) -> NDArray[np.float64]:
        """Longest side of each, ``(N,)`` px."""
        wide_high = self.boxes_xyxy[:, 2:] - self.boxes_xyxy[:, :2]
        return np.asarray(wide_high.max(axis=1, initial=0.0), np.float64)

    def finding(self, rule: Rule, figure: float, *places: int) -> Finding:
        shapes = [self.shapes[place] for place in places]
        covered = self.boxes_xyxy[list(places)]
        low, high = covered[:, :2].min(axis=0), covered[:, 2:].max(axis=0)
        ids = tuple(sorted(shape.id for shape in shapes))
        return Finding(
            id=derived_id(rule, self.image.image_id, *ids),
            rule=rule,
            label=shapes[0].label,
            figure=round(figure, 3),
            image_id=self.image.image_id,
            image_name=self.image.name,
            other_label=shapes[1].label if len(shapes) > 1 else "",
            shape_ids=ids,
            place=(float(low[0]), float(low[1]), float(high[0]), float(high[1])),
        )


def _usual_sides(extents: Iterable[_Extents]) -> dict[str, float]:
    sides: dict[str, list[float]] = {}
    for one in extents:
        for shape, side in zip(one.shapes, one.sides, strict=True):
            sides.setdefault(shape.label, []).append(float(side))
    return {label: median(found) for label, found in sides.items() if len(found) >= KNOWN_SIZES}


def _misplaced(one: _Extents, usual: dict[str, float]) -> Iterator[Finding]:
    width, height = one.image.width, one.image.height
    clipped = boxes.area(boxes.clip(one.boxes_xyxy, width, height))
    whole = boxes.area(one.boxes_xyxy)
    inside = np.divide(clipped, whole, out=np.ones_like(clipped), where=whole > 0)
    for place, side in enumerate(one.sides):
        least = max(TINY_PX, TINY_SHARE * usual.get(one.shapes[place].label, 0.0))
        if inside[place] < INSIDE_SHARE:
            yield one.finding("outside", float(inside[place]), place)
        elif side < least:
            yield one.finding("tiny", float(side), place)


def _doubled(one: _Extents) -> Iterator[Finding]:
    """Yield each shape at most once for a rule, with the first that it doubles.

    Of twenty thousand shapes in one place there are as many findings, not a pair for each two.
    """
    order, areas = np.arange(len(one.shapes)), one.areas
    label = _numbered(shape.label for shape in one.shapes)
    content = _numbered((shape.label, shape.text) for shape in one.shapes)
    told: dict[Rule, NDArray[np.bool_]] = {}
    for start in range(0, len(order), _ROWS):
        rows = order[start : start + _ROWS, None]
        overlaps = boxes.iou_matrix(one.boxes_xyxy[start : start + _ROWS], one.boxes_xyxy)
        fits = (rows < order) & _as_large(areas[rows], areas)
        found: dict[Rule, NDArray[np.bool_]] = {
            "contradicting": fits & (overlaps >= CONTRADICTING_IOU) & (label[rows] != label),
            "twice": fits & (overlaps >= TWICE_IOU) & (content[rows] == content),
        }
        for rule, pairs in found.items():
            before = told.get(rule, np.zeros(len(order), bool))
            for second in np.flatnonzero(pairs.any(axis=0) & ~before):
                row = int(pairs[:, second].argmax())
                yield one.finding(rule, float(overlaps[row, second]), start + row, int(second))
            told[rule] = before | pairs.any(axis=0)


def _numbered(values: Iterable[Hashable]) -> NDArray[np.int64]:
    """Return a number for each value, ``(N,)``: the same for the same."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def _as_large(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether two outlines in one box can be one: a diagonal scratch is no square part."""
    return np.minimum(first, second) >= CONTRADICTING_IOU * np.maximum(first, second)


def _few(images: Sequence[AnnotatedImage]) -> Iterator[Finding]:
    counts = Counter(shape.label for image in images for shape in image.shapes)
    for label, count in sorted(counts.items()):
        if count < FEW:
            yield Finding(id=derived_id("few", label), rule="few", label=label, figure=count)
