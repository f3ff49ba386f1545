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
    try:
        ulid = ULID.from_str(thing_id)
    except ValueError:
        return False
    version, variant = ulid.bytes[6] >> 4, ulid.bytes[8] >> 6
    if (version, variant) == (_UUID_VERSION, _UUID_VARIANT):
        return True
    return ulid.timestamp > datetime.now(UTC).timestamp() - within_s
