"""Long loops side by side, in threads: compiled ones and BLAS release the interpreter's lock."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from services.evaluator.domain.numbers.interruption import looking

THREADS = 4  # each holds columns of its own

Given = TypeVar("Given")
Made = TypeVar("Made")


def side_by_side(loop: Callable[[Given], Made], each: Iterable[Given]) -> list[Made]:
    """Run a loop on each of some arguments, in threads; results stand in their order.

    BLAS keeps to one thread meanwhile: its own wait for one another by spinning, which takes four
    times the CPU where the cores are not ours alone.

    >>> side_by_side(abs, [-1, 2])
    [1, 2]
    """
    arguments, loop = list(each), looking(loop)
    with _blas().limit(limits=1, user_api="blas"):
        if len(arguments) < 2:
            return [loop(one) for one in arguments]
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(loop, arguments))


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()  # looks through the libraries of the process
