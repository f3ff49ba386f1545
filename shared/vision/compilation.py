"""Loops over arrays, compiled by numba on their first call and kept on disk; their types stay."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """Compile a loop; it runs without the interpreter's lock."""
    return cast(Loop, njit(cache=True, nogil=True)(loop))


def inlined(loop: Loop) -> Loop:
    """Compile a loop into each of its callers."""
    return cast(Loop, njit(cache=True, nogil=True, inline="always")(loop))
