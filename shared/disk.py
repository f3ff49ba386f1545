"""A full disk, told as such: 507, and trying again helps once a person made room."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import NoSpaceLeft

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


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
