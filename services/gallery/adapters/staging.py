"""Files on their way in: written as they come, counted and hashed, removed whatever happens."""

import asyncio
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.gallery.domain.limits import check_file_size
from shared.disk import room_on_disk, write_all
from shared.ids import new_id
from shared.runtime.image_limits import MAX_FILE_BYTES

_WRITE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Staged:
    """A whole file in staging; `folder` is its own, for what is made of it."""

    path: Path
    folder: Path
    size_bytes: int
    sha256: str


class StagedFile:
    """A file that is being written; beyond the limit bytes are counted and dropped.

    Bytes are hashed and written a mebibyte at a time, beside the event loop.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "original"
        self._file = self._path.open("wb", buffering=0)
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._failure: Exception | None = None
        self.size_bytes = 0

    async def write(self, data: bytes) -> None:
        """Add bytes; what goes over the limit of an image is only counted.

        Raises:
            NoSpaceLeft: the disk is full.
        """
        self.size_bytes += len(data)
        if self.size_bytes <= MAX_FILE_BYTES:
            self._waiting += data
            if len(self._waiting) >= _WRITE_BYTES:
                await self._flush()

    async def finish(self) -> Staged:
        """Close the file and return it; raise ImageFileTooLarge or NoSpaceLeft.

        What could not be written is said again here: a file that lacks bytes is never whole.
        """
        check_file_size(self.size_bytes)
        await self._flush()
        self._file.close()
        return Staged(self._path, self.folder, self.size_bytes, self._hash.hexdigest())

    def discard(self) -> None:
        """Remove the file and all that was made of it."""
        self._file.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _flush(self) -> None:
        if self._failure is not None:
            raise self._failure
        data, self._waiting = self._waiting, bytearray()
        try:
            await asyncio.to_thread(self._store, data)
        except Exception as error:
            self._failure = error
            raise

    def _store(self, data: bytearray) -> None:
        self._hash.update(data)
        write_all(self._file, data)


class Staging:
    """The staging folder of this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self) -> StagedFile:
        """Begin a file; the caller finishes or discards it."""
        folder = self._folder / new_id()
        with room_on_disk():
            folder.mkdir(parents=True)
            return StagedFile(folder)

    @contextmanager
    def file(self) -> Iterator[StagedFile]:
        """Begin a file that is removed at the end of the block."""
        staged = self.new()
        try:
            yield staged
        finally:
            staged.discard()
