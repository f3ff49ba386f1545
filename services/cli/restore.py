"""``loupe restore``: put a backup back into a new folder."""

import argparse
import os
import sys
from pathlib import Path

from services.cli.commands import SubParsers
from shared.settings import StoreSettings


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "restore", help="audit a backup and put it into LOUPE_DATA, which must be empty"
    )
    parser.add_argument("backup", type=Path, help="what `loupe backup` made")


def run(args: argparse.Namespace) -> int:
    """Put it back; return 1 with one line, and nothing done, when it is not sound."""
    from services.cli.data_copies import Unsound, restore

    os.umask(0o077)  # a copy holds the secrets, too
    try:
        made = restore(args.backup.resolve(), StoreSettings().data.resolve())
    except (Unsound, OSError) as reason:
        print(f"loupe: {reason}", file=sys.stderr)
        return 1
    print(f"{made.files} files, {made.size_bytes} bytes are back: start the platform")
    if made.missing:
        print(f"{len(made.missing)} blobs that are named were not there, as {made.missing[0]}")
    return 0
