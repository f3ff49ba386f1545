"""Content under its hash, in the folder of the project that it belongs to.

A project's blobs stand below one folder and are never shared with another project: what only a
deleted project needed is everything in its folder, without counting references.
"""

import asyncio
import hashlib
from datetime import datetime
from pathlib import Path

from shared.blobs.port import BlobInfo, Blobs
from shared.errors import NotFound

_MOST_KNOWN = 10_000


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


def is_named(key: str, content: bytes | Path) -> bool:
    """Return whether these are the bytes that a key of content names.

    >>> is_named(content_key("acme", "P", hash_of(b"x")), b"x"), is_named("t/acme/P/00", b"x")
    (True, False)
    """
    return key.rpartition("/")[2] == hash_of(content)


async def is_whole(blobs: Blobs, key: str) -> bool:
    """Return whether a blob is there, with the bytes that its key names."""
    digest = hashlib.sha256()
    try:
        async for chunk in blobs.stream(key):
            await asyncio.to_thread(digest.update, chunk)
    except NotFound:
        return False
    return key.endswith(digest.hexdigest())


async def read_content(blobs: Blobs, key: str) -> bytes:
    """Return the bytes that a key names; raise NotFound where they are lost or damaged."""
    content = await blobs.read(key)
    if not await asyncio.to_thread(is_named, key, content):
        raise NotFound(f"blob {key} is damaged")
    return content


def lost(name: str) -> str:
    """Return what to tell a person of an image whose stored file is lost or damaged."""
    return f"the stored file of {name!r} is lost or damaged; upload it again"


class SoundContent:
    """Which blobs are what their keys name: each is read once, and again when it was changed.

    Of so many as are read again and again, the ones that were looked at last are remembered.
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._known: dict[str, tuple[int, datetime | None]] = {}

    async def find(self, key: str) -> BlobInfo:
        """Return a blob's size and time; raise NotFound where it is lost or damaged."""
        found = await self._blobs.stat(key)
        state = found.size_bytes, found.stored_at
        if self._known.pop(key, None) != state and not await is_whole(self._blobs, key):
            raise NotFound(f"blob {key} is damaged")
        self._known[key] = state
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        return found
