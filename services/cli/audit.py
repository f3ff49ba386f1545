"""``loupe audit``: whether every blob that documents name is there, and whole."""

import argparse
import asyncio

from services.cli.commands import SubParsers
from shared.hosting.stores import Stores
from shared.settings import StoreSettings
from shared.telemetry import configure

_SHOWN = 20


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    subparsers.add_parser(
        "audit", help="read every blob that is named and tell which are lost or damaged"
    )


def run(_args: argparse.Namespace) -> int:
    """Look, and tell what was found; return 1 where a blob is lost or damaged."""
    from services.workspace.handlers.audit import Audit, Audited
    from services.workspace.repository import COLLECTIONS

    async def look() -> Audited:
        stores = Stores.of(StoreSettings())
        await stores.documents.open(COLLECTIONS)
        try:
            return await Audit(stores.documents, stores.blobs).look()
        finally:
            await stores.close()

    configure("cli")
    found = asyncio.run(look())
    print(
        f"{found.named} blobs are named: {len(found.missing)} of them are missing, "
        f"{len(found.damaged)} damaged"
    )
    for fault, keys in (("missing", found.missing), ("damaged", found.damaged)):
        for key in keys[:_SHOWN]:
            print(f"{fault}: {key}")
        if len(keys) > _SHOWN:
            print(f"{fault}: {len(keys) - _SHOWN} more")
    return 1 if found.missing or found.damaged else 0
