"""COCO records as parsed JSON become columns: all that is right, and the errors of what is not."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import BadSamples, Floats, Ints
from services.evaluator.domain.objects.samples import Detections, ImageList, Truths
from shared.vision.masks import (
    MOST_COORDINATE,
    MaskTable,
    areas,
    bounds_xywh,
    from_polygons,
    from_text,
    table,
)

Kind = Literal["box", "mask"]
Record = Mapping[str, Any]
CHUNK_BYTES = 1 << 22
MOST_SIDE = 1 << 20  # pixels; far beyond any image that can be read
MOST_PIXELS = (1 << 32) - 1  # a run is counted in 32 bits
BETWEEN_RECORDS = re.compile(rb"\}\s*,\s*\{")


class RecordReader:
    """Reads the records of one data set; images and categories in rising id."""

    def __init__(self, images: list[Record], categories: list[Record], kind: Kind) -> None:
        images = sorted(images, key=lambda record: record["id"])
        categories = sorted(categories, key=lambda record: record["id"])
        self.kind = kind
        self.labels = tuple(str(record["name"]) for record in categories)
        self.image_index = _index(images, "image")
        self.label_index = _index(categories, "category")
        self.image_list = ImageList(
            ids=tuple(str(record["id"]) for record in images),
            widths=np.array([_side(record, "width") for record in images], np.int64),
            heights=np.array([_side(record, "height") for record in images], np.int64),
        )

    def truths(self, records: list[Record]) -> Truths:
        """Read annotations."""
        _index(records, "annotation")
        image = _lookup(records, "image_id", self.image_index)
        masks = self._masks(records, image) if self.kind == "mask" else None
        boxes = self._boxes(records, image, masks)
        own = (boxes[:, 2] * boxes[:, 3]).tolist()
        area = [_number(r.get("area", whole)) for r, whole in zip(records, own, strict=True)]
        return Truths(
            image=image,
            label=_lookup(records, "category_id", self.label_index),
            boxes_xywh=boxes,
            area=np.array(area, np.float64),
            crowd=np.array([_flag(record.get("iscrowd", 0)) for record in records], np.bool_),
            masks=masks,
            ids=tuple(str(record["id"]) for record in records),
        )

    def detections(self, data: bytes) -> Detections:
        """Read a results list, a piece at a time."""
        try:
            parts = [self._chunk(records) for records in _record_chunks(data)]
        except _SeamInText:
            parts = [self._chunk(parse_json(data, "the predictions file"))]
        parts = parts or [self._chunk([])]
        masks = [part.masks for part in parts if part.masks is not None]
        return Detections(
            image=np.concatenate([part.image for part in parts]),
            label=np.concatenate([part.label for part in parts]),
            boxes_xywh=np.concatenate([part.boxes_xywh for part in parts]),
            score=np.concatenate([part.score for part in parts]),
            area=np.concatenate([part.area for part in parts]),
            masks=joined(masks) if self.kind == "mask" else None,
        )

    def _chunk(self, records: list[Record]) -> Detections:
        image = _lookup(records, "image_id", self.image_index)
        masks = self._masks(records, image) if self.kind == "mask" else None
        boxes = self._boxes(records, image, masks)
        return Detections(
            image=image,
            label=_lookup(records, "category_id", self.label_index),
            boxes_xywh=boxes,
            score=np.array([_number(record["score"]) for record in records], np.float64),
            area=boxes[:, 2] * boxes[:, 3] if masks is None else _mask_areas(records, masks),
            masks=masks,
        )

    def _boxes(self, records: list[Record], image: Ints, masks: MaskTable | None) -> Floats:
        if masks is not None:
            return bounds_xywh(masks)
        if all("bbox" in record for record in records):
            return _box_rows([record["bbox"] for record in records])
        return bounds_xywh(self._masks(records, image))

    def _masks(self, records: list[Record], image: Ints) -> MaskTable:
        heights, widths = self.image_list.heights[image], self.image_list.widths[image]
        sizes = list(zip(heights.tolist(), widths.tolist(), strict=True))
        codes = [
            mask_code(record["segmentation"], *size)
            for record, size in zip(records, sizes, strict=True)
        ]
        return table(codes, sizes)


def _mask_areas(records: list[Record], masks: MaskTable) -> Floats:
    out = areas(masks)
    boxed = [row for row, record in enumerate(records) if record.get("bbox")]
    boxes = _box_rows([records[row]["bbox"] for row in boxed])
    out[boxed] = boxes[:, 2] * boxes[:, 3]
    return out


def mask_code(segmentation: Any, height: int, width: int) -> NDArray[np.uint32]:  # noqa: ANN401 - JSON
    """Read a segmentation: rings of points, or run-length counts as list or text.

    Raises:
        ValueError: It is none of these (TypeError or KeyError for another JSON value), or of
            another size.
    """
    if height <= 0 or width <= 0:
        raise ValueError("an image with masks needs its width and height")
    if height * width > MOST_PIXELS:
        raise ValueError(f"an image of {width} × {height} pixels is too large for masks")
    if isinstance(segmentation, list):
        _numbers(chain.from_iterable(segmentation), "a polygon")
        return from_polygons(segmentation, height, width)
    if list(segmentation["size"]) != [height, width]:
        raise ValueError("a mask and its image differ in size")
    counts = segmentation["counts"]
    if isinstance(counts, list):
        if any(type(run) is not int or not 0 <= run <= height * width for run in counts):
            raise ValueError("a run of a run-length code is a number of pixels")
        return np.array(counts, np.uint32)
    return from_text(counts)


def joined(parts: list[MaskTable]) -> MaskTable:
    """Put tables one after another."""
    offsets = np.cumsum([0] + [int(part.starts[-1]) for part in parts])
    return MaskTable(
        counts=np.concatenate([part.counts for part in parts]),
        starts=np.concatenate(
            [np.zeros(1, np.int64)]
            + [part.starts[1:] + offset for part, offset in zip(parts, offsets, strict=False)]
        ),
        heights=np.concatenate([part.heights for part in parts]),
        widths=np.concatenate([part.widths for part in parts]),
    )


def _box_rows(rows: list[Any]) -> Floats:
    _numbers(chain.from_iterable(rows), "a bbox")
    boxes = np.array(rows, np.float64) if rows else np.zeros((0, 4))
    if boxes.shape != (len(rows), 4):
        raise ValueError("a bbox is [x, y, width, height]")
    if boxes.size and np.abs(boxes).max() > MOST_COORDINATE:
        raise ValueError("a bbox lies too far outside its image")
    return boxes


def _number(value: Any) -> float:  # noqa: ANN401 - JSON
    if value is None:
        return float("nan")
    _numbers((value,), "a score or an area")
    return float(value)


def _numbers(values: Iterable[Any], what: str) -> None:
    """Refuse text and truth values, which would pass for numbers."""
    for value in values:
        if type(value) is not int and type(value) is not float:
            raise ValueError(f"{what} holds {value!r}, which is not a number")


def _flag(value: Any) -> bool:  # noqa: ANN401 - JSON
    if not isinstance(value, int):
        raise ValueError(f"iscrowd is 0 or 1, not {value!r}")
    return bool(value)


def _side(record: Record, field: str) -> int:
    """Side of an image in pixels, 0 where unknown."""
    value = record.get(field)
    if value is None:
        return 0
    _numbers((value,), f"the {field} of an image")
    if not 0 <= value <= MOST_SIDE or value != int(value):
        raise ValueError(f"the {field} of an image cannot be {value:g} pixels")
    return int(value)


def _index(records: list[Record], what: str) -> dict[Any, int]:
    out = {record["id"]: row for row, record in enumerate(records)}
    if len(out) != len(records):
        raise BadSamples(
            f"an {what} id is listed twice" if what[0] in "ai" else f"a {what} id is listed twice"
        )
    return out


def _lookup(records: list[Record], field: str, index: dict[Any, int]) -> Ints:
    out = np.fromiter((index.get(record[field], -1) for record in records), np.int64, len(records))
    if out.size and out.min() < 0:
        first = records[int(np.argmin(out))][field]
        raise BadSamples(f"{field} {first!r} is not in the truth file")
    return out


def _record_chunks(data: bytes) -> Iterator[list[Record]]:
    """Parse a results list a few megabytes at a time: the whole tree takes many times the file.

    Raises:
        _SeamInText: A piece ended inside a text that looks like the gap between two records.
    """
    body = data.strip()
    if len(body) > 2 * CHUNK_BYTES and body[:1] == b"[" and body[-1:] == b"]":
        for chunk in _split(body[1:-1]):
            try:
                yield orjson.loads(b"[" + chunk + b"]")
            except orjson.JSONDecodeError as error:
                raise _SeamInText from error
        return
    whole = parse_json(data, "the predictions file")
    if not isinstance(whole, list):
        raise BadSamples("the predictions file is not a COCO results list (a JSON array)")
    yield whole


class _SeamInText(Exception):
    """The file must be parsed in one piece."""


def _split(body: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        gap = BETWEEN_RECORDS.search(body, start + CHUNK_BYTES)
        if gap is None:
            yield body[start:]
            return
        yield body[start : gap.start() + 1]
        start = gap.end() - 1


def parse_json(data: bytes, what: str) -> Any:  # noqa: ANN401 - any JSON
    """Parse a file.

    Raises:
        BadSamples: It is not JSON.
    """
    parse: Callable[[bytes], Any] = orjson.loads
    try:
        return parse(data)
    except orjson.JSONDecodeError as error:
        raise BadSamples(f"{what} is not JSON: {error}") from error
