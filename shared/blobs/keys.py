"""Keys are server-made; this is the last check before one reaches a path or a bucket."""

import re

from shared.errors import InvalidInput

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.=-]*(/[A-Za-z0-9_-][A-Za-z0-9_.=-]*)*\Z")


def checked(key: str) -> str:
    """Return ``key``; raise InvalidInput for anything that could leave the store's folder."""
    if len(key) > 512 or not _KEY.match(key):
        raise InvalidInput(f"not a blob key: {key[:80]!r}")
    return key
