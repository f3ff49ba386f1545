"""COCO records straight from bytes into one table, in compiled loops, without a tree of objects.

Only what every tool writes is taken: known keys once each, numbers where numbers belong. Anything
else is not an error here: the scan gives up, and the general parser reads the file.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import Floats
from services.evaluator.domain.readers.decimal_numbers import (
    INTEGER,
    NEGATIVE,
    scan_number,
    to_float,
)
from services.evaluator.domain.readers.json_tokens import (
    BACKSLASH,
    BROKEN,
    CLOSE_LIST,
    CLOSE_OBJECT,
    COLON,
    COMMA,
    OPEN_LIST,
    OPEN_OBJECT,
    Bytes,
    after_space,
    after_text,
    after_value,
    at,
)
from shared.vision.compilation import compiled

WORDS = (
    *(b"id", b"image_id", b"category_id", b"iscrowd", b"bbox", b"score", b"area"),
    *(b"segmentation", b"size", b"counts", b"annotations"),
)
ID, IMAGE, CATEGORY, CROWD, BOX, SCORE, AREA, MASK, SIZE, COUNTS, ANNOTATIONS = range(11)
OTHER = -2
LETTERS = np.array([np.frombuffer(word.ljust(12), np.uint8) for word in WORDS])
LENGTHS = np.array([len(word) for word in WORDS])
SHORTEST_RECORD = 40  # bytes; one with all fields cannot be shorter
MOST_ID = np.uint64(2**62)

RECORD = np.dtype(
    [
        ("seen", np.int64),  # bits 1 << ID … of the fields present
        ("id", np.int64),
        ("image", np.int64),
        ("category", np.int64),
        ("crowd", np.int64),
        ("box", np.float64, (4,)),
        ("score", np.float64),
        ("area", np.float64),
        ("mask_first", np.int64),  # where the segmentation lies in the bytes
        ("mask_last", np.int64),
    ]
)
Records = NDArray[np.void]


def room_for(size_bytes: int) -> Records:
    """Make room for all records that a file can hold; pages never written take no memory."""
    return np.empty(size_bytes // SHORTEST_RECORD + 1, RECORD)


@compiled
def scan_results(data: Bytes, records: Records, stop: int = BROKEN) -> tuple[int, int]:
    """Scan a results list up to the record that begins at ``stop``; all of it where none does.

    Returns the place reached (or BROKEN) and the number of records.
    """
    place, rows = _scan_list(data, after_space(data, 0), records, stop)
    if place not in (stop, BROKEN) and after_space(data, place) != data.size:
        return BROKEN, 0
    return place, rows


@compiled
def scan_rest(data: Bytes, records: Records, place: int) -> tuple[int, int]:
    """Scan a results list from the record that begins at ``place`` to its end."""
    place, rows = _scan_records(data, place, records, BROKEN)
    if place != BROKEN and after_space(data, place) != data.size:
        return BROKEN, 0
    return place, rows


@compiled
def scan_dataset(data: Bytes, records: Records) -> tuple[int, int, int]:
    """Scan a data set; returns where its annotations begin and end (or BROKEN), and their number.

    Everything beside the annotations is passed over, and is the caller's to parse.
    """
    first, last, rows = BROKEN, BROKEN, 0
    place = after_space(data, 0)
    if at(data, place) != OPEN_OBJECT:
        return BROKEN, BROKEN, 0
    while True:
        field, place = scan_key(data, after_space(data, place + 1))
        if place == BROKEN:
            return BROKEN, BROKEN, 0
        if field == ANNOTATIONS:
            if first != BROKEN:
                return BROKEN, BROKEN, 0
            first = place
            place, rows = _scan_list(data, place, records, BROKEN)
            last = place
        else:
            place = after_value(data, place)
        if place == BROKEN:
            return BROKEN, BROKEN, 0
        place = after_space(data, place)
        if at(data, place) != COMMA:
            break
    if at(data, place) != CLOSE_OBJECT or after_space(data, place + 1) != data.size:
        return BROKEN, BROKEN, 0
    return first, last, rows


@compiled
def _scan_list(data: Bytes, place: int, records: Records, stop: int) -> tuple[int, int]:
    if at(data, place) != OPEN_LIST:
        return BROKEN, 0
    place = after_space(data, place + 1)
    if at(data, place) == CLOSE_LIST:
        return place + 1, 0
    place, rows = _scan_records(data, place, records, stop)
    return place, rows


@compiled
def _scan_records(data: Bytes, place: int, records: Records, stop: int) -> tuple[int, int]:
    for row in range(records.size):
        place = _scan_record(data, place, records[row])
        if place == BROKEN:
            return BROKEN, 0
        place = after_space(data, place)
        byte = at(data, place)
        if byte == CLOSE_LIST:
            return place + 1, row + 1
        if byte != COMMA:
            return BROKEN, 0
        place = after_space(data, place + 1)
        if place == stop:
            return place, row + 1
    return BROKEN, 0


@compiled
def _scan_record(data: Bytes, place: int, record: Any) -> int:  # noqa: ANN401 - a numpy record
    if at(data, place) != OPEN_OBJECT:
        return BROKEN
    seen = 0
    while True:
        field, place = scan_key(data, after_space(data, place + 1))
        if place == BROKEN:
            return BROKEN
        if field == OTHER or field > MASK:
            place = after_value(data, place)
        elif seen >> field & 1:
            return BROKEN
        else:
            seen |= 1 << field
            place = _scan_field(data, place, field, record)
        if place == BROKEN:
            return BROKEN
        place = after_space(data, place)
        if at(data, place) != COMMA:
            break
    record.seen = seen
    return place + 1 if at(data, place) == CLOSE_OBJECT else BROKEN


@compiled
def scan_key(data: Bytes, place: int) -> tuple[int, int]:
    """Which of :data:`WORDS` a key is (else OTHER), and where its value begins (or BROKEN)."""
    first = place + 1
    place = after_text(data, place)
    if place == BROKEN:
        return OTHER, BROKEN
    field = _word(data, first, place - 1)
    if field == BROKEN:
        return OTHER, BROKEN
    place = after_space(data, place)
    if at(data, place) != COLON:
        return OTHER, BROKEN
    return field, after_space(data, place + 1)


@compiled
def _word(data: Bytes, first: int, last: int) -> int:
    for word in range(LENGTHS.size):
        if LENGTHS[word] != last - first:
            continue
        place = 0
        while place < LENGTHS[word] and data[first + place] == LETTERS[word, place]:
            place += 1
        if place == LENGTHS[word]:
            return word
    for place in range(first, last):
        if data[place] == BACKSLASH:  # may spell a known key in another way
            return BROKEN
    return OTHER


@compiled
def _scan_field(data: Bytes, place: int, field: int, record: Any) -> int:  # noqa: ANN401 - as above
    if field == BOX:
        place = scan_row(data, place, record.box)
    elif field == MASK:
        record.mask_first = place
        place = after_value(data, place)
        record.mask_last = place
    else:
        place = _scan_number(data, place, field, record)
    return place


@compiled
def _scan_number(data: Bytes, place: int, field: int, record: Any) -> int:  # noqa: ANN401 - as above
    place, digits, power, form = scan_number(data, place)
    if place == BROKEN:
        return BROKEN
    if field == SCORE:
        record.score = to_float(digits, power, form)
        return place
    if field == AREA:
        record.area = to_float(digits, power, form)
        return place
    if not form & INTEGER or digits > MOST_ID:
        return BROKEN
    value = -np.int64(digits) if form & NEGATIVE else np.int64(digits)
    if field == ID:
        record.id = value
    elif field == IMAGE:
        record.image = value
    elif field == CATEGORY:
        record.category = value
    else:
        record.crowd = value
    return place


@compiled
def scan_row(data: Bytes, place: int, out: Floats) -> int:
    """Scan a list of exactly as many numbers as ``out`` takes."""
    if at(data, place) != OPEN_LIST:
        return BROKEN
    for column in range(out.size):
        place = after_space(data, place + 1)
        place, digits, power, form = scan_number(data, place)
        if place == BROKEN:
            return BROKEN
        out[column] = to_float(digits, power, form)
        place = after_space(data, place)
        if at(data, place) != (CLOSE_LIST if column == out.size - 1 else COMMA):
            return BROKEN
    return place + 1
