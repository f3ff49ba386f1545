"""Cuts one large image into tile files, in one pass and without holding its pixels.

Rows come from `shared.runtime.image_rows`. Full tiles are encoded beside the reading, on a second
core.
"""

import hashlib
import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import cv2
import numpy as np
import pyvips
import simplejpeg
from numpy.typing import NDArray

from shared.disk import room_on_disk
from shared.errors import InvalidInput
from shared.runtime.image_rows import bmp_rows, vips_rows
from shared.runtime.mapped_files import mapped
from shared.vision.headers.header import Colour, HeaderError, ImageFormat, ImageHeader
from shared.vision.headers.sniff import read_header
from shared.vision.strips import Strip, fill_tiles
from shared.vision.tiles import TilePlan, Window

JPEG_QUALITY = 95
PNG_COMPRESSION = 2  # with the "up" filter: a third of the time of level 6, 15 % more bytes
ENCODERS = 2

Pixels = NDArray[np.uint8]


class ImageUnreadable(InvalidInput):
    """The image's content cannot be cut."""

    code = "image-unreadable"
    title = "The image cannot be cut into tiles"


@dataclass(frozen=True, slots=True)
class TileFile:
    """A tile that was cut."""

    window: Window
    path: Path
    content_type: str
    size_bytes: int
    sha256: str


class CuttingStopped(Exception):
    """Nobody wants the tiles any more."""


def _never() -> bool:
    return False


def cut(
    path: Path, plan: TilePlan, folder: Path, stopping: Callable[[], bool] = _never
) -> list[TileFile]:
    """Cut the upright image at `path` by `plan`; return the tile files in row-major order.

    Tiles have the format of the image; a palette BMP gives PNG tiles. Only JPEG loses by it. Before
    each strip of rows it asks whether it is to stop.

    Raises:
        ImageUnreadable: the file cannot be decoded, or not be cut by this plan.
        NoSpaceLeft: the disk is full, which says nothing of the image.
        CuttingStopped: it was to stop.
    """
    try:
        view = mapped(path)
        header = read_header(memoryview(view))
        windows = plan.windows(header.width, header.height)
        kind = _tile_format(header)
        strips = _while_wanted(_strips(path, view, header), stopping)
        with room_on_disk():
            tiles = _encode_all(windows, strips, kind, folder)
    except (HeaderError, ValueError, pyvips.Error) as error:
        raise ImageUnreadable(f"the image cannot be cut: {error}") from error
    return sorted(tiles, key=lambda tile: (tile.window.row, tile.window.column))


def _while_wanted(strips: Iterator[Strip], stopping: Callable[[], bool]) -> Iterator[Strip]:
    for strip in strips:
        if stopping():
            raise CuttingStopped
        yield strip


def _tile_format(header: ImageHeader) -> ImageFormat:
    if header.format is ImageFormat.BMP and header.colour is Colour.PALETTE:
        return ImageFormat.PNG
    return header.format


class _Buffers:
    """Memory of tiles, used again and again: new pages cost half as much as the decoding.

    There are as many as tiles are read at once; reading waits for one that is still encoded.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self._most_pixels = max(window.width * window.height for window in windows)
        self._back: SimpleQueue[Pixels] = SimpleQueue()
        self._lent = 0

    def take(self, shape: tuple[int, int, int]) -> Pixels:
        """Give memory for a tile to the reader."""
        height, width, channels = shape
        if self._lent:
            self._lent -= 1
            buffer = self._back.get()
        else:
            buffer = np.empty(self._most_pixels * channels, np.uint8)
        return buffer[: height * width * channels].reshape(shape)

    def lend(self) -> None:
        """Note that a full tile goes to an encoder."""
        self._lent += 1

    def give(self, pixels: Pixels) -> None:
        """Take back what an encoder is done with."""
        self._back.put(np.asarray(pixels.base))


def _encode_all(
    windows: Sequence[Window], strips: Iterator[Strip], kind: ImageFormat, folder: Path
) -> list[TileFile]:
    buffers = _Buffers(windows)

    def encode(window: Window, pixels: Pixels) -> TileFile:
        try:
            return _encode(window, pixels, kind=kind, folder=folder)
        finally:
            buffers.give(pixels)

    done: list[Future[TileFile]] = []
    with ThreadPoolExecutor(ENCODERS) as pool:
        for window, pixels in fill_tiles(windows, strips, allocate=buffers.take):
            buffers.lend()
            done.append(pool.submit(encode, window, pixels))
        return [future.result() for future in done]


def _encode(window: Window, pixels: Pixels, *, kind: ImageFormat, folder: Path) -> TileFile:
    path = folder / f"{window.row}-{window.column}.{kind.value}"
    _WRITERS[kind](pixels, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return TileFile(window, path, kind.content_type, path.stat().st_size, digest)


def _write_jpeg(pixels: Pixels, path: Path) -> None:
    grey = pixels.shape[2] == 1
    data = simplejpeg.encode_jpeg(
        pixels,
        quality=JPEG_QUALITY,
        colorspace="GRAY" if grey else "RGB",
        colorsubsampling="Gray" if grey else "420",
    )
    path.write_bytes(data)


def _write_png(pixels: Pixels, path: Path) -> None:
    height, width, channels = pixels.shape
    image = pyvips.Image.new_from_memory(pixels, width, height, channels, "uchar")
    image = image.copy(interpretation="srgb" if channels == 3 else "b-w")
    # libvips tells of a full disk in the words of a system error that now and then is lost
    path.write_bytes(image.pngsave_buffer(compression=PNG_COMPRESSION, filter="up"))


def _write_bmp(pixels_bgr: Pixels, path: Path) -> None:
    done, data = cv2.imencode(".bmp", pixels_bgr)
    if not done:
        raise ValueError("a tile cannot be written as BMP")
    path.write_bytes(data.tobytes())  # cv2 itself says nothing of a full disk


_WRITERS: dict[ImageFormat, Callable[[Pixels, Path], None]] = {
    ImageFormat.JPEG: _write_jpeg,
    ImageFormat.PNG: _write_png,
    ImageFormat.BMP: _write_bmp,
}


def _strips(path: Path, view: mmap.mmap, header: ImageHeader) -> Iterator[Strip]:
    """Rows in the channels that the writers want: BMP files without a palette stay blue first."""
    if header.format is not ImageFormat.BMP:
        yield from vips_rows(path)
        return
    is_palette = header.colour is Colour.PALETTE
    with path.open("rb") as file:

        def read(offset: int, size: int) -> bytes:
            return os.pread(file.fileno(), size, offset)

        for strip in bmp_rows(memoryview(view), read):
            yield strip if is_palette else Strip(strip.y, strip.pixels[:, :, ::-1])
