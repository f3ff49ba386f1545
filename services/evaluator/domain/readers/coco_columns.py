"""COCO files of the usual form, scanned in compiled loops, become :class:`Samples`.

Reading gives the very values of the general parser, at a fraction of its time and without its tree.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import orjson

from services.evaluator.domain.numbers.columns import BadSamples, Flags, Floats, Ints
from services.evaluator.domain.objects.samples import Detections, Samples, Truths
from services.evaluator.domain.readers.coco_masks import scanned_masks
from services.evaluator.domain.readers.coco_records import Kind, RecordReader
from services.evaluator.domain.readers.coco_scan import (
    AREA,
    BOX,
    CATEGORY,
    CROWD,
    ID,
    IMAGE,
    MASK,
    SCORE,
    SHORTEST_RECORD,
    Records,
    room_for,
    scan_dataset,
    scan_rest,
    scan_results,
)
from services.evaluator.domain.readers.json_tokens import BROKEN, Bytes
from shared.vision.masks import MOST_COORDINATE, MaskTable, areas, bounds_xywh

PIECE_BYTES = 1 << 20
NEXT_RECORD = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")


class NotPlain(Exception):
    """The files are of another form, or wrong."""


def scanned_samples(truth: bytes, predictions: bytes, *, kind: Kind) -> Samples:
    """Read two files of the usual form.

    Raises:
        NotPlain: One of them has another form, or is wrong.
    """
    with ThreadPoolExecutor(2) as pool:  # the compiled loops release the lock
        results = _scanned_results(pool, predictions)
        data = np.frombuffer(truth, np.uint8)
        records = room_for(len(truth))
        first, last, rows = scan_dataset(data, records)
        if first == BROKEN or not _is_utf8(truth):
            raise NotPlain
        try:
            lists = orjson.loads(truth[:first] + b"[]" + truth[last:])
            reader = _ColumnReader(lists, kind)
            return Samples(
                labels=reader.labels,
                images=reader.image_list,
                truths=reader.truths(data, records[:rows]),
                detections=reader.detections(*results()),
            )
        except (BadSamples, KeyError, TypeError, AttributeError, ValueError, OverflowError) as no:
            raise NotPlain from no


def _scanned_results(pool: ThreadPoolExecutor, file: bytes) -> Callable[[], tuple[Bytes, Records]]:
    """Begin to scan both halves of a results list; call what is returned to have them joined."""
    data, records = np.frombuffer(file, np.uint8), room_for(len(file))
    middle = NEXT_RECORD.search(file, len(file) // 2)
    stop = middle.end() - 1 if middle else len(file) + 1
    spare = stop // SHORTEST_RECORD + 1  # more than the first half has
    head = pool.submit(scan_results, data, records[:spare], stop)
    tail = pool.submit(scan_rest, data, records[spare:], stop)

    def joined() -> tuple[Bytes, Records]:
        place, rows = head.result()
        if place == stop:
            place, more = tail.result()
            records[rows : rows + more] = records[spare : spare + more]
            rows += more
        elif middle:  # what looked like the beginning of a record lay inside one
            tail.result()  # it writes into the same table
            place, rows = scan_results(data, records)
        if place == BROKEN or not _is_utf8(file):
            raise NotPlain
        return data, records[:rows]

    return joined


class _ColumnReader:
    def __init__(self, dataset: Mapping[str, Any], kind: Kind) -> None:
        lists = RecordReader(dataset["images"], dataset["categories"], kind)
        self.kind = kind
        self.labels, self.image_list = lists.labels, lists.image_list
        self.image_ids, self.label_ids = _ids(lists.image_index), _ids(lists.label_index)

    def truths(self, data: Bytes, records: Records) -> Truths:
        _demand(records, ID, IMAGE, CATEGORY, BOX if self.kind == "box" else MASK)
        if np.unique(records["id"]).size != records.size:
            raise NotPlain
        image = _places(self.image_ids, records["image"])
        masks = self._masks(data, records, image)
        boxes = _boxes(records["box"]) if masks is None else bounds_xywh(masks)
        own = boxes[:, 2] * boxes[:, 3]
        return Truths(
            image=image,
            label=_places(self.label_ids, records["category"]),
            boxes_xywh=boxes,
            area=np.where(_has(records, AREA), records["area"], own),
            crowd=_has(records, CROWD) & (records["crowd"] != 0),
            masks=masks,
            ids=tuple(map(str, records["id"].tolist())),
        )

    def detections(self, data: Bytes, records: Records) -> Detections:
        _demand(records, IMAGE, CATEGORY, SCORE, BOX if self.kind == "box" else MASK)
        image = _places(self.image_ids, records["image"])
        masks = self._masks(data, records, image)
        boxes = _boxes(records["box"]) if masks is None else bounds_xywh(masks)
        return Detections(
            image=image,
            label=_places(self.label_ids, records["category"]),
            boxes_xywh=boxes,
            score=records["score"].copy(),
            area=boxes[:, 2] * boxes[:, 3] if masks is None else _mask_areas(records, masks),
            masks=masks,
        )

    def _masks(self, data: Bytes, records: Records, image: Ints) -> MaskTable | None:
        if self.kind == "box":
            return None
        heights, widths = self.image_list.heights[image], self.image_list.widths[image]
        return scanned_masks(data, records, heights, widths)


def _ids(index: Mapping[Any, int]) -> Ints:
    if any(type(name) is not int for name in index):
        raise NotPlain
    return np.fromiter(index, np.int64, len(index))


def _places(ids: Ints, wanted: Ints) -> Ints:
    """Row of each id in a rising list; ids without a gap need no search."""
    if ids.size and ids[-1] - ids[0] == ids.size - 1:
        place: Ints = wanted - ids[0]
        if place.size and (place.min() < 0 or place.max() >= ids.size):
            raise NotPlain
        return place
    place = np.searchsorted(ids, wanted)
    if place.size and (place.max() == ids.size or (ids[place] != wanted).any()):
        raise NotPlain
    return place


def _has(records: Records, field: int) -> Flags:
    present: Flags = records["seen"] >> field & 1 == 1
    return present


def _demand(records: Records, *fields: int) -> None:
    if not all(_has(records, field).all() for field in fields):
        raise NotPlain


def _boxes(given: Floats) -> Floats:
    if given.size and np.abs(given).max() > MOST_COORDINATE:
        raise NotPlain
    return given.copy()


def _mask_areas(records: Records, masks: MaskTable) -> Floats:
    """Areas of the masks, or of the boxes beside them."""
    boxed = _has(records, BOX)
    boxes = _boxes(records["box"][boxed])
    out = areas(masks)
    out[boxed] = boxes[:, 2] * boxes[:, 3]
    return out


def _is_utf8(data: bytes) -> bool:
    """Tell piece by piece, so that no decoded copy of a large file is held."""
    if data.isascii():
        return True
    decoder = getincrementaldecoder("utf-8")()
    try:
        for first in range(0, len(data), PIECE_BYTES):
            decoder.decode(data[first : first + PIECE_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
