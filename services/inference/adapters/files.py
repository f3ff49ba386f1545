"""Image files from outside, opened by guarded children: nobody has looked at them before."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from services.inference.errors import NotAnImage
from shared.disk import room_on_disk
from shared.errors import NoSpaceLeft
from shared.guarded.limits import Limits
from shared.guarded.pool import GuardedPool, TooCostly
from shared.runtime.image_files import PIXELS
from shared.runtime.images import RgbPixels
from shared.vision.headers.header import ImageHeader

_MODULE = "services.inference.process.image_opener"


class ForeignFiles:
    """Opens files into ``folder``, which holds their pixels no longer than they are needed."""

    def __init__(self, folder: Path, *, workers: int, memory_bytes: int) -> None:
        self._folder = folder
        self.pool = GuardedPool(_MODULE, workers=workers, limits=Limits(memory_bytes))

    @asynccontextmanager
    async def opened(self, path: Path, header: ImageHeader) -> AsyncIterator[RgbPixels]:
        """Give a file's upright pixels; they are paged in from the disk as they are read.

        Raises:
            NotAnImage: The file is damaged, or too costly to decode.
            NoSpaceLeft: The disk is full.
        """
        folder = await asyncio.to_thread(self._new_folder)
        try:
            await self._open(path, folder)
            width, height = header.upright_size
            yield np.memmap(folder / PIXELS, np.uint8, mode="r", shape=(height, width, 3))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _open(self, path: Path, folder: Path) -> None:
        try:
            (reply,) = await self.pool.ask({"path": str(path), "folder": str(folder)})
        except TooCostly as error:
            raise NotAnImage(f"decoding the image takes {error}") from error
        if reply.get("reason") == "no-space":
            raise NoSpaceLeft(reply["detail"])
        if reply:
            raise NotAnImage(reply["detail"])

    def _new_folder(self) -> Path:
        with room_on_disk():
            self._folder.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(dir=self._folder))
