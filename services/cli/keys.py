"""``loupe keys``: the API keys of a platform, by its operator, who needs no key for that."""

import argparse
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from services.cli.commands import SubParsers, by_command, print_lines, short_time
from shared.callers import ROLES, Caller, Role, present_role
from shared.clock import LastMoment, format_time, utc_now
from shared.documents.port import Query, Sort, TenantScope
from shared.errors import NotFound
from shared.hosting.stores import Stores
from shared.journal import spool_spec
from shared.settings import StoreSettings


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "keys", help="list, add and revoke API keys in the stores; while the platform runs, too"
    )
    parser.add_argument("--tenant", help="whose; the default tenant where none is named")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser(
        "list", help="list them: id, role, made, state, last used, expires, name; `-` is never"
    )
    add = actions.add_parser("add", help="make one and print it")
    add.add_argument("name", help="what it is called")
    add.add_argument(
        "--role",
        choices=ROLES,
        default="admin",
        type=present_role,
        help="what it may do; each role may what those before it may",
    )
    add.add_argument("--operator", action="store_true", help="it may look after tenants, too")
    add.add_argument(
        "--expires",
        type=_moment,
        metavar="TIME",
        help="the day (the whole of it, in UTC) or the time after which it is no good; else never",
    )
    for name, text in (
        ("revoke", "take a key back for ever, with its tokens"),
        ("end-tokens", "take back the tokens that a key gave until now; the key goes on"),
    ):
        actions.add_parser(name, help=text).add_argument("key", help="its id, as `list` shows it")


def run(args: argparse.Namespace) -> int:
    """Do what is asked; print what came of it."""
    return print_lines(_done(args))


async def _done(args: argparse.Namespace) -> list[str]:
    from services.workspace.handlers.keys import Keys
    from services.workspace.handlers.revocations import Revocations
    from services.workspace.repository import API_KEYS, PROJECTS, SERVICE, TENANTS
    from services.workspace.settings import WorkspaceSettings

    first = WorkspaceSettings().default_tenant
    tenant = args.tenant or first
    who = Caller.system(tenant)
    stores = Stores.of(StoreSettings())
    await stores.documents.open([API_KEYS, PROJECTS, TENANTS, spool_spec(SERVICE)])
    try:
        revocations = Revocations(stores.documents, Keys(stores.documents))
        if args.action == "add":
            await _refuse_unknown(tenant, stores, first)
            role: Role = args.role
            made = await revocations.make_key(
                who,
                name=args.name,
                role=role,
                expires_at=args.expires,
                is_operator=args.operator,
            )
            await by_command(stores, tenant, "create_key", made=made.key.id)
            return [made.text]
        if args.action == "revoke":
            await revocations.revoke_key(who, args.key)
            await by_command(stores, tenant, "revoke_key", key_id=args.key)
            return [f"{args.key} is revoked; its tokens are refused within ten seconds"]
        if args.action == "end-tokens":
            await revocations.end_tokens(who, args.key)
            await by_command(stores, tenant, "end_tokens", key_id=args.key)
            return [f"the tokens of {args.key} are refused within ten seconds"]
        keys = stores.documents.collection(API_KEYS, TenantScope(tenant))
        query, now = Query(sort=Sort("created_at"), limit=500), utc_now()
        return [
            f"{key.id}  {present_role(key.role):9}  {format_time(key.created_at)}  "
            f"{key.state(now):7}  {short_time(key.last_used_at)}  {short_time(key.expires_at)}  "
            f"{key.name}{'  (operator)' if key.is_operator else ''}"
            async for key in keys.walk(query)
        ]
    finally:
        await stores.documents.close()


async def _refuse_unknown(tenant: str, stores: Stores, first: str) -> None:
    from services.workspace.handlers.tenants import Tenants

    tenants = Tenants(stores.documents)
    await tenants.adopt()
    if tenant == first:  # the platform may not have been started yet
        await tenants.known(first)
    try:
        await tenants.get(tenant)
    except NotFound as unknown:
        advice = f"`python -m services tenants add {tenant}` makes it"
        raise NotFound(f"{unknown.detail}; {advice}") from None


def _moment(text: str) -> datetime:
    try:
        return TypeAdapter[datetime](LastMoment).validate_python(text)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(error.errors()[0]["msg"]) from error
