"""The key that signs tokens in tests; every process of a test checks them as a service does."""

import atexit
import json
import shutil
import tempfile
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.workspace.adapters.signer import SIGNING_KEY, Signer, keys_in
from shared.http.tokens import ReadKeys, Tokens

_FOLDER = Path(tempfile.mkdtemp(prefix="loupe-signing-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)

KEY_FILE = _FOLDER / SIGNING_KEY
SIGNER = Signer(KEY_FILE)
PUBLIC = _FOLDER / "public.json"
PUBLIC.write_text(json.dumps({"keys": SIGNER.public_keys()}))
VARIABLES = {
    "LOUPE_WORKSPACE_SIGNING_KEY": str(KEY_FILE),
    "LOUPE_TOKEN_KEYS": str(PUBLIC),
}


def reading(signer: Signer) -> ReadKeys:
    """What tells the key set of a signer, of which nothing was revoked."""

    async def read() -> bytes:
        return json.dumps({"keys": signer.public_keys()}).encode()

    return read


def fresh_tokens() -> Tokens:
    """What checks the tokens of `SIGNER`."""
    return Tokens(reading(SIGNER))


def private_key() -> Ed25519PrivateKey:
    """The key of `SIGNER`: for tokens that the workspace would never sign."""
    return next(iter(keys_in(KEY_FILE.read_bytes()).values()))


def signed(claims: dict[str, object]) -> str:
    """A token with these claims, rightly signed."""
    headers = {"kid": SIGNER.public_keys()[0]["kid"]}
    return jwt.encode(claims, private_key(), algorithm="EdDSA", headers=headers)
