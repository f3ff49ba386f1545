"""What is evaluated: truths, detections and ignore regions of many images, as flat columns.

Defined values for odd input, used everywhere below:

* a box of zero width or height is kept: it overlaps nothing, so a truth of that kind is a miss;
* detections beyond the limit per image and label are dropped, lowest scores first;
* a label without truths has no recall and no AP (``nan`` in arrays, ``null`` in JSON).

Everything else that cannot be right (NaN, negative sides, unknown labels or images, scores outside
[0, 1]) raises :class:`BadSamples`.
"""

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from services.evaluator.domain.numbers.columns import BadSamples, Flags, Floats, Ints
from shared.vision.masks import MaskTable


@dataclass(frozen=True, slots=True)
class ImageList:
    """``M`` images: identifiers, and sizes in pixels (0 where unknown)."""

    ids: tuple[str, ...]
    widths: Ints
    heights: Ints


@dataclass(frozen=True, slots=True)
class Truths:
    """``G`` labelled objects; a crowd object is never a miss and swallows detections inside it.

    ``ids`` name the annotations, each within its image; none if empty.
    """

    image: Ints
    label: Ints
    boxes_xywh: Floats
    area: Floats
    crowd: Flags
    masks: MaskTable | None = None
    ids: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of truths."""
        return int(self.image.size)


@dataclass(frozen=True, slots=True)
class Detections:
    """``D`` predicted objects with scores in [0, 1]."""

    image: Ints
    label: Ints
    boxes_xywh: Floats
    score: Floats
    area: Floats
    masks: MaskTable | None = None

    def __len__(self) -> int:
        """Return the number of detections."""
        return int(self.image.size)


@dataclass(frozen=True, slots=True)
class Regions:
    """Places where nothing counts: a detection mostly inside one is neither right nor wrong."""

    image: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    boxes_xywh: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    masks: MaskTable | None = None

    def __len__(self) -> int:
        """Return the number of regions."""
        return int(self.image.size)


@dataclass(frozen=True, slots=True)
class Samples:
    """One evaluation's input; ``image`` and ``label`` columns index ``images`` and ``labels``."""

    labels: tuple[str, ...]
    images: ImageList
    truths: Truths
    detections: Detections
    regions: Regions = field(default_factory=Regions)


def truths_from(
    image: Ints, label: Ints, boxes_xywh: Floats, *, crowd: Flags | None = None
) -> Truths:
    """Box truths with the area of their boxes; ``crowd`` is False everywhere if not given."""
    boxes = np.asarray(boxes_xywh, np.float64).reshape(-1, 4)
    return Truths(
        image=np.asarray(image, np.int64),
        label=np.asarray(label, np.int64),
        boxes_xywh=boxes,
        area=boxes[:, 2] * boxes[:, 3],
        crowd=np.zeros(len(boxes), np.bool_) if crowd is None else np.asarray(crowd, np.bool_),
    )


def detections_from(image: Ints, label: Ints, boxes_xywh: Floats, *, score: Floats) -> Detections:
    """Box detections with the area of their boxes."""
    boxes = np.asarray(boxes_xywh, np.float64).reshape(-1, 4)
    return Detections(
        image=np.asarray(image, np.int64),
        label=np.asarray(label, np.int64),
        boxes_xywh=boxes,
        score=np.asarray(score, np.float64),
        area=boxes[:, 2] * boxes[:, 3],
    )


def on_images(samples: Samples, chosen: Flags) -> Samples:
    """The samples on some images only, ``(M,)``; the other images stay listed, empty."""

    def of(rows: Any) -> dict[str, Any]:  # noqa: ANN401 - any of our three tables
        keep = np.flatnonzero(chosen[rows.image])
        columns = {f.name: getattr(rows, f.name) for f in fields(rows)}
        return {
            name: column.take(keep) if isinstance(column, MaskTable) else column[keep]
            for name, column in columns.items()
            if column is not None and name != "ids"
        }

    return replace(
        samples,
        truths=replace(samples.truths, **of(samples.truths), ids=()),
        detections=replace(samples.detections, **of(samples.detections)),
        regions=replace(samples.regions, **of(samples.regions)),
    )


def check(samples: Samples) -> None:
    """Refuse what no metric is defined for.

    Raises:
        BadSamples: NaN or infinite numbers, negative sides, scores outside [0, 1], a label or an
            image that is not listed, columns of unequal length, labels or images listed twice.
    """
    _unique("label", samples.labels)
    _unique("image", samples.images.ids)
    counts = len(samples.images.ids), len(samples.labels)
    _columns("truth", samples.truths, *counts)
    _columns("detection", samples.detections, *counts)
    score = samples.detections.score
    _first_wrong("detection", ~((score >= 0) & (score <= 1)), "the score is not within [0, 1]")
    _geometry("ignore region", samples.regions.image, samples.regions.boxes_xywh, counts[0])


def _unique(what: str, names: tuple[str, ...]) -> None:
    if len(set(names)) != len(names):
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise BadSamples(f"{what} {twice!r} is listed twice")


def _columns(what: str, rows: Truths | Detections, images: int, labels: int) -> None:
    lengths = {rows.image.size, rows.label.size, len(rows.boxes_xywh), rows.area.size}
    if isinstance(rows, Truths) and rows.ids:
        lengths.add(len(rows.ids))
    if len(lengths) > 1 or (rows.masks is not None and len(rows.masks) != rows.image.size):
        raise BadSamples(f"the columns of the {what}s differ in length")
    _geometry(what, rows.image, rows.boxes_xywh, images)
    _first_wrong(what, (rows.label < 0) | (rows.label >= labels), "the label is unknown")
    _first_wrong(what, ~np.isfinite(rows.area) | (rows.area < 0), "the area is not a size")


def _geometry(what: str, image: Ints, boxes_xywh: Floats, images: int) -> None:
    _first_wrong(what, ~np.isfinite(boxes_xywh), "the box is not finite")
    _first_wrong(what, boxes_xywh[:, 2:] < 0, "the box has a negative side")
    _first_wrong(what, (image < 0) | (image >= images), "the image is unknown")


def _first_wrong(what: str, wrong: Flags | np.bool_, why: str) -> None:
    if wrong.any():
        rows = np.atleast_2d(wrong.T).any(axis=0)
        raise BadSamples(f"{what} {int(np.argmax(rows))}: {why} ({int(rows.sum())} such)")
