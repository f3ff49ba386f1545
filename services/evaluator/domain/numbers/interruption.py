"""Long computations that somebody may call off: the loops look now and then whether it is so."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

Made = TypeVar("Made")
Asked = Callable[[], bool]

_asked: ContextVar[Asked] = ContextVar("asked", default=lambda: False)


class Interrupted(Exception):
    """The computation was called off; what it had is lost."""


def interruptible(asked: Asked, work: Callable[[], Made]) -> Made:
    """Compute, unless and until ``asked`` says that nobody wants the outcome any more.

    Raises:
        Interrupted: It was called off.
    """
    token = _asked.set(asked)
    try:
        return work()
    finally:
        _asked.reset(token)


def look() -> None:
    """Go on; raise Interrupted where the computation was called off."""
    if _asked.get()():
        raise Interrupted


def looking(loop: Callable[..., Made]) -> Callable[..., Made]:
    """The loop, which looks before each turn, in whatever thread it runs."""
    asked = _asked.get()

    def turn(*given: object) -> Made:
        if asked():
            raise Interrupted
        return loop(*given)

    return turn
