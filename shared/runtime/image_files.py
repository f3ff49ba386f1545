"""From any image file to its pixels, as they are once the gallery took the same file in."""

from pathlib import Path

from shared.runtime.image_rows import FileRows, RowsUnreadable
from shared.runtime.mapped_files import mapped
from shared.runtime.upright_files import check_end, make_upright
from shared.vision.headers.header import HeaderError
from shared.vision.headers.sniff import read_header

PIXELS = "pixels"


def write_pixels(path: Path, folder: Path) -> Path:
    """Write the upright RGB pixels of the image at ``path``, row by row, to a file in ``folder``.

    The file holds ``(H, W, 3)`` uint8 and nothing else; never are all pixels in memory, but for
    those images of which a decoder must hold them.

    Raises:
        HeaderError: The file is not a whole image; the reason word says why.
    """
    view = mapped(path)
    header = read_header(memoryview(view))
    check_end(view, header)
    if not header.is_plain:
        path = make_upright(path, header, folder).path
        header = read_header(memoryview(mapped(path)))
    target = folder / PIXELS
    try:
        with target.open("wb") as file:
            for strip in FileRows(path.read_bytes(), header).strips():
                file.write(strip.pixels.tobytes())
    except RowsUnreadable as error:
        raise HeaderError("corrupt", str(error)) from error
    return target
