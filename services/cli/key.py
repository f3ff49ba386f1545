"""``loupe key``: make the first API key of a deployment (for its secret store)."""

import argparse

from services.cli.commands import SubParsers


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    subparsers.add_parser("key", help="print a new API key for LOUPE_WORKSPACE_ADMIN_KEY")


def run(_args: argparse.Namespace) -> int:
    """Print one key; it is not stored anywhere."""
    from services.workspace.domain.api_keys import make_key

    print(make_key().text)
    return 0
