"""Files mapped into memory: read where they are looked at, never whole."""

import mmap
from pathlib import Path

from shared.vision.headers.header import HeaderError


def mapped(path: Path) -> mmap.mmap:
    """Map an image file for reading; it is unmapped with its last reader.

    Raises:
        HeaderError: the file is empty.
    """
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise HeaderError("not-an-image", "the file is empty") from error
