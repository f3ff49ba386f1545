"""Content under its hash, in the folder of the project that it belongs to.

A project's blobs stand below one folder and are never shared with another project: what only a
deleted project needed is everything in its folder, without counting references.
"""

import asyncio
import hashlib
from pathlib import Path

from shared.blobs.port import Blobs


def project_folder(tenant: str, project_id: str) -> str:
    """Return the beginning of the keys of all blobs of a project, with the closing slash.

    >>> project_folder("acme", "P")
    't/acme/P/'
    """
    return f"t/{tenant}/{project_id}/"


def content_key(tenant: str, project_id: str, sha256: str) -> str:
    """Return the key of a project's content.

    >>> content_key("acme", "P", "9f86d081")
    't/acme/P/9f86d081'
    """
    return project_folder(tenant, project_id) + sha256


async def put_by_hash(
    blobs: Blobs,
    content: bytes | Path,
    *,
    tenant: str,
    project_id: str,
    sha256: str | None = None,
) -> str:
    """Store bytes, or the file at a path, under their hash; return the key when it is durable.

    ``sha256`` spares reading a file whose hash is known already.
    """
    if sha256 is None:
        sha256 = await asyncio.to_thread(hash_of, content)
    key = content_key(tenant, project_id, sha256)
    if isinstance(content, bytes):
        await blobs.put(key, content)
    else:
        await blobs.put_file(key, content)
    return key


def hash_of(content: bytes | Path) -> str:
    """Return the SHA-256 of bytes, or of a file's, in hexadecimal."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
