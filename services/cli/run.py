"""``loupe run``: the platform on one machine, until Ctrl-C."""

import argparse
import asyncio
import sys

from services.cli.commands import SubParsers
from shared.errors import LoupeError


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    subparsers.add_parser("run", help="run every service in one process (LOUPE_DATA, LOUPE_PORT)")


def run(_args: argparse.Namespace) -> int:
    """Run the platform; return 1 with one line when it cannot start."""
    from services.data_folder import CannotStart, place_from_environment, prepare
    from services.standalone import serve

    try:
        place = place_from_environment()
        lock = prepare(place)
    except CannotStart as reason:
        print(f"loupe: {reason}", file=sys.stderr)
        return 1

    def say() -> None:
        print(f"Loupe answers at {place.address} (key in {place.admin_key_file})", flush=True)

    with lock:
        try:
            asyncio.run(serve(ready=say))
        except LoupeError as reason:
            print(f"loupe: {reason.detail}", file=sys.stderr)
            return 1
    return 0
