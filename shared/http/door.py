"""The door of a service: who has no credential, or too low a role, goes no further.

FastAPI reads and parses a body before it asks any dependency. So that a stranger's body costs
nothing, the credential is looked at before the first byte of it, and with it the route's role
(:mod:`shared.http.roles`) and the names in the query: a misspelt one that was passed over would
answer another question than was asked.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import APIRouter, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import FieldError, InvalidInput, LoupeError
from shared.http.bodies import BOUND, PUBLIC, SMALL, AtMost
from shared.http.callers import WHO, bearer_of, who_calls
from shared.http.problems import MethodNotAllowed, problem_response
from shared.http.recorded import ASKED, Asked
from shared.http.roles import Least, RoleTable, least, name_of, require
from shared.http.tokens import Tokens

_MAX_NAMED = 20


@dataclass(frozen=True, slots=True)
class _Place:
    """A route as the door sees it; a public one asks for no role."""

    operation: str
    path: re.Pattern[str]
    methods: frozenset[str]
    names: frozenset[str]
    role: Least | None
    bound: AtMost
    verb: str

    def asked(self, path: str) -> Asked:
        """Return what a request to this path asks for."""
        found = self.path.match(path)
        return Asked(self.operation, found.groupdict() if found else {})

    def is_at(self, path: str) -> bool:
        """Whether a path leads here, whatever is asked."""
        return self.path.match(path) is not None


class Door:
    """Middleware that turns requests away before their body is read."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: Tokens,
        prefix: str,
        public: Iterable[APIRouter],
        routers: Iterable[APIRouter],
        roles: RoleTable,
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._places = [
            *_places(public, prefix, roles=None),
            *_places(routers, prefix, roles=roles),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection (ASGI)."""
        if scope["type"] == "http":
            places = [place for place in self._places if place.is_at(scope["path"])]
            offered = _offered(places, scope["path"])
            if offered and scope["method"] not in offered:
                allow = {"Allow": ", ".join(sorted(offered))}
                await problem_response(MethodNotAllowed(), allow)(scope, receive, send)
                return
            # The first one that fits, as the app's own router takes it: no other role counts.
            place = next((place for place in places if scope["method"] in place.methods), None)
            try:
                if place is not None:
                    scope[ASKED] = place.asked(scope["path"])
                    await self._check(place, scope)
                    scope[BOUND] = place.bound
            except LoupeError as error:
                await problem_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _check(self, place: _Place, scope: Scope) -> None:
        if place.role is not None:
            who = await who_calls(bearer_of(scope["headers"]), self._tokens)
            scope[WHO] = who
            require(who, place.role)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        unknown = [
            name for name in dict.fromkeys(name for name, _ in query) if name not in place.names
        ]
        if unknown:
            known = ", ".join(sorted(place.names))
            advice = f"is not read here; known are {known}" if known else "nothing is read here"
            raise InvalidInput(
                f"the query has {len(unknown)} unknown names",
                errors=[FieldError(name[:100], advice) for name in unknown[:_MAX_NAMED]],
            )


def _offered(places: list[_Place], path: str) -> set[str]:
    """Return the methods of a path's routes; those of `…/x:cancel` are not those of `…/{id}`."""
    verbs = [place for place in places if place.verb and path.endswith(place.verb)]
    return {method for place in verbs or places for method in place.methods}


def _places(
    routers: Iterable[APIRouter], prefix: str, *, roles: RoleTable | None
) -> Iterator[_Place]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                path, _, _ = compile_path(prefix + route.path)
                names = {
                    field.alias
                    for field in get_flat_params(route.dependant)
                    if isinstance(field.field_info, params.Query)
                }
                yield _Place(
                    route.name,
                    path,
                    frozenset(route.methods or ()),
                    frozenset(names),
                    role=None if roles is None else least(roles[name_of(route)]),
                    bound=_bound_of(route, PUBLIC if roles is None else SMALL),
                    verb="".join(route.path.rpartition(":")[1:]) if ":" in route.path else "",
                )


def _bound_of(route: APIRoute, default: AtMost) -> AtMost:
    asked = (dependency.call for dependency in route.dependant.dependencies)
    return next((call for call in asked if isinstance(call, AtMost)), default)
