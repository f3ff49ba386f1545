"""Freed memory stays with a process that reads images by rows (GNU libc)."""

import ctypes
import platform
import subprocess
import sys

import pytest

LOOK = """
import ctypes, sys
from shared.hosting.allocator import keep_freed_blocks

class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks "
                "fsmblks uordblks fordblks keepcost".split()]

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.mallinfo2.restype = Mallinfo2
if sys.argv[1] == "keep":
    keep_freed_blocks()
before = libc.mallinfo2()
block = libc.malloc(3 << 20)
mapped = libc.mallinfo2().hblks - before.hblks
libc.free(block)
print(mapped, libc.mallinfo2().fordblks - before.fordblks)
"""


def looked(how: str) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, how], capture_output=True, text=True, check=True
    )
    mapped, free = done.stdout.split()
    return int(mapped), int(free)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="settings of GNU libc")
def test_a_large_block_comes_from_the_heap_and_stays_there() -> None:
    assert looked("leave") == (1, 0)
    mapped, free = looked("keep")
    assert mapped == 0
    assert free >= 2 << 20


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    from shared.hosting.allocator import keep_freed_blocks

    keep_freed_blocks()
