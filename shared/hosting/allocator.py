"""What the C library does with memory that is freed.

Left alone, GNU libc learns from what is freed, and neither an image read by rows nor long columns
are served by what it learns. Another C library is left alone.
"""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # names of mallopt(3), GNU libc
_KEPT_BLOCK = 16 << 20
_KEPT_TOTAL = 64 << 20
_LARGE_BLOCK = 4 << 20


def keep_freed_blocks() -> None:
    """Let freed blocks of up to 16 MiB, and 64 MiB of them, stay with the process.

    Without it the buffers of every strip of rows may go back to the system and be taken anew page
    by page, which cost a quarter of the time of cutting a JPEG.
    """
    _tell(_M_MMAP_THRESHOLD, _KEPT_BLOCK)
    _tell(_M_TRIM_THRESHOLD, _KEPT_TOTAL)


def give_back_large_blocks() -> None:
    """Give blocks of 4 MiB and more back to the system as soon as they are freed.

    Without it those of up to 32 MiB stay in pieces of many sizes: a process that computed on long
    columns held a sixth more than it used.
    """
    _tell(_M_MMAP_THRESHOLD, _LARGE_BLOCK)


def give_back_what_is_free() -> None:
    """Give all free pages back to the system, once much was freed in small pieces."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _tell(option: int, value: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(option, value)
