"""``loupe collect``: free what nothing names any more, or say what would be freed."""

import argparse
import asyncio

from services.cli.commands import SubParsers
from shared.contracts.catalogue import PARTITIONS
from shared.hosting.stores import Stores, with_dead_letters
from shared.settings import StoreSettings
from shared.telemetry import configure

_BY_THEMSELVES = (
    "each service removes documents past their term hourly, and what dead processes left when it "
    "starts; a broker drops events by itself"
)


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "collect",
        help="free what nothing names, compact the event log; while it runs, too",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go, remove nothing")


def run(args: argparse.Namespace) -> int:
    """Do one round of upkeep; print what is stored, what nothing names, and what went.

    A dry run of an embedded platform tells of what its services remove by themselves, too.
    """
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
    await stores.documents.open(COLLECTIONS)
    await stores.events.open(with_dead_letters(PARTITIONS))
    if not dry_run:
        await stores.blobs.open()  # which removes what dead processes left there
    lines: list[str] = []
    try:
        found, compacted = await upkeep_of(stores, settings).round(dry_run=dry_run)
        if dry_run:
            lines = await _by_themselves(stores)
    finally:
        await stores.close()
    verb = "would go" if dry_run else "went"
    told = [
        f"{found.stored.count} blobs, {found.stored.size_bytes} bytes are stored",
        f"{found.unnamed.count} of them, {found.unnamed.size_bytes} bytes, are named by nothing",
        f"{found.freed.count}, {found.freed.size_bytes} bytes, {verb}: so for "
        f"{settings.safe_age_h:g} h or more",
    ]
    if compacted is not None:
        told.append(
            f"{compacted.dropped} events that newer ones replaced, or set aside past their term, "
            f"{verb}"
        )
    return [*told, *lines]


async def _by_themselves(stores: Stores) -> list[str]:
    """Tell what goes without this command: only where all services' documents are at hand."""
    settings = StoreSettings()
    if settings.stores != "embedded":
        return [_BY_THEMSELVES]
    from services.cli.due import COLLECTIONS, due

    await stores.documents.open(COLLECTIONS)
    found = await due(stores.documents, settings.data)
    kinds = ", ".join(f"{number} of {kind}" for kind, number in found.documents.items()) or "0"
    return [
        f"within an hour by themselves, documents past their term: {kinds} (at most)",
        f"at the next start, what dead processes left: {found.files} files, {found.file_bytes} "
        "bytes",
    ]
