"""Waiting for long work of the platform: shown while it lasts, and taken up again by its id."""

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from services.cli.access import StillUnderWay
from services.cli.client import ApiError, Json, Unreachable

_LOOK_S = 0.5
_PASSING = (429, 502, 503, 504)
_OUTAGE_S = 300.0  # a platform that is started anew, or a machine that slept, ends no waiting


@dataclass(frozen=True, slots=True)
class LongWork:
    """Something that the platform does for minutes or hours.

    Attributes:
        title: What is shown beside the bar.
        look: Asks the platform how far it is.
        is_over: Whether nothing more will happen to it.
        note: A few words about how far it is.
        again: The command that waits for it again.
    """

    title: str
    look: Callable[[], Json]
    is_over: Callable[[Json], bool]
    note: Callable[[Json], str]
    again: str


def add_waiting(parser: argparse.ArgumentParser) -> None:
    """Add the options of waiting."""
    parser.add_argument("--no-wait", action="store_true", help="ask, print the id, and leave")
    parser.add_argument(
        "--wait-s", type=_seconds, default=math.inf, help="wait so many seconds at most"
    )


def wait_for(work: LongWork, limit_s: float) -> Json:
    """Wait until the work is over, with its progress on standard error.

    Raises:
        StillUnderWay: Ctrl-C, or ``limit_s`` seconds are over; the work goes on.
        Unreachable: The platform does not answer for minutes.
        ApiError: It does not know the work any more.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    deadline = time.monotonic() + limit_s
    try:
        words = f"{work.title}: should this waiting end, go on with: {work.again}"
        console.print(words, markup=False, soft_wrap=True)
        with Progress(*columns, console=console) as bar:
            line = bar.add_task(work.title, total=100.0)
            while True:
                now = _patient(work.look, deadline)
                over = work.is_over(now)
                note = work.note(now)
                percent = 100.0 if over else now["progress"]["percent"]
                bar.update(line, completed=percent, description=f"{work.title}: {note}")
                if over:
                    return now
                if time.monotonic() >= deadline:
                    raise TimeoutError
                time.sleep(min(_LOOK_S, max(0.0, deadline - time.monotonic())))
    except TimeoutError:
        raise StillUnderWay(f"it is under way; wait on with: {work.again}") from None
    except KeyboardInterrupt:
        raise StillUnderWay(f"it goes on; wait on with: {work.again}") from None


def _patient(look: Callable[[], Json], until: float) -> Json:
    """Look; ask again while the platform does not answer, for minutes but not beyond ``until``."""
    outage_over = time.monotonic() + _OUTAGE_S
    while True:
        try:
            return look()
        except (Unreachable, ApiError) as error:
            passing = isinstance(error, Unreachable) or error.status in _PASSING
            if not passing or time.monotonic() > outage_over:
                raise
        if time.monotonic() >= until:
            raise TimeoutError
        time.sleep(_LOOK_S)


def _seconds(text: str) -> float:
    value = float(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value
