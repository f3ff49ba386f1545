"""``loupe events replay``: send dead letters back to their topics."""

import argparse
import asyncio

from services.cli.commands import SubParsers
from shared.contracts.catalogue import PARTITIONS
from shared.events.dead_letters import Replayed, replay
from shared.events.port import Delivery
from shared.hosting.stores import Stores
from shared.settings import StoreSettings
from shared.telemetry import configure


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("events", help="look after the event log")
    actions = parser.add_subparsers(dest="action", required=True)
    one = actions.add_parser("replay", help="send dead letters back; safe to repeat")
    one.add_argument("--topic", choices=sorted(PARTITIONS), required=True)
    one.add_argument("--service", help="only letters that this service set aside")
    one.add_argument("--tenant", help="only letters of this tenant")
    one.add_argument("--error", help="only letters of this error class")
    one.add_argument("--per-second", type=_rate, help="send at most so many letters a second")
    one.add_argument("--dry-run", action="store_true", help="count, send nothing")


def _rate(text: str) -> float:
    rate = float(text)
    if rate <= 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return rate


def run(args: argparse.Namespace) -> int:
    """Replay; print how many letters went back and how many stayed."""
    result = asyncio.run(_replay(args))
    verb = "would go back" if args.dry_run else "went back"
    print(f"{result.published} letters {verb} to {args.topic}, {result.kept} stayed")
    return 0


async def _replay(args: argparse.Namespace) -> Replayed:
    configure("cli")
    stores = Stores.of(StoreSettings())
    await stores.open([])

    def wanted(letter: Delivery) -> bool:
        return (
            args.service in (None, letter.headers.get("dlq_service"))
            and args.error in (None, letter.headers.get("dlq_error"))
            and (args.tenant is None or letter.key.startswith(f"{args.tenant}/"))
        )

    try:
        return await replay(
            stores.events,
            args.topic,
            wanted=wanted,
            dry_run=args.dry_run,
            per_second=args.per_second,
        )
    finally:
        await stores.close()
