"""Writes bundles: files, their hashes, the signature, one zip. `shared.sdk.bundle` reads them."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.sdk.bundle import FACTS, SIGNATURE, Bundle, fingerprint_of

_SINCE = (1980, 1, 1, 0, 0, 0)  # of every file: an equal export has equal bytes


def fresh_seed() -> str:
    """Return a new private key as hexadecimal."""
    return Ed25519PrivateKey.generate().private_bytes_raw().hex()


def signed(files: Mapping[str, bytes], facts: Mapping[str, Any], seed: str) -> Bundle:
    """Return the bundle of ``files`` with what it says of itself, signed with a private key."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    said = {**facts, "files": hashes}
    text = as_json(said)
    public = key.public_key().public_bytes_raw()
    signature = as_json(
        {
            "algorithm": "Ed25519",
            "of": FACTS,
            "public_key": public.hex(),
            "fingerprint": fingerprint_of(public),
            "signature": key.sign(text).hex(),
        }
    )
    return Bundle({FACTS: text, SIGNATURE: signature, **files}, said)


def write_zip(bundle: Bundle, path: Path) -> None:
    """Write a bundle as a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in bundle.files.items():
            archive.writestr(zipfile.ZipInfo(name, _SINCE), data, zipfile.ZIP_DEFLATED)


def as_json(values: Mapping[str, Any]) -> bytes:
    """Return a document of a bundle, for people as well."""
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()
