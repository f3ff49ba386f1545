"""Loops over arrays, compiled by numba on their first call and kept on disk; their types stay.

Where numba is absent loops stay as they are written; `kernels` then takes numpy's instead.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

try:
    from numba import njit
except ImportError:
    njit = None

IS_COMPILED = njit is not None

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """Compile a loop; it runs without the interpreter's lock."""
    return cast(Loop, njit(cache=True, nogil=True)(loop)) if njit is not None else loop


def inlined(loop: Loop) -> Loop:
    """Compile a loop into each of its callers."""
    if njit is None:
        return loop
    return cast(Loop, njit(cache=True, nogil=True, inline="always")(loop))
