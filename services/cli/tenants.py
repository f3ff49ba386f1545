"""``loupe tenants``: the tenants of a platform, by its operator, who needs no key for that."""

import argparse

from services.cli.commands import SubParsers, by_command, print_lines, short_time
from shared.callers import Caller
from shared.hosting.stores import Stores
from shared.journal import spool_spec
from shared.paging import MAX_PAGE_SIZE, PageParams
from shared.settings import StoreSettings


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "tenants", help="list, add, suspend and resume tenants; while the platform runs, too"
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="list them: id, made, suspended (`-`: not), name, reason")
    add = actions.add_parser("add", help="make one and print the first key of its administrator")
    add.add_argument("tenant", metavar="ID", help="a-z, 0-9 and, inside, hyphens; stays for ever")
    add.add_argument("--name", help="what people call it; its id where none is given")
    suspend = actions.add_parser("suspend", help="let nobody of it in until it is resumed")
    suspend.add_argument("tenant", metavar="ID")
    suspend.add_argument("--reason", required=True, help="why, for operators; not told to it")
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
