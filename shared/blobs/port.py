"""The blob store as services see it: content by project and hash, written once."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class BlobInfo:
    """What the store knows of a blob; ``stored_at`` where it was looked up."""

    key: str
    size_bytes: int
    stored_at: datetime | None = field(default=None, compare=False)


class Blobs(Protocol):
    """A blob store."""

    async def open(self) -> None:
        """Connect and make sure that the bucket exists."""
        ...

    async def put(self, key: str, data: bytes) -> BlobInfo:
        """Store ``data``; return when it is durable. Storing the same key again is harmless."""
        ...

    async def put_file(self, key: str, path: Path) -> BlobInfo:
        """Store the file at ``path`` in constant memory; the file stays where it is."""
        ...

    async def read(self, key: str) -> bytes:
        """Return the whole blob; raise NotFound."""
        ...

    def stream(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield a range of the blob in chunks; raise NotFound."""
        ...

    def as_file(self, key: str) -> AbstractAsyncContextManager[Path]:
        """Give the blob as a local, read-only file for the length of the block; raise NotFound."""
        ...

    async def stat(self, key: str) -> BlobInfo:
        """Return what is known of the blob; raise NotFound."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the blob; one that does not exist is already removed."""
        ...

    def walk(self, prefix: str) -> AsyncIterator[BlobInfo]:
        """Yield all blobs whose key begins with ``prefix``, in the order of keys."""
        ...

    async def ping(self) -> None:
        """Raise DependencyDown unless the store answers."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
