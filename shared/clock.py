"""Time as a value: UTC always, one text form everywhere, and a clock that tests can turn."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer


def utc_now() -> datetime:
    """Return the current time with its zone."""
    return datetime.now(UTC)


def format_time(value: datetime) -> str:
    """Render RFC 3339 in UTC with exactly six digits, so that text order is time order."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _zoned(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Clock = Callable[[], datetime]
"""Where code asks for the time; tests hand in their own."""

Timestamp = Annotated[
    datetime,
    AfterValidator(_zoned),
    PlainSerializer(format_time, return_type=str, when_used="json"),
]
"""A point in time inside documents, events and responses."""
