"""COCO files in: truths and results as bytes become :class:`Samples`.

As in pycocotools only ``iscrowd`` makes a truth ignored (``ignore`` alone is not read), and a mask
detection whose record also carries a ``bbox`` has the area of that box when objects are sorted by
size. Unlike it, detections of a category or an image that the truths do not list are refused
instead of dropped, and so are ids listed twice.
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar, cast

import msgspec
import numpy as np

from services.evaluator.domain.numbers.columns import BadSamples, Floats, Ints
from services.evaluator.domain.objects.samples import (
    Detections,
    ImageList,
    Samples,
    Truths,
    check,
)
from services.evaluator.domain.readers import coco_records as records
from services.evaluator.domain.readers.coco_masks import mask_table
from services.evaluator.domain.readers.coco_records import Kind
from shared.vision.masks import MOST_COORDINATE, MaskTable, areas, bounds_xywh, joined

TRUTH, RESULTS = "the truth file", "the predictions file"
ANNOTATIONS = f"{TRUTH}, annotations,"
PIECE_BYTES = 1 << 17
SEAM = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
MOST_SIDE = 1 << 20  # pixels; far beyond any image that can be read
Index = Mapping[records.Id, int]
Table = TypeVar("Table", Truths, Detections)
Row = TypeVar("Row", bound=records.Boxed)
Read = Callable[[bytes, str], Sequence[Row]]
Named = TypeVar("Named", bound=records.Identified)


class _NoBox(Exception):
    """A record has no box, so the outlines must tell where things are."""


def read_coco(truth: bytes, predictions: bytes, *, kind: Kind) -> Samples:
    """Read a COCO dataset and a COCO results list; images and categories in rising id.

    A mark of UTF-8 in front of a file, as editors of Windows write it, is passed over.

    Args:
        truth: JSON object with ``images``, ``annotations`` and ``categories``.
        predictions: JSON list of ``{image_id, category_id, bbox | segmentation, score}``.
        kind: Compare boxes or masks; masks are kept as run-length codes.

    Raises:
        BadSamples: Not JSON, a field is missing or of another kind, or what
            :func:`samples.check` refuses; told with the record and the field.
    """
    truth, predictions = (text.removeprefix(codecs.BOM_UTF8) for text in (truth, predictions))
    lists = records.read_lists(truth, TRUTH)
    reader = _Reader(lists, kind)
    samples = Samples(
        labels=reader.labels,
        images=reader.image_list,
        truths=reader.truths(bytes(lists.annotations)),
        detections=reader.detections(predictions),
    )
    check(samples)
    return samples


class _Reader:
    """Knows the images and labels of a data set, and what is compared."""

    def __init__(self, lists: records.Lists, kind: Kind) -> None:
        images, categories = _in_order(lists.images), _in_order(lists.categories)
        self.kind = kind
        self.labels = tuple(str(category.name) for category in categories)
        self.image_index = _index(images, "an image")
        self.label_index = _index(categories, "a category")
        self.image_list = ImageList(
            ids=tuple(str(image.id) for image in images),
            widths=_sides(images, "width"),
            heights=_sides(images, "height"),
        )

    def truths(self, data: bytes) -> Truths:
        found: Truths = self._table(
            data, ANNOTATIONS, (records.read_box_truths, records.read_mask_truths), self._truths
        )
        if twice := [name for name, times in Counter(found.ids).items() if times > 1]:
            raise BadSamples(f"{TRUTH}: an annotation id is listed twice: {twice[0]}")
        return found

    def detections(self, data: bytes) -> Detections:
        read = records.read_box_results, records.read_mask_results
        return self._table(data, RESULTS, read, self._detections)

    def _table(
        self,
        data: bytes,
        what: str,
        read: tuple[Read[Row], Read[Row]],
        table: Callable[[Sequence[Row]], Table],
    ) -> Table:
        """Outlines are decoded only where they are compared, or a box is missing."""
        of_boxes, of_masks = read
        if self.kind == "box":
            with suppress(_NoBox):
                return _in_pieces(data, lambda piece: table(of_boxes(piece, what)))
        return _in_pieces(data, lambda piece: table(of_masks(piece, what)))

    def _truths(self, rows: Sequence[records.BoxTruth]) -> Truths:
        place = self._place(rows, ANNOTATIONS)
        own = place.boxes_xywh[:, 2] * place.boxes_xywh[:, 3]
        given = [np.nan if row.area is msgspec.UNSET else row.area for row in rows]
        area = np.array(given, np.float64)
        return Truths(
            **place.columns(self.kind),
            area=np.where(np.isnan(area), own, area),
            crowd=np.array([bool(row.iscrowd) for row in rows], np.bool_),
            ids=tuple(str(row.id) for row in rows),
        )

    def _detections(self, rows: Sequence[records.BoxResult]) -> Detections:
        place = self._place(rows, RESULTS)
        area = place.boxes_xywh[:, 2] * place.boxes_xywh[:, 3]
        if self.kind == "mask" and place.masks is not None:
            area = _mask_areas(rows, place.masks)
        scores = map(attrgetter("score"), rows)
        return Detections(
            **place.columns(self.kind),
            score=np.fromiter(scores, np.float64, len(rows)),
            area=area,
        )

    def _place(self, rows: Sequence[records.Boxed], what: str) -> "_Place":
        image = _places(rows, "image_id", self.image_index, what)
        label = _places(rows, "category_id", self.label_index, what)
        if self.kind == "box" and not (rows and isinstance(rows[0], records.Outlined)):
            return _Place(image, label, _boxes([row.bbox for row in rows], what))
        outlines = [row.segmentation for row in rows if isinstance(row, records.Outlined)]
        heights, widths = self.image_list.heights[image], self.image_list.widths[image]
        masks = mask_table(outlines, heights, widths, what)
        return _Place(image, label, bounds_xywh(masks), masks)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the objects are: their images, labels, boxes, and masks where these were read."""

    image: Ints
    label: Ints
    boxes_xywh: Floats
    masks: MaskTable | None = None

    def columns(self, kind: Kind) -> dict[str, Any]:
        return {
            "image": self.image,
            "label": self.label,
            "boxes_xywh": self.boxes_xywh,
            "masks": self.masks if kind == "mask" else None,
        }


