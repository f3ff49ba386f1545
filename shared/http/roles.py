"""Roles as data: the least role that each route of a service asks for, in one table a service.

The door reads the table before it reads a body; a route without a row ends the start.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from shared.callers import Caller, Role
from shared.errors import Forbidden


class Partly(NamedTuple):
    """A row of which a part asks for more: ``what`` asks for ``above``, all else for ``role``.

    The part is not known before the route has looked, so its use case asks for it.
    """

    role: Role
    above: Role
    what: str


Least = Role | Literal["operator"]
"""A role, or none of them: the flag of keys that the command line alone gives."""
Row = Least | Partly
RoleTable = Mapping[str, Row]
"""``METHOD /path``, without the prefix of the service, → the least role."""

OF_OTHERS = Partly("annotator", "engineer", "what somebody else began")

_REFUSALS: Mapping[Least, str] = {
    "annotator": "a viewer may only read",
    "engineer": "that takes an engineer or an administrator",
    "admin": "only an administrator may do that",
    "operator": "only the operator of the platform may do that",
}


def least(row: Row) -> Least:
    """Return the role from which on a route lets in.

    >>> least("viewer"), least(OF_OTHERS)
    ('viewer', 'annotator')
    """
    return row.role if isinstance(row, Partly) else row


def require(who: Caller, role: Least) -> None:
    """Raise Forbidden unless ``who`` has at least ``role``."""
    if not (who.is_operator if role == "operator" else who.may(role)):
        raise Forbidden(_REFUSALS[role])


def check_table(table: RoleTable, routers: Iterable[APIRouter]) -> None:
    """Raise ValueError where a route has no row, or a row no route."""
    routes = {name_of(route) for router in routers for route in router.routes}
    if bare := sorted(routes - table.keys()):
        raise ValueError(f"no role is told for {', '.join(bare)}")
    if stale := sorted(table.keys() - routes):
        raise ValueError(f"roles are told for what is no route: {', '.join(stale)}")


def name_of(route: BaseRoute) -> str:
    """Return what a table calls a route; raise ValueError for one that is no single operation."""
    methods = route.methods if isinstance(route, APIRoute) else None
    if not isinstance(route, APIRoute) or methods is None or len(methods) != 1:
        raise ValueError(f"{route} is not one operation, and no table can tell its role")
    return f"{next(iter(methods))} {route.path}"
