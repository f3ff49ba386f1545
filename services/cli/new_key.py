"""``loupe new-key``: make a new key that signs tokens; the one before it stays valid beside it."""

import argparse
import sys
from pathlib import Path

from services.cli.commands import SubParsers


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "new-key", help="make a new key that signs tokens, and keep the one before it"
    )
    parser.add_argument(
        "--file", type=Path, help="default: the key of the platform in LOUPE_DATA, which may run"
    )


def run(args: argparse.Namespace) -> int:
    """Make the key; print the names of those that are valid then."""
    from services.data_folder import place_from_environment
    from services.workspace.adapters.signer import SIGNING_KEY, put_new_key

    path = args.file or place_from_environment().data / SIGNING_KEY
    try:
        names = put_new_key(path)
    except (OSError, ValueError) as error:
        print(f"loupe: {path}: {error}", file=sys.stderr)
        return 1
    print(f"{path}: {names[0]} signs now" + "".join(f", {old} stays valid" for old in names[1:]))
    return 0
