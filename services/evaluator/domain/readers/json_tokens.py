"""JSON read byte by byte in compiled loops: where a token ends, and that it is well formed.

Every function takes a place in the bytes and returns the place after the token, or :data:`BROKEN`
for what is not JSON or not plain enough; who calls lets a general parser decide then. Texts are
taken to be UTF-8.
"""

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.readers.decimal_numbers import scan_number
from shared.vision.compilation import compiled

Bytes = NDArray[np.uint8]

BROKEN = -1
MOST_DEEP = 60  # containers inside one another; one bit each
QUOTE, BACKSLASH, COMMA, COLON, LETTER_U = (ord(mark) for mark in '"\\,:u')
OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT = (ord(mark) for mark in "[]{}")
SPACE = ord(" ")
ESCAPED = np.isin(np.arange(256), np.frombuffer(b'"\\/bfnrt', np.uint8))
BLANK = np.isin(np.arange(256), np.frombuffer(b" \t\n\r", np.uint8))
HEXADECIMAL = np.isin(np.arange(256), np.frombuffer(b"0123456789abcdefABCDEF", np.uint8))
LITERALS = tuple(np.frombuffer(word, np.uint8) for word in (b"true", b"false", b"null"))


@compiled
def at(data: Bytes, place: int) -> int:
    """Return the byte at a place; 0, which begins no token, after the end."""
    return int(data[place]) if place < data.size else 0


@compiled
def after_space(data: Bytes, place: int) -> int:
    """Pass over white space."""
    while place < data.size and data[place] <= SPACE and BLANK[data[place]]:
        place += 1
    return place


@compiled
def after_text(data: Bytes, place: int) -> int:
    """Pass over a text in quotes."""
    if at(data, place) != QUOTE:
        return BROKEN
    place += 1
    while place < data.size:
        byte = data[place]
        if byte == QUOTE:
            return place + 1
        if byte < SPACE:
            return BROKEN
        place += 1
        if byte == BACKSLASH:
            place = _after_escape(data, place)
            if place == BROKEN:
                return BROKEN
    return BROKEN


@compiled
def _after_escape(data: Bytes, place: int) -> int:
    """Pass over what follows a backslash; halves of a pair of units (D800 to DFFF) are refused."""
    if ESCAPED[at(data, place)]:
        return place + 1
    if at(data, place) != LETTER_U or place + 5 > data.size:
        return BROKEN
    for digit in range(place + 1, place + 5):
        if not HEXADECIMAL[data[digit]]:
            return BROKEN
    high_half = data[place + 1] | 0x20 == ord("d") and data[place + 2] > ord("7")
    return BROKEN if high_half else place + 5


@compiled
def after_key(data: Bytes, place: int) -> int:
    """Pass over a key and its colon."""
    place = after_text(data, place)
    if place == BROKEN:
        return BROKEN
    place = after_space(data, place)
    return place + 1 if at(data, place) == COLON else BROKEN


@compiled
def _after_literal(data: Bytes, place: int) -> int:
    for word in LITERALS:
        if place + word.size <= data.size and np.all(data[place : place + word.size] == word):
            return place + word.size
    return BROKEN


@compiled
def _after_simple(data: Bytes, place: int) -> int:
    """Pass over a text, a number or a literal."""
    byte = at(data, place)
    if byte == QUOTE:
        place = after_text(data, place)
    elif byte > ord("9"):
        place = _after_literal(data, place)
    else:
        place = scan_number(data, place)[0]
    return place


@compiled
def after_value(data: Bytes, place: int) -> int:
    """Pass over any value, white space before it included."""
    depth, objects = 0, 0  # bit ``n``: whether the container ``n`` levels out is one
    while True:
        place = after_space(data, place)
        byte = at(data, place)
        if byte in (OPEN_LIST, OPEN_OBJECT):
            inside = after_space(data, place + 1)
            if at(data, inside) == byte + 2:  # closed at once
                place = inside + 1
            elif depth == MOST_DEEP:
                return BROKEN
            else:
                depth, objects = depth + 1, objects << 1 | (byte == OPEN_OBJECT)
                place = after_key(data, inside) if objects & 1 else inside
                if place == BROKEN:
                    return BROKEN
                continue
        else:
            place = _after_simple(data, place)
        place, depth, objects = _closed(data, place, depth, objects)
        if depth == 0 or place == BROKEN:
            return place


@compiled
def _closed(data: Bytes, place: int, depth: int, objects: int) -> tuple[int, int, int]:
    """After a value: close containers that end here, up to where the next value begins."""
    while depth and place != BROKEN:
        place = after_space(data, place)
        byte = at(data, place)
        place += 1
        if byte == COMMA:
            if objects & 1:
                place = after_key(data, after_space(data, place))
            return place, depth, objects
        if byte != (CLOSE_OBJECT if objects & 1 else CLOSE_LIST):
            return BROKEN, depth, objects
        depth, objects = depth - 1, objects >> 1
    return place, depth, objects
