"""Access tokens: short-lived JWTs with tenant and role, which the workspace alone can sign.

Everybody else checks them with the workspace's public keys (Ed25519), a key set as of RFC 7517.
Beside the keys stands what was taken back before its time, by digests of its names.
"""

import asyncio
import hashlib
import time
import urllib.request
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, Field

from shared.callers import Caller, role_named
from shared.clock import utc_now
from shared.errors import DependencyDown, LoupeError, Unauthenticated
from shared.telemetry import logger

LIFETIME_S = 900
ALGORITHM = "EdDSA"
ISSUER = "loupe"

_AGE_S = 2.0
_OLD_S = 6.0  # more than an age and an answer, so that a workspace that hangs keeps nobody waiting
_PAUSE_S = 1.0
_ANSWER_S = 3.0
_MOST_BYTES = 4 << 20
ReadKeys = Callable[[], Awaitable[bytes]]
"""Gives the key set as JSON; raises OSError, ValueError or LoupeError where it cannot."""

log = logger(__name__)


class Tokens:
    """Checks access tokens with the public keys that ``read`` gives.

    They are read when a token names one that is not known, and every two seconds while tokens come;
    the first token after a pause waits for them. What is known is kept while ``read`` fails.
    """

    def __init__(self, read: ReadKeys) -> None:
        self._read = read
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._revoked = Revoked()
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._behind: asyncio.Task[None] | None = None

    async def check(self, token: str) -> Caller:
        """Return the caller.

        Raises:
            Unauthenticated: the token is not ours, over or taken back, or of the future.
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
                    "require": ["exp", "iat", "sub", "tenant", "role", "jti", "gen"],
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated("the access token is not valid or has expired") from error
        if not _are_sound(claims):
            raise Unauthenticated("the access token's claims are of the wrong kind")
        role = role_named(claims["role"])
        if role is None:
            raise Unauthenticated("the access token names an unknown role")
        try:
            until = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except (OverflowError, ValueError) as error:
            raise Unauthenticated("the access token's claims are of the wrong kind") from error
        if (until - utc_now()).total_seconds() > 2 * LIFETIME_S:
            raise Unauthenticated("the access token is of the future: a clock was set back")
        who = Caller(
            claims["tenant"],
            claims["sub"],
            role,
            until,
            generation=claims["gen"],
            token_id=claims["jti"],
            mark=claims.get("mark", ""),
            is_operator=claims.get("operator", False),
        )
        if self._revoked.suspends(who):
            raise Unauthenticated("this tenant is suspended")
        if self._revoked.concern(who):
            raise Unauthenticated("the access token was revoked")
        return who

    async def open_to(self, who: Caller) -> bool:
        """Tell whether the token that ``who`` came with still opens: not taken back since."""
        await self._refresh()
        return not self._revoked.suspends(who) and not self._revoked.concern(who)

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
        await self._refresh()
        try:
            return self._keys[name]
        except KeyError:
            raise Unauthenticated("the access token is not valid or has expired") from None

    async def _refresh(self) -> None:
        age_s = time.monotonic() - self._looked_at
        if age_s > _OLD_S:
            await self._look()  # nobody asked for long: much may have been taken back meanwhile
        elif age_s > _AGE_S and self._behind is None:
            self._behind = asyncio.create_task(self._look())
            self._behind.add_done_callback(self._looked)

    def _looked(self, _: asyncio.Task[None]) -> None:
        self._behind = None

    async def _look(self) -> None:
        """Read the keys, unless that was tried a moment ago: strangers may name what they like."""
        async with self._looking:
            if time.monotonic() - self._looked_at < _PAUSE_S:
                return
            try:
                keys, revoked = await asyncio.to_thread(_parsed, await self._read())
            except (OSError, ValueError, LoupeError) as error:
                log.warning("tokens.keys_unread", cause=str(error), known=len(self._keys))
            else:
                self._keys, self._revoked = keys, revoked
            finally:
                self._looked_at = time.monotonic()


class _PublicKey(BaseModel):
    """A key of RFC 8037: the only kind, so that none of a set can be taken for a secret."""

    kid: str
    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str


class Revoked(BaseModel):
    """What was taken back before its time; names stand as digests, for strangers read this too.

    Of an API key in ``keys``, tokens of a generation below the number do not open any more. It has
    what was taken back lately: older tokens are over anyhow. ``tenants`` are those that are
    suspended now, by their marks: names of customers would be guessed.
    """

    tokens: frozenset[str] = frozenset()
    keys: dict[str, int] = Field(default_factory=dict)
    tenants: frozenset[str] = frozenset()

    def concern(self, who: Caller) -> bool:
        """Tell whether the token that ``who`` came with was taken back."""
        least = self.keys.get(digest_of(who.subject), 0) if self.keys else 0
        return who.generation < least or (
            bool(self.tokens) and digest_of(who.token_id) in self.tokens
        )

    def suspends(self, who: Caller) -> bool:
        """Tell whether the tenant of ``who`` is suspended."""
        return bool(self.tenants) and digest_of(who.mark) in self.tenants


class _PublicKeys(BaseModel):
    keys: list[_PublicKey] = Field(min_length=1)
    revoked: Revoked = Revoked()


def digest_of(name: str) -> str:
    """Return what a token's or a key's name is published as: 128 bits of its SHA-256.

    >>> digest_of("Ab12Cd34")
    'ODG_B1h-uD5au9Qj2TN8zw'
    """
    return urlsafe_b64encode(hashlib.sha256(name.encode()).digest()[:16]).rstrip(b"=").decode()


def _parsed(text: bytes) -> tuple[dict[str, Ed25519PublicKey], Revoked]:
    """Return the Ed25519 keys of a key set by their names, and what it says was taken back.

    Raises ValueError for another text.
    """
    found = _PublicKeys.model_validate_json(text)
    keys = {
        one.kid: Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(one.x + "=="))
        for one in found.keys
    }
    return keys, found.revoked


def _are_sound(claims: dict[str, object]) -> bool:
    texts = [claims[name] for name in ("tenant", "sub", "role", "jti")]
    texts.append(claims.get("mark", ""))  # neither this nor the next has a token of before
    return (
        type(claims["gen"]) is int
        and type(claims.get("operator", False)) is bool
        and all(isinstance(text, str) for text in texts)
    )


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