def _mask_areas(rows: Sequence[records.Boxed], masks: MaskTable) -> Floats:
    """Areas of the masks, or of the boxes beside them."""
    out = areas(masks)
    boxed = [place for place, row in enumerate(rows) if row.bbox is not None]
    boxes = _boxes([rows[place].bbox for place in boxed], RESULTS)
    out[boxed] = boxes[:, 2] * boxes[:, 3]
    return out


def _boxes(rows: Sequence[records.Box | None], what: str) -> Floats:
    if None in rows:
        raise _NoBox
    given = cast(Sequence[records.Box], rows)
    boxes = np.fromiter(chain.from_iterable(given), np.float64, 4 * len(rows)).reshape(-1, 4)
    if boxes.size and np.abs(boxes).max() > MOST_COORDINATE:
        wrong = int(np.argmax(np.abs(boxes).max(axis=1) > MOST_COORDINATE))
        raise BadSamples(f"{what}: the bbox of record {wrong} lies too far outside its image")
    return boxes


def _in_pieces(data: bytes, use: Callable[[bytes], Table]) -> Table:
    """Use a list of records piece by piece, so that their objects fit the processor's caches.

    What cannot be used so is used whole: that is right, or tells what is wrong in which record.
    """
    try:
        return _joined([use(piece) for piece in _pieces(data)])
    except BadSamples:
        return use(data)


def _pieces(data: bytes) -> Iterator[bytes]:
    """Cut a JSON list of objects; a cut inside one leaves brackets or quotes open: not JSON."""
    body = data.strip()
    if body[:1] != b"[" or body[-1:] != b"]":
        yield data
        return
    body, first = body[1:-1], 0
    while (gap := SEAM.search(body, first + PIECE_BYTES)) is not None:
        yield b"[" + body[first : gap.start() + 1] + b"]"
        first = gap.end() - 1
    yield b"[" + body[first:] + b"]"


def _joined(parts: Sequence[Table]) -> Table:
    """One table of several."""
    first, *more = parts
    return (
        replace(
            first,
            **{f.name: _end_to_end([getattr(p, f.name) for p in parts]) for f in fields(first)},
        )
        if more
        else first
    )


def _end_to_end(parts: list[Any]) -> Any:  # noqa: ANN401 - any column of our tables
    if isinstance(parts[0], MaskTable):
        return joined(parts)
    if isinstance(parts[0], tuple):
        return tuple(chain.from_iterable(parts))
    return None if parts[0] is None else np.concatenate(parts)


def _places(rows: Sequence[records.Boxed], field: str, index: Index, what: str) -> Ints:
    """Row of each record's image or category."""
    ids = map(attrgetter(field), rows)
    try:
        return np.fromiter(map(index.__getitem__, ids), np.int64, len(rows))
    except KeyError as error:
        place = next(k for k, row in enumerate(rows) if getattr(row, field) not in index)
        raise BadSamples(f"{what}: {field} {error} of record {place} is not listed") from error


def _in_order(rows: Sequence[Named]) -> list[Named]:
    try:
        return sorted(rows, key=attrgetter("id"))
    except TypeError as error:
        raise BadSamples(f"{TRUTH}: ids are numbers or texts, not both: {error}") from error


def _index(rows: Sequence[records.Identified], what: str) -> dict[records.Id, int]:
    out = {row.id: place for place, row in enumerate(rows)}
    if len(out) != len(rows):
        twice = next(name for name, times in Counter(row.id for row in rows).items() if times > 1)
        raise BadSamples(f"{TRUTH}: {what} id is listed twice: {twice!r}")
    return out


def _sides(images: Sequence[records.CocoImage], field: str) -> Ints:
    """Sides of images in pixels, 0 where unknown."""
    sides = []
    for image in images:
        side = getattr(image, field) or 0.0
        if not 0 <= side <= MOST_SIDE or side != int(side):
            raise BadSamples(
                f"{TRUTH}: the {field} of image {image.id!r} cannot be {side:g} pixels"
            )
        sides.append(int(side))
    return np.array(sides, np.int64)
