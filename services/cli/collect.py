"""``loupe collect``: free what nothing names any more, or say what would be freed."""

import argparse
import asyncio

from services.cli.commands import SubParsers
from shared.hosting.stores import Stores
from shared.settings import StoreSettings
from shared.telemetry import configure

_NOT_COUNTED = (
    "not counted: events that newer ones replaced, documents past their term (each service removes "
    "them hourly), folders of killed trainings (a trainer removes them when it starts)"
)


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "collect",
        help="free what nothing names, compact the event log; while it runs, too",
    )
    parser.add_argument("--dry-run", action="store_true", help="count blobs, remove nothing")


def run(args: argparse.Namespace) -> int:
    """Do one round of upkeep; print what is stored, what nothing names, and what went."""
    configure("cli")
    for line in asyncio.run(_collect(dry_run=args.dry_run)):
        print(line)
    return 0


async def _collect(*, dry_run: bool) -> list[str]:
    from services.workspace.app import upkeep_of
    from services.workspace.repository import COLLECTIONS
    from services.workspace.settings import WorkspaceSettings

    settings = WorkspaceSettings()
    stores = Stores.of(StoreSettings())
    await stores.open(COLLECTIONS)
    try:
        found, compacted = await upkeep_of(stores, settings).round(dry_run=dry_run)
    finally:
        await stores.close()
    verb = "would go" if dry_run else "went"
    lines = [
        f"{found.stored.count} blobs, {found.stored.size_bytes} bytes are stored",
        f"{found.unnamed.count} of them, {found.unnamed.size_bytes} bytes, are named by nothing",
        f"{found.freed.count}, {found.freed.size_bytes} bytes, {verb}: so for "
        f"{settings.safe_age_h:g} h or more",
    ]
    if dry_run:
        lines.append(_NOT_COUNTED)
    if compacted is not None:
        lines.append(f"{compacted.dropped} events that newer ones replaced were dropped")
    return lines
