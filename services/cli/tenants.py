"""``loupe tenants``: the tenants of a platform, by its operator, who needs no key for that."""

import argparse
from typing import TYPE_CHECKING

from pydantic import ValidationError

from services.cli.commands import SubParsers, by_command, print_lines, short_time
from shared.callers import Caller
from shared.contracts.tenant_events import Quotas
from shared.errors import InvalidInput
from shared.hosting.stores import Stores
from shared.journal import spool_spec
from shared.paging import MAX_PAGE_SIZE, PageParams
from shared.settings import StoreSettings

if TYPE_CHECKING:
    from services.workspace.handlers.tenants import Tenants

_PLATFORMS = "-"


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "tenants", help="list, add, limit, suspend and resume tenants; while the platform runs, too"
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="list them: id, made, suspended (`-`: not), name, reason")
    add = actions.add_parser("add", help="make one and print the first key of its administrator")
    add.add_argument("tenant", metavar="ID", help="a-z, 0-9 and, inside, hyphens; stays for ever")
    add.add_argument("--name", help="what people call it; its id where none is given")
    suspend = actions.add_parser("suspend", help="let nobody of it in until it is resumed")
    suspend.add_argument("tenant", metavar="ID")
    suspend.add_argument("--reason", required=True, help="why, for operators; not told to it")
    limit = actions.add_parser(
        "limit", help="set what it may have and do; what is not named stays, `-` is the platform's"
    )
    limit.add_argument("tenant", metavar="ID")
    limit.add_argument("--images", type=_number, help="images that it may keep, tiles too")
    limit.add_argument("--bytes", type=_number, dest="size_bytes", help="of their files")
    limit.add_argument("--uploads-per-minute", type=_number, help="files that may come in a minute")
    limit.add_argument("--trainings-in-line", type=_number, help="that may run or wait")
    limit.add_argument(
        "--training-minutes-per-day",
        type=_number,
        help="in 24 hours, after which no other is admitted",
    )
    limit.add_argument("--predictions-per-second", type=_number, help="that may be asked for")
    resume = actions.add_parser("resume", help="let it in again, with all that it had")
    resume.add_argument("tenant", metavar="ID")


def run(args: argparse.Namespace) -> int:
    """Do what is asked; print what came of it."""
    return print_lines(_done(args))


async def _done(args: argparse.Namespace) -> list[str]:
    from services.workspace.handlers.keys import Keys
    from services.workspace.handlers.new_tenants import NewTenants
    from services.workspace.handlers.tenants import Tenants
    from services.workspace.repository import API_KEYS, PLATFORM, PROJECTS, SERVICE, TENANTS

    who = Caller.system(PLATFORM)
    stores = Stores.of(StoreSettings())
    await stores.documents.open([API_KEYS, PROJECTS, TENANTS, spool_spec(SERVICE)])
    try:
        tenants = Tenants(stores.documents)
        await tenants.adopt()
        if args.action == "add":
            new = NewTenants(stores.documents, Keys(stores.documents))
            made = await new.make(who, args.tenant, args.name or args.tenant)
            await by_command(stores, args.tenant, "create_tenant", made=args.tenant)
            return [made.api_key]
        if args.action == "suspend":
            await tenants.suspend(who, args.tenant, args.reason)
            await by_command(stores, args.tenant, "suspend_tenant", tenant_id=args.tenant)
            return [f"{args.tenant} is suspended; its tokens are refused within ten seconds"]
        if args.action == "limit":
            limited = await tenants.limit(who, args.tenant, await _quotas(args, tenants))
            await by_command(stores, args.tenant, "set_quotas", tenant_id=args.tenant)
            told = limited.quotas.model_dump()
            return [f"{name}: {'-' if most is None else most}" for name, most in told.items()]
        if args.action == "resume":
            await tenants.resume(who, args.tenant)
            await by_command(stores, args.tenant, "resume_tenant", tenant_id=args.tenant)
            return [f"{args.tenant} is let in again within ten seconds"]
        page = await tenants.page(PageParams(page_size=MAX_PAGE_SIZE))
        return [
            f"{tenant.id:20}  {short_time(tenant.created_at)}  {short_time(tenant.suspended_at)}  "
            f"{tenant.name}  {tenant.reason}".rstrip()
            for tenant in page.items
        ]
    finally:
        await stores.documents.close()


def _number(text: str) -> int | str:
    return text if text == _PLATFORMS else int(text)


async def _quotas(args: argparse.Namespace, tenants: "Tenants") -> Quotas:
    """Return a tenant's quotas with those that were named."""
    stored = (await tenants.get(args.tenant)).quotas.model_dump()
    named = {name: getattr(args, name) for name in stored if getattr(args, name) is not None}
    new = {name: None if most == _PLATFORMS else most for name, most in named.items()}
    try:
        return Quotas(**(stored | new))
    except ValidationError as error:
        raise InvalidInput(error.errors()[0]["msg"]) from error
