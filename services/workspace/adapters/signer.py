"""The keys that sign access tokens: a file that only the workspace reads.

It holds Ed25519 private keys, PEM of PKCS#8. The first one signs; the public halves of all are told
to whoever checks tokens. So a key is changed without a break: the new one goes before the old one,
and what the old one signed stays valid until the next change.
"""

import base64
import hashlib
import os
import re
import secrets
import stat
import tempfile
from pathlib import Path

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.http.tokens import ALGORITHM, ISSUER, LIFETIME_S

SIGNING_KEY = "signing.key"
"""What the file is called in the folder of a platform."""

_KEPT = 2
_ONE = re.compile(rb"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----", re.DOTALL)


class Signer:
    """Signs access tokens with the first key in the file ``path``, which is made if need be.

    The file is read again when it has changed. Every use raises ValueError for one that holds no
    keys, or that every user of the machine may read, and OSError for one that cannot be read.
    """

    def __init__(self, path: Path, *, clock: Clock = utc_now) -> None:
        self._path = path
        self._clock = clock
        self._seen: tuple[int, ...] = ()
        self._keys: dict[str, Ed25519PrivateKey] = {}

    def issue(self, caller: Caller) -> str:
        """Return a token that lives :meth:`lifetime_s` seconds.

        Its id begins with the key that it belongs to, so that who has the id can take it back.
        """
        now = int(self._clock().timestamp())
        claims = {
            "iss": ISSUER,
            "sub": caller.subject,
            "tenant": caller.tenant,
            "role": caller.role,
            "iat": now,
            "exp": now + _lifetime_s(caller, now),
            "jti": f"{caller.subject}.{secrets.token_urlsafe(16)}",
            "gen": caller.generation,
            "mark": caller.mark,
            "operator": caller.is_operator,
        }
        name, key = next(iter(self._current().items()))
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": name})

    def lifetime_s(self, caller: Caller) -> int:
        """Return how long a token lives: :data:`LIFETIME_S`, and no longer than its key."""
        return _lifetime_s(caller, int(self._clock().timestamp()))

    def public_keys(self) -> list[dict[str, str]]:
        """Return the public halves as JSON Web Keys (RFC 8037)."""
        return [
            {**_public(key), "kid": name, "alg": ALGORITHM, "use": "sig"}
            for name, key in self._current().items()
        ]

    def _current(self) -> dict[str, Ed25519PrivateKey]:
        try:
            state = self._path.stat()
        except FileNotFoundError:
            _make_first(self._path)
            state = self._path.stat()
        seen = (state.st_ino, state.st_mtime_ns, state.st_size)
        if seen != self._seen:
            if state.st_mode & stat.S_IRWXO:
                raise ValueError(f"{self._path} is open to every user: chmod 600 {self._path}")
            self._keys = keys_in(self._path.read_bytes())
            self._seen = seen
        return self._keys


def _lifetime_s(caller: Caller, now: int) -> int:
    return (
        LIFETIME_S if caller.until is None else min(LIFETIME_S, int(caller.until.timestamp()) - now)
    )


def keys_in(text: bytes) -> dict[str, Ed25519PrivateKey]:
    """Return the private keys in a file's text by their names, in order.

    Raises ValueError where there is none, or one of another kind.
    """
    keys: dict[str, Ed25519PrivateKey] = {}
    for block in _ONE.findall(text):
        try:
            key = load_pem_private_key(block, None)
        except ValueError as error:
            raise ValueError("the signing key is damaged: make one with `loupe new-key`") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("the signing key is not of Ed25519: make one with `loupe new-key`")
        keys[_name_of(key)] = key
    if not keys:
        raise ValueError("there is no signing key in the file: make one with `loupe new-key`")
    return keys


def put_new_key(path: Path) -> list[str]:
    """Make the file's first key a fresh one; return the names of the keys it then holds.

    The one that signed until now stays second, and what came before it goes: its tokens with it.
    """
    old = keys_in(path.read_bytes()) if path.exists() else {}
    fresh = Ed25519PrivateKey.generate()
    kept = [fresh, *old.values()][:_KEPT]
    staged = _staged(path, b"".join(_pem(key) for key in kept))
    staged.rename(path)
    _sync_folder(path)
    return [_name_of(key) for key in kept]


def _make_first(path: Path) -> None:
    """Make the file; of several processes that do so at once one wins."""
    staged = _staged(path, _pem(Ed25519PrivateKey.generate()))
    try:
        os.link(staged, path)
    except FileExistsError:
        return
    finally:
        staged.unlink()
    _sync_folder(path)


def _staged(path: Path, text: bytes) -> Path:
    descriptor, staged = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # of mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return Path(staged)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public(key: Ed25519PrivateKey) -> dict[str, str]:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64(raw)}


def _name_of(key: Ed25519PrivateKey) -> str:
    """Return the thumbprint of RFC 7638: members in order, no blanks, SHA-256."""
    return _base64(hashlib.sha256(orjson.dumps(_public(key))).digest())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
