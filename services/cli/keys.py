"""``loupe keys``: the API keys of a platform, by its operator, who needs no key for that."""

import argparse
import asyncio
import sys

from services.cli.commands import SubParsers
from shared.callers import ROLES, Caller, Role
from shared.clock import format_time
from shared.documents.port import Query, Sort, TenantScope
from shared.errors import LoupeError
from shared.hosting.stores import Stores
from shared.settings import StoreSettings
from shared.telemetry import configure


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "keys", help="list, add and revoke API keys in the stores; while the platform runs, too"
    )
    parser.add_argument("--tenant", help="whose; the default tenant where none is named")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="list them, revoked ones too")
    add = actions.add_parser("add", help="make one and print it; a tenant begins with its first")
    add.add_argument("name", help="what it is called")
    add.add_argument("--role", choices=ROLES, default="admin")
    for name, text in (
        ("revoke", "take a key back for ever, with its tokens"),
        ("end-tokens", "take back the tokens that a key gave until now; the key goes on"),
    ):
        actions.add_parser(name, help=text).add_argument("key", help="its id, as `list` shows it")


def run(args: argparse.Namespace) -> int:
    """Do what is asked; print what came of it."""
    configure("cli")
    try:
        for line in asyncio.run(_done(args)):
            print(line)
    except LoupeError as error:
        print(f"loupe: {error.detail}", file=sys.stderr)
        return 1
    return 0


async def _done(args: argparse.Namespace) -> list[str]:
    from services.workspace.handlers.keys import Keys
    from services.workspace.handlers.revocations import Revocations
    from services.workspace.repository import API_KEYS
    from services.workspace.settings import WorkspaceSettings

    tenant = args.tenant or WorkspaceSettings().default_tenant
    who = Caller.system(tenant)
    stores = Stores.of(StoreSettings())
    await stores.documents.open([API_KEYS])
    try:
        revocations = Revocations(stores.documents, Keys(stores.documents))
        if args.action == "add":
            role: Role = args.role
            made = await revocations.make_key(who, name=args.name, role=role)
            return [made.text]
        if args.action == "revoke":
            await revocations.revoke_key(who, args.key)
            return [f"{args.key} is revoked; its tokens are refused within ten seconds"]
        if args.action == "end-tokens":
            await revocations.end_tokens(who, args.key)
            return [f"the tokens of {args.key} are refused within ten seconds"]
        keys = stores.documents.collection(API_KEYS, TenantScope(tenant))
        query = Query(sort=Sort("created_at"), limit=500)
        return [
            f"{key.id}  {key.role:6}  {format_time(key.created_at)}  "
            f"{'revoked' if key.revoked_at else 'valid':7}  {key.name}"
            async for key in keys.walk(query)
        ]
    finally:
        await stores.documents.close()
