"""Server-made identifiers: ULIDs for new things, UUIDv5 for effects of something known."""

from uuid import UUID, uuid5

from ulid import ULID

NAMESPACE = UUID("6f0f0d7e-3c1b-5a54-9a4e-1d6f6c6f7570")


def new_id() -> str:
    """Return a fresh ULID: 26 characters, sortable by creation time."""
    return str(ULID())


def derived_id(*parts: str) -> str:
    """Return the id that always belongs to ``parts``: an effect done twice is done once."""
    return str(ULID.from_uuid(uuid5(NAMESPACE, "\x1f".join(parts))))
