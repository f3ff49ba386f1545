"""Time as a value: UTC always, one text form everywhere, and a clock that tests can turn."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

_NUMBER = re.compile(r"[-+]?[\d_]*\.?\d*", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def utc_now() -> datetime:
    """Return the current time with its zone."""
    return datetime.now(UTC)


def format_time(value: datetime) -> str:
    """Render RFC 3339 in UTC with exactly six digits, so that text order is time order.

    >>> format_time(datetime(999, 1, 2))
    '0999-01-02T00:00:00.000000Z'
    """
    return in_utc(value).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def in_utc(value: datetime) -> datetime:
    """Return the same moment in UTC; a time without a zone is taken as UTC.

    Raises:
        ValueError: the moment lies outside the years 1 to 9999.

    >>> in_utc(datetime(2026, 11, 26, 8)).isoformat()
    '2026-11-26T08:00:00+00:00'
    """
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time lies outside the years 1 to 9999") from error


def _whole_day(value: object) -> object:
    """Read a bare date as the last moment of its day."""
    is_date = isinstance(value, str) and _DATE.fullmatch(value.strip())
    return f"{str(value).strip()}T23:59:59.999999Z" if is_date else value


def _no_number(value: object) -> object:
    """Refuse a number, which could mean seconds or milliseconds since 1970."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        raise ValueError("must be a date or a time")
    return value


Clock = Callable[[], datetime]
"""Where code asks for the time; tests hand in their own."""

Timestamp = Annotated[
    datetime,
    AfterValidator(in_utc),
    PlainSerializer(format_time, return_type=str, when_used="json"),
]
"""A point in time inside documents, events and responses."""

Moment = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(in_utc)]
"""A point in time in a request; without a zone it is UTC, a bare date is the day's first moment."""

LastMoment = Annotated[
    datetime, BeforeValidator(_whole_day), BeforeValidator(_no_number), AfterValidator(in_utc)
]
"""The end of a range in a request: a bare date includes the whole day."""
