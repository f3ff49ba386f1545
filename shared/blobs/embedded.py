"""The blob store in a folder: written beside, fsynced, renamed, and the folder fsynced."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from shared.blobs.keys import checked
from shared.blobs.port import CHUNK_BYTES, BlobInfo
from shared.disk import NO_SPACE, room_on_disk
from shared.errors import DependencyDown, NoSpaceLeft, NotFound
from shared.ids import new_id

_STAGING = ".staging"
_PROBE_BYTES = 64 << 10


class EmbeddedBlobs:
    """Blobs as files below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def open(self) -> None:
        """Create the folder and clear what a crash left half-written."""

        def prepare() -> None:
            (self._folder / _STAGING).mkdir(parents=True, exist_ok=True)
            for leftover in (self._folder / _STAGING).glob(f"{os.getpid()}-*"):
                leftover.unlink(missing_ok=True)

        await asyncio.to_thread(prepare)

    async def put(self, key: str, data: bytes) -> BlobInfo:
        """Store ``data``."""
        return await asyncio.to_thread(self._store, key, lambda file: file.write(data))

    async def put_file(self, key: str, path: Path) -> BlobInfo:
        """Store the file at ``path``."""

        def copy(file: BinaryIO) -> None:
            with path.open("rb") as source:
                shutil.copyfileobj(source, file, CHUNK_BYTES)

        return await asyncio.to_thread(self._store, key, copy)

    async def read(self, key: str) -> bytes:
        """Return the whole blob."""
        path = self._existing(key)
        return await asyncio.to_thread(path.read_bytes)

    async def stream(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield a range of the blob."""
        file = await asyncio.to_thread(self._existing(key).open, "rb")
        try:
            await asyncio.to_thread(file.seek, start)
            left = length
            while left is None or left > 0:
                size = CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)
                chunk = await asyncio.to_thread(file.read, size)
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk
        finally:
            file.close()

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        """Give the blob's own file."""
        yield self._existing(key)

    async def stat(self, key: str) -> BlobInfo:
        """Return the blob's size."""
        return BlobInfo(key, self._existing(key).stat().st_size)

    async def delete(self, key: str) -> None:
        """Remove the blob."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    async def walk(self, prefix: str) -> AsyncIterator[BlobInfo]:
        """Yield the blobs below ``prefix``."""
        for key, size in await asyncio.to_thread(self._walk, prefix):
            yield BlobInfo(key, size)

    async def ping(self) -> None:
        """Look whether the folder can be written; raise NoSpaceLeft for a full disk."""
        if not os.access(self._folder, os.W_OK):
            raise DependencyDown(f"the blob folder {self._folder} cannot be written")
        await asyncio.to_thread(self._probe)

    def _probe(self) -> None:
        """Write a little for real: only that tells of a full disk."""
        probe = self._folder / _STAGING / "probe"
        with room_on_disk(), probe.open("wb", buffering=0) as file:
            file.write(bytes(_PROBE_BYTES))

    async def close(self) -> None:
        """Nothing is held open."""

    def _path(self, key: str) -> Path:
        return self._folder / checked(key)

    def _existing(self, key: str) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise NotFound(f"no blob {key}")
        return path

    def _store(self, key: str, fill: Callable[[BinaryIO], object]) -> BlobInfo:
        target = self._path(key)
        staged = self._folder / _STAGING / f"{os.getpid()}-{new_id()}"
        try:
            with staged.open("wb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.rename(target)
            _fsync_folder(target.parent)
        except OSError as error:
            staged.unlink(missing_ok=True)
            if error.errno in NO_SPACE:
                raise NoSpaceLeft("the disk of the blob store is full") from error
            raise DependencyDown(f"the blob folder cannot be written: {error.strerror}") from error
        return BlobInfo(key, target.stat().st_size)

    def _walk(self, prefix: str) -> list[tuple[str, int]]:
        found = []
        for path in (self._folder / prefix.rpartition("/")[0]).rglob("*"):
            key = path.relative_to(self._folder).as_posix()
            if path.is_file() and key.startswith(prefix) and not key.startswith(_STAGING):
                found.append((key, path.stat().st_size))
        return sorted(found)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
