"""Decimal text to float64, exactly as a correct JSON parser does, inside compiled loops.

Source: Lemire, "Number Parsing at a Gigabyte per Second", 2021: up to 19 digits and a power of ten
in 128 bits decide the nearest float; Mushtak and Lemire 2023 show that no fallback is needed.
"""

import numpy as np
from numpy.typing import NDArray

from shared.vision.compilation import compiled

Bytes = NDArray[np.uint8]

LEAST_POWER, MOST_POWER = -64, 22
MOST_DIGITS = 19  # what 64 bits hold of any number
ZERO, MINUS, PLUS, DOT = (ord(mark) for mark in "0-+.")
LARGE_E, SMALL_E = ord("E"), ord("e")
INTEGER, NEGATIVE = 1, 2  # bits that tell how a number was written


def _power_of_five(power: int) -> int:
    """Return the upper 128 bits of ``5 ** power``."""
    five: int = 5 ** abs(power)
    if power >= 0:
        return five << 128 - five.bit_length()
    bits = (five - 1).bit_length()
    reciprocal = (1 << (bits + 127 if power >= -27 else 2 * bits + 128)) // five + 1
    return reciprocal >> max(0, reciprocal.bit_length() - 128)


_FIVES = [_power_of_five(power) for power in range(LEAST_POWER, MOST_POWER + 1)]
UPPER = np.array([five >> 64 for five in _FIVES], np.uint64)
LOWER = np.array([five & (2**64 - 1) for five in _FIVES], np.uint64)
NOTHING, ONE, THREE, NINE_BITS = np.uint64(0), np.uint64(1), np.uint64(3), np.uint64(0x1FF)
HALF, LOW_HALF, FRACTION = np.uint64(32), np.uint64(2**32 - 1), np.uint64(2**52 - 1)


@compiled
def scan_number(data: Bytes, place: int) -> tuple[int, np.uint64, int, int]:
    """Read a JSON number that begins at ``place``.

    Returns the place after it (-1: no number, or one with more digits or a larger power than
    :func:`to_float` takes), its digits as an unsigned integer, the power of ten, and the bits
    :data:`INTEGER` and :data:`NEGATIVE`.
    """
    size = data.size
    form, power = INTEGER, 0
    if place < size and data[place] == MINUS:
        form |= NEGATIVE
        place += 1
    first, digits = place, np.uint64(0)
    while place < size and np.uint8(data[place] - ZERO) < 10:
        digits = digits * np.uint64(10) + np.uint64(data[place] - ZERO)
        place += 1
    if place == first or (place > first + 1 and data[first] == ZERO):
        return -1, NOTHING, 0, 0
    length = place - first
    if place < size and data[place] == DOT:
        place += 1
        after = place
        while place < size and np.uint8(data[place] - ZERO) < 10:
            digits = digits * np.uint64(10) + np.uint64(data[place] - ZERO)
            place += 1
        if place == after:
            return -1, NOTHING, 0, 0
        form &= NEGATIVE
        power = after - place
        length += place - after
    if length > MOST_DIGITS and length - _leading_zeros(data, first) > MOST_DIGITS:
        return -1, NOTHING, 0, 0
    if place < size and (data[place] == SMALL_E or data[place] == LARGE_E):
        place, exponent = _scan_exponent(data, place + 1)
        form &= NEGATIVE
        power += exponent
    if power < LEAST_POWER or power > MOST_POWER:
        return -1, NOTHING, 0, 0
    return place, digits, power, form


@compiled
def _leading_zeros(data: Bytes, place: int) -> int:
    zeros = 0
    while data[place] == ZERO or data[place] == DOT:
        zeros += data[place] == ZERO
        place += 1
    return zeros


@compiled
def _scan_exponent(data: Bytes, place: int) -> tuple[int, int]:
    sign = 1
    if place < data.size and (data[place] == MINUS or data[place] == PLUS):
        sign = -1 if data[place] == MINUS else 1
        place += 1
    first, exponent = place, 0
    while place < data.size and np.uint8(data[place] - ZERO) < 10 and place < first + 4:
        exponent = exponent * 10 + (int(data[place]) - ZERO)
        place += 1
    if place == first or place == first + 4:
        return -1, 0
    return place, sign * exponent


@compiled
def to_float(digits: np.uint64, power: int, form: int) -> float:
    """Return the float64 nearest to ``digits * 10 ** power``, ties to even; all are normal."""
    if digits == NOTHING:
        return -0.0 if form == NEGATIVE else 0.0  # an integer has no negative zero
    exponent = ((217706 * power) >> 16) + 1087  # 217706 / 2**16 is log2 of 10
    for step in (32, 16, 8, 4, 2, 1):
        if digits >> np.uint64(64 - step) == NOTHING:
            digits <<= np.uint64(step)
            exponent -= step
    upper, lower = _product(digits, UPPER[power - LEAST_POWER])
    if upper & NINE_BITS == NINE_BITS:
        carry, _ = _product(digits, LOWER[power - LEAST_POWER])
        lower += carry
        upper += ONE if lower < carry else NOTHING
    top = upper >> np.uint64(63)
    dropped = top + np.uint64(9)
    mantissa = upper >> dropped
    half_way = lower <= ONE and mantissa << dropped == upper and -4 <= power <= 23
    if not half_way or mantissa & THREE == THREE:  # half way between two floats: to the even one
        mantissa += mantissa & ONE
    mantissa >>= ONE
    exponent += int(top) - 1
    if mantissa >> np.uint64(53) != NOTHING:
        mantissa >>= ONE
        exponent += 1
    bits = np.uint64((np.uint64(exponent) << np.uint64(52)) | (mantissa & FRACTION))
    value = float(bits.view(np.float64))
    return -value if form & NEGATIVE else value


@compiled
def _product(first: np.uint64, second: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Multiply two 64-bit numbers; upper and lower half of the product."""
    a, b = first >> HALF, first & LOW_HALF
    c, d = second >> HALF, second & LOW_HALF
    middle = (b * d >> HALF) + (a * d & LOW_HALF) + (b * c & LOW_HALF)
    upper = a * c + (a * d >> HALF) + (b * c >> HALF) + (middle >> HALF)
    return upper, first * second
