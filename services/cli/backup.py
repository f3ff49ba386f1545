"""``loupe backup``: copy the folder of an embedded platform, which may run."""

import argparse
import os
import sys
from pathlib import Path

from services.cli.commands import SubParsers
from shared.settings import StoreSettings


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "backup", help="copy the platform's folder (LOUPE_DATA), which may be in use, and audit it"
    )
    parser.add_argument("target", type=Path, help="a folder that is not there yet")


def run(args: argparse.Namespace) -> int:
    """Make the copy and look it through; return 1 with one line when it cannot be made."""
    from services.cli.data_copies import Unsound, audit, back_up

    os.umask(0o077)  # a copy holds the secrets, too
    settings = StoreSettings()
    if settings.stores != "embedded":
        print("loupe: back up Kafka, MongoDB and S3 by their own means", file=sys.stderr)
        return 1
    try:
        back_up(settings.data.resolve(), args.target.resolve())
        made = audit(args.target.resolve())
    except (Unsound, OSError) as reason:
        print(f"loupe: {reason}", file=sys.stderr)
        return 1
    print(f"{made.files} files, {made.size_bytes} bytes are in {args.target}, and sound")
    if made.missing:
        print(f"{len(made.missing)} blobs that are named were not there, as {made.missing[0]}")
    return 0
