"""Numbers read in compiled loops are the ones that Python reads."""

import random
import struct
from decimal import Decimal, localcontext

import numpy as np
import pytest

from services.evaluator.domain.readers.decimal_numbers import scan_number, to_float


def read(text: str) -> float | None:
    """Value of a whole text, None when it is no plain number."""
    data = np.frombuffer(text.encode(), np.uint8)
    place, digits, power, form = scan_number(data, 0)
    return to_float(np.uint64(digits), power, form) if place == data.size else None


def bits(value: float | None) -> bytes | None:
    return None if value is None else struct.pack("d", value)


def drawn(r: random.Random) -> str:
    """A number as tools write it, or near the middle of two floats, where rounding is hard."""
    style = r.randrange(6)
    if style == 0:
        return repr(r.uniform(-700, 700))
    if style == 1:
        return repr(r.random() * 10 ** r.randint(-40, 16))
    if style == 2:
        return repr(float(np.float32(r.uniform(0, 4000))))
    if style == 3:
        return f"{r.randrange(10**19)}e{r.randint(-64, 22)}"
    if style == 4:
        return f"{r.choice(['', '-'])}{r.randrange(1000)}.{r.randrange(10**9):0{r.randint(1, 15)}d}"
    with localcontext() as context:
        context.prec = 60
        middle = Decimal(2 * r.randrange(2**52, 2**53) + 1) / 2
        return str(middle * Decimal(2) ** r.randint(-4, 3)).rstrip("0").rstrip(".")


def test_twenty_thousand_numbers_are_read_to_the_bit() -> None:
    r = random.Random(0)
    read_here = 0
    for _ in range(20_000):
        text = drawn(r)
        value = read(text)
        if value is not None:
            read_here += 1
            assert bits(value) == bits(float(text)), text
    assert read_here > 18_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("-0", 0.0),
        ("-0.0", -0.0),
        ("0e5", 0.0),
        ("-7", -7.0),
        ("9007199254740993", 9007199254740992.0),
        ("9999999999999999999", 1e19),
        ("0.000000000000000000012345678901234567", 1.2345678901234567e-20),
        ("1E+2", 100.0),
        *((text, None) for text in ("", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "NaN")),
        *((text, None) for text in ("12345678901234567890", "1e23", "1e-65", "1e99999")),
    ],
)
def test_forms_of_numbers(text: str, value: float | None) -> None:
    assert bits(read(text)) == bits(value)
