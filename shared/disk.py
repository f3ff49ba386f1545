"""A full disk, told as such: 507, and trying again helps once a person made room."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from shared.errors import NoSpaceLeft

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: BaseException) -> bool:
    """Tell whether an error, of the system or of an image library in words, is of a full disk.

    >>> is_full(OSError(errno.ENOSPC, "no")), is_full(ValueError("write: No space left on device"))
    (True, True)
    """
    return getattr(error, "errno", None) in NO_SPACE or "No space left" in str(error)


@contextmanager
def room_on_disk() -> Iterator[None]:
    """Write files inside the block.

    Raises:
        NoSpaceLeft: the disk, or the quota on it, is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise NoSpaceLeft("the disk is full") from error
        raise


def write_all(file: IO[bytes], data: bytes | bytearray) -> None:
    """Write all of ``data`` to an unbuffered file, which may take less at a time.

    Raises:
        NoSpaceLeft: the disk, or the quota on it, is full.
    """
    left = memoryview(data)
    with room_on_disk():
        while left:
            left = left[file.write(left) :]
