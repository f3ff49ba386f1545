"""What command modules share: the type of argparse's subparsers, and how lines are printed."""

import argparse
import asyncio
import sys
from collections.abc import Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from shared.clock import format_time
from shared.errors import LoupeError
from shared.telemetry import configure

if TYPE_CHECKING:
    SubParsers: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    SubParsers = argparse._SubParsersAction


def print_lines(doing: Coroutine[Any, Any, list[str]]) -> int:
    """Run what a command does; print its lines or why it was refused, return the exit code."""
    configure("cli")
    try:
        for line in asyncio.run(doing):
            print(line)
    except LoupeError as refusal:
        places = [f"{wrong.field}: {wrong.message}" for wrong in refusal.errors]
        print(f"loupe: {'; '.join([refusal.detail, *places])}", file=sys.stderr)
        return 1
    return 0


def short_time(moment: datetime | None) -> str:
    """Return a time to the second, as wide as none at all."""
    return f"{'-':20}" if moment is None else f"{format_time(moment)[:19]}Z"
