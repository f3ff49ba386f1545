"""API keys: ``lp_<8-char id>_<43 random base62>_<checksum>``, stored only as SHA-256.

The key carries 256 bits of chance, so a fast hash is the right one; the checksum tells a mistyped
key from a wrong one without asking the store.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import datetime

from shared.errors import FieldError, InvalidInput

MAX_NAME = 64
MAX_DAYS = 3650
"""The longest term that the interface gives; none at all is for ever."""

_ALPHABET = string.ascii_letters + string.digits
_FORM = re.compile(r"lp_([A-Za-z0-9]{8})_([A-Za-z0-9]{43})_([0-9a-f]{8})\Z")
_TOKEN_ID = re.compile(r"[A-Za-z0-9]{8}\.[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class NewKey:
    """A key just made: ``text`` is shown once, ``key_id`` and ``digest`` are stored."""

    key_id: str
    text: str
    digest: str


def make_key() -> NewKey:
    """Return a fresh key."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    body = "".join(secrets.choice(_ALPHABET) for _ in range(43))
    text = f"lp_{key_id}_{body}_{_checksum(key_id + body)}"
    return NewKey(key_id, text, digest(text))


def expiry_of(wanted: datetime, *, now: datetime) -> datetime:
    """Return the whole second from which a key is no good; tokens know no parts of one.

    Raises:
        InvalidInput: that is not in the future.

    >>> expiry_of(datetime(2027, 1, 31, 23, 59, 59, 999999), now=datetime(2027, 1, 1))
    datetime.datetime(2027, 1, 31, 23, 59, 59)
    """
    expires_at = wanted.replace(microsecond=0)
    if expires_at <= now:
        raise InvalidInput(
            "the key would have expired already",
            errors=[FieldError("expires_at", "must be in the future")],
        )
    return expires_at


def key_id_of(text: str) -> str | None:
    """Return the id inside a well-formed key, None for anything else.

    >>> key_id_of("lp_nonsense") is None
    True
    """
    match = _FORM.match(text)
    if match is None or _checksum(match[1] + match[2]) != match[3]:
        return None
    return match[1]


def token_id_of(text: str) -> str:
    """Return the id in an access token; of anything else the text itself, which may be an id.

    Nothing is checked: who may take it back is told by the key that begins the id.

    >>> token_id_of("Ab12Cd34.x7_x"), token_id_of("e30.eyJqdGkiOiAiQWIxMkNkMzQueCJ9.e30")
    ('Ab12Cd34.x7_x', 'Ab12Cd34.x')
    """
    if text.count(".") == 2:
        payload = text.split(".")[1]
        try:
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            return str(claims["jti"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return text
    return text


def is_token_id(text: str) -> bool:
    """Tell whether a text has the form of a token's id: its key's, a dot, and chance.

    >>> is_token_id("Ab12Cd34.x7_x"), is_token_id("Ab12Cd34.é")
    (True, False)
    """
    return _TOKEN_ID.fullmatch(text) is not None


def digest(text: str) -> str:
    """Return what is stored of a key."""
    return hashlib.sha256(text.encode()).hexdigest()


def same(text: str, stored_digest: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(digest(text), stored_digest)


def _checksum(text: str) -> str:
    return format(zlib.crc32(text.encode()), "08x")
