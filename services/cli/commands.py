"""What command modules share: argparse's subparsers, printed lines, and lines of the journal."""

import argparse
import asyncio
import sys
from collections.abc import Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from shared.clock import format_time
from shared.contracts.audit_events import ChangeAsked
from shared.errors import LoupeError
from shared.hosting.stores import Stores
from shared.journal import Journal
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


async def by_command(
    stores: Stores, tenant: str, operation: str, *, made: str = "", **named: str
) -> None:
    """Write into a tenant's journal what the operator did to it; see `shared.journal`."""
    line = ChangeAsked(
        service="workspace",
        operation=operation,
        role="system",
        status=201 if made else 200,
        named=named,
        made=(made,) if made else (),
    )
    await Journal(stores.documents, line.service).record(tenant, line)


def short_time(moment: datetime | None) -> str:
    """Return a time to the second, as wide as none at all."""
    return f"{'-':20}" if moment is None else f"{format_time(moment)[:19]}Z"
