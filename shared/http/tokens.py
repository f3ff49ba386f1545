"""Access tokens: short-lived JWTs with tenant and role, which the workspace alone can sign.

Everybody else checks them with the workspace's public keys (Ed25519), a key set as of RFC 7517.
"""

import asyncio
import time
import urllib.request
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, Field

from shared.callers import ROLES, Caller
from shared.errors import DependencyDown, Unauthenticated
from shared.telemetry import logger

LIFETIME_S = 900
ALGORITHM = "EdDSA"
ISSUER = "loupe"

_AGE_S = 60.0
_PAUSE_S = 1.0
_ANSWER_S = 3.0
_MOST_BYTES = 1 << 16
ReadKeys = Callable[[], Awaitable[bytes]]
"""Gives the key set as JSON; raises OSError or ValueError where it cannot."""

log = logger(__name__)


class Tokens:
    """Checks access tokens with the public keys that ``read`` gives.

    They are read when a token names one that is not known, and every minute while tokens come.
    What is known is kept while ``read`` fails.
    """

    def __init__(self, read: ReadKeys) -> None:
        self._read = read
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._behind: asyncio.Task[None] | None = None

    async def check(self, token: str) -> Caller:
        """Return the caller.

        Raises:
            Unauthenticated: the token is not ours, or over.
            DependencyDown: no key was ever read.
        """
        try:
            claims = jwt.decode(
                token,
                await self._key_of(token),
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                # When it was made is no matter of ours: two machines' clocks differ by a moment.
                options={
                    "require": ["exp", "iat", "sub", "tenant", "role"],
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated("the access token is not valid or has expired") from error
        if not all(isinstance(claims[name], str) for name in ("tenant", "sub", "role")):
            raise Unauthenticated("the access token's claims are of the wrong kind")
        if claims["role"] not in ROLES:
            raise Unauthenticated("the access token names an unknown role")
        try:
            until = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except (OverflowError, ValueError) as error:
            raise Unauthenticated("the access token's claims are of the wrong kind") from error
        return Caller(claims["tenant"], claims["sub"], claims["role"], until)

    async def ready(self) -> None:
        """Raise DependencyDown while no key is known."""
        if not self._keys:
            await self._look()
        if not self._keys:
            raise DependencyDown("the keys that tokens are checked with could not be read yet")

    async def _key_of(self, token: str) -> Ed25519PublicKey:
        name = str(jwt.get_unverified_header(token).get("kid"))
        if name not in self._keys:
            await self._look()
            await self.ready()
        elif time.monotonic() - self._looked_at > 2 * _AGE_S:
            await self._look()  # nobody asked for long: a key may have been taken back meanwhile
        elif time.monotonic() - self._looked_at > _AGE_S and self._behind is None:
            self._behind = asyncio.create_task(self._look())
            self._behind.add_done_callback(self._looked)
        try:
            return self._keys[name]
        except KeyError:
            raise Unauthenticated("the access token is not valid or has expired") from None

    def _looked(self, _: asyncio.Task[None]) -> None:
        self._behind = None

    async def _look(self) -> None:
        """Read the keys, unless that was tried a moment ago: strangers may name what they like."""
        async with self._looking:
            if time.monotonic() - self._looked_at < _PAUSE_S:
                return
            try:
                keys = public_keys(await self._read())
            except (OSError, ValueError) as error:
                log.warning("tokens.keys_unread", cause=str(error), known=len(self._keys))
            else:
                self._keys = keys
            finally:
                self._looked_at = time.monotonic()


class _PublicKey(BaseModel):
    """A key of RFC 8037: the only kind, so that none of a set can be taken for a secret."""

    kid: str
    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str


class _PublicKeys(BaseModel):
    keys: list[_PublicKey] = Field(min_length=1)


def public_keys(text: bytes) -> dict[str, Ed25519PublicKey]:
    """Return the Ed25519 keys of a key set by their names; raise ValueError for another text."""
    return {
        one.kid: Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(one.x + "=="))
        for one in _PublicKeys.model_validate_json(text).keys
    }


def keys_at(place: str) -> ReadKeys:
    """Return what reads the key set at ``place``: an address (http, https) or a file's path."""

    async def read() -> bytes:
        if place.startswith(("http://", "https://")):
            return await asyncio.to_thread(_fetched, place)
        return await asyncio.to_thread(Path(place).read_bytes)

    return read


def _fetched(address: str) -> bytes:
    """Ask the workspace itself, whatever proxy the environment names."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=_ANSWER_S) as answer:
            text: bytes = answer.read(_MOST_BYTES + 1)
    except HTTPException as error:
        raise OSError(str(error)) from error
    if len(text) > _MOST_BYTES:
        raise ValueError(f"{address} answers with more than a set of keys")
    return text
