"""The blob store in a folder: written beside, fsynced, renamed, and the folder fsynced."""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from shared.blobs.keys import checked
from shared.blobs.port import CHUNK_BYTES, BlobInfo
from shared.disk import NO_SPACE
from shared.errors import DependencyDown, LoupeError, NoSpaceLeft, NotFound
from shared.ids import new_id
from shared.staging import own_folder

STAGING = ".staging"
"""The folder of blobs on their way, which is none of the stored."""
_PROBE_BYTES = 64 << 10
_PROBE_S = 1.0  # how long its answer holds: anybody may ask
_PAGE = 1000
_PLACINGS = 5


class EmbeddedBlobs:
    """Blobs as files below ``folder``."""

    def __init__(self, folder: Path, *, probe_s: float = _PROBE_S) -> None:
        """Bind the folder; what `ping` found is believed for ``probe_s``."""
        self._folder = folder
        self._staging = folder / STAGING
        self._probe_s = probe_s
        self._probed_at = -probe_s
        self._trouble: LoupeError | None = None

    async def open(self) -> None:
        """Create the folder and clear what a crash left half-written."""

        def prepare() -> None:
            self._staging = own_folder(self._folder / STAGING)
            self._staging.mkdir(parents=True, exist_ok=True)

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
        """Return the blob's size, and when it was stored."""
        return _info(key, self._existing(key).stat())

    async def delete(self, key: str) -> None:
        """Remove the blob, and the folders that it leaves empty."""

        def remove() -> None:
            path = self._path(key)
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # the first that holds something ends it
                for folder in path.relative_to(self._folder).parents:
                    if folder != Path():
                        (self._folder / folder).rmdir()

        await asyncio.to_thread(remove)

    async def walk(self, prefix: str) -> AsyncIterator[BlobInfo]:
        """Yield the blobs below ``prefix``; what goes meanwhile is passed over."""
        found = self._walk(prefix)
        while page := await asyncio.to_thread(lambda: list(islice(found, _PAGE))):
            for blob in page:
                yield blob

    async def ping(self) -> None:
        """Look whether the folder can be written; raise NoSpaceLeft for a full disk."""
        now = time.monotonic()
        if now - self._probed_at >= self._probe_s:
            self._probed_at = now
            self._trouble = await asyncio.to_thread(self._probe)
        if self._trouble is not None:
            raise type(self._trouble)(self._trouble.detail)

    def _probe(self) -> LoupeError | None:
        """Write a little for real: only that tells of a full or broken disk."""
        try:
            with (self._folder / STAGING / "probe").open("wb", buffering=0) as file:
                file.write(bytes(_PROBE_BYTES))
        except OSError as error:
            return _trouble_of(error)
        return None

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
        staged = self._staging / new_id()
        try:
            with staged.open("wb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            size = staged.stat().st_size
            _place(staged, target)
            _fsync_folder(target.parent)
        except OSError as error:
            staged.unlink(missing_ok=True)
            raise _trouble_of(error) from error
        return BlobInfo(key, size)

    def _walk(self, prefix: str) -> Iterator[BlobInfo]:
        for path, found in _files(self._folder / prefix.rpartition("/")[0]):
            key = Path(path).relative_to(self._folder).as_posix()
            if key.startswith(prefix) and not key.startswith(STAGING):
                yield _info(key, found)


def _info(key: str, found: os.stat_result) -> BlobInfo:
    return BlobInfo(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _trouble_of(error: OSError) -> LoupeError:
    if error.errno in NO_SPACE:
        return NoSpaceLeft("the disk of the blob store is full")
    return DependencyDown(f"the blob folder cannot be written: {error.strerror}")


def _place(staged: Path, target: Path) -> None:
    """Move a file into a folder that somebody may remove at this very moment, as it is empty."""
    for _ in range(_PLACINGS):
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            staged.rename(target)
            return
    staged.rename(target)


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield path and state of each file below ``folder``, in the order of keys."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name + "/" * entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        if entry.is_dir():
            yield from _files(Path(entry.path))
            continue
        try:
            state = entry.stat()
        except FileNotFoundError:
            continue
        yield entry.path, state


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
