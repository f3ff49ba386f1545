"""Server-made identifiers: ULIDs for new things, UUIDv5 for effects of something known."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

from ulid import ULID

_UUID_VERSION, _UUID_VARIANT = 5, 0b10  # RFC 9562: of what uuid5 makes

NAMESPACE = UUID("6f0f0d7e-3c1b-5a54-9a4e-1d6f6c6f7570")


def new_id() -> str:
    """Return a fresh ULID: 26 characters, sortable by creation time."""
    return str(ULID())


def derived_id(*parts: str) -> str:
    """Return the id that always belongs to ``parts``: an effect done twice is done once."""
    return str(ULID.from_uuid(uuid5(NAMESPACE, "\x1f".join(parts))))


def may_be_new(thing_id: str, *, within_s: float) -> bool:
    """Tell whether one of ours with this id may have been made in the last ``within_s`` seconds.

    A ULID tells its time; an id that follows from others tells none, and may be of any.

    >>> may_be_new(new_id(), within_s=60), may_be_new(derived_id("a"), within_s=60)
    (True, True)
    >>> may_be_new("01ARZ3NDEKTSV4RRFFQ69G5FAV", within_s=60), may_be_new("x", within_s=60)
    (False, False)
    """
    ulid = _ulid(thing_id)
    return ulid is not None and (_is_derived(ulid) or _age_s(ulid) < within_s)


def is_new(thing_id: str, *, within_s: float) -> bool:
    """Tell whether an id says of itself that it was made in the last ``within_s`` seconds.

    >>> is_new(new_id(), within_s=60), is_new(derived_id("a"), within_s=60)
    (True, False)
    >>> is_new("01ARZ3NDEKTSV4RRFFQ69G5FAV", within_s=60)
    False
    >>> is_new("7ZZZZZZZZZ0000000000000000", within_s=60)  # of a clock that was ahead
    False
    """
    ulid = _ulid(thing_id)
    # One new id in 64 looks derived; of a derived one the time is chance, never that of now.
    return ulid is not None and abs(_age_s(ulid)) < within_s


def _ulid(text: str) -> ULID | None:
    try:
        return ULID.from_str(text)
    except ValueError:
        return None


def _is_derived(ulid: ULID) -> bool:
    return (ulid.bytes[6] >> 4, ulid.bytes[8] >> 6) == (_UUID_VERSION, _UUID_VARIANT)


def _age_s(ulid: ULID) -> float:
    return datetime.now(UTC).timestamp() - ulid.timestamp
