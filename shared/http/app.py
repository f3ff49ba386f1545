"""The app factory: every service's HTTP face is made here, so all of them behave the same."""

import time
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import LoupeError, NotFound
from shared.events.lifecycle import Lifecycle
from shared.http.bodies import Bounded
from shared.http.callers import caller
from shared.http.door import Door
from shared.http.face import Check, Face
from shared.http.interface import publish
from shared.http.problems import RESPONSES, install
from shared.http.recorded import Recorded
from shared.http.roles import check_table
from shared.http.tokens import Tokens
from shared.http.use_cases import bind
from shared.journal import Journal
from shared.telemetry import HTTP_SECONDS, ContinuedTrace, logger
from shared.texts.language import language_of, speaking

_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

log = logger(__name__)

HEALTH_PATHS = ("/healthz", "/readyz")


def create_app(
    service: Face,
    *,
    tokens: Tokens,
    checks: dict[str, Check],
    life: Lifecycle | None = None,
    journal: Journal | None = None,
) -> FastAPI:
    """Build the app of ``service``.

    ``checks`` are what readiness asks, by name; ``life`` is what liveness asks; what
    is asked to be changed is written into ``journal``, which only an app without stores lacks.
    Raises ValueError for a route without a role.
    """
    prefix = f"/api/{service.name}"
    app = FastAPI(
        title=f"Loupe {service.name}",
        summary=service.summary,
        version="1",
        openapi_url=f"{prefix}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    check_table(service.roles, service.routers)
    app.state.tokens = tokens
    install(app)
    app.router.routes.extend(_routes(prefix, service.public, service.routers))
    bind(app, service.use_cases, (*service.public, *service.routers))
    _add_health(app, prefix, {**checks, **service.checks}, life or Lifecycle())
    publish(app)
    app.add_middleware(Bounded)
    app.add_middleware(
        Door,
        tokens=tokens,
        prefix=prefix,
        public=service.public,
        routers=service.routers,
        roles=service.roles,
    )
    if journal is not None:
        app.add_middleware(Recorded, journal=journal)
    app.add_middleware(Observed, service=service.name)
    return app


_built: dict[tuple[object, ...], Sequence[BaseRoute]] = {}
"""Routes by their prefix and the ids of their routers, which they keep alive."""


def _routes(
    prefix: str, public: Sequence[APIRouter], routers: Sequence[APIRouter]
) -> Sequence[BaseRoute]:
    """Return the routes of a service, built once a process: they know no wiring.

    FastAPI makes models of all that they take and give, which is most of the time of an app.
    """
    key = (prefix, len(public), *map(id, public), *map(id, routers))
    if key not in _built:
        whole = APIRouter(generate_unique_id_function=operation_id, responses=RESPONSES)
        for router in public:
            whole.include_router(router, prefix=prefix)
        for router in routers:
            whole.include_router(router, prefix=prefix, dependencies=[Depends(caller)])
        _built[key] = whole.routes
    return _built[key]


def operation_id(route: APIRoute) -> str:
    """Name an operation by its function: what generated clients call it."""
    return route.name


class Observed:
    """Measures each request, continues its trace and sets the headers that every answer has."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 500

        async def observed(message: Any) -> None:  # noqa: ANN401  an ASGI message
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in _SAFE_HEADERS.items()
                        if name.lower().encode() not in present
                    ),
                ]
            await send(message)

        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        trace = ContinuedTrace(headers, f"{scope['method']} {self._service}", service=self._service)
        with trace, speaking(language_of(headers.get("accept-language", ""))):
            try:
                await self._app(scope, receive, observed)
            except Exception as error:
                log.error("http.defect", path=scope["path"], exc_info=error)
                raise
            finally:
                route = getattr(scope.get("route"), "path", "-")
                HTTP_SECONDS.labels(self._service, scope["method"], route, str(status)).observe(
                    time.monotonic() - began
                )
                structlog.contextvars.clear_contextvars()


def _add_health(app: FastAPI, prefix: str, checks: dict[str, Check], life: Lifecycle) -> None:
    async def healthz(_: Request) -> JSONResponse:
        silent = life.silent()
        said = {"status": "silent" if silent else "alive", "silent": silent}
        return JSONResponse(said, 503 if silent else 200)

    async def readyz(_: Request) -> JSONResponse:
        if life.stopping:
            return JSONResponse({"status": "stopping", "down": {}}, 503)
        down: dict[str, str] = {}
        for name, check in checks.items():
            try:
                await check()
            except LoupeError as error:
                down[name] = error.detail
        if stuck := life.stuck():
            down["events"] = f"nothing was heard for long by {', '.join(stuck)}"
        said = {"status": "waiting" if down else "ready", "down": down}
        return JSONResponse(said, 503 if down else 200)

    for path, endpoint in zip(HEALTH_PATHS, (healthz, readyz), strict=True):
        for place in (path, prefix + path):
            app.add_api_route(place, endpoint, include_in_schema=False)


class ByPrefix:
    """One face for several services: ``/api/<service>/…`` goes to its app, all else to ``rest``.

    Health is the process's own, so any of the apps answers them.
    """

    def __init__(self, apps: dict[str, ASGIApp], rest: ASGIApp) -> None:
        self._apps = apps
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection (ASGI)."""
        if scope["type"] == "lifespan":
            await self._rest(scope, receive, send)
            return
        parts = scope["path"].split("/", 3)
        name = parts[2] if len(parts) > 2 and parts[1] == "api" else ""
        app = self._apps.get(name, self._rest)
        if scope["path"] in HEALTH_PATHS:
            app = next(iter(self._apps.values()))
        await app(scope, receive, send)


def problem_page(detail: str) -> ASGIApp:
    """Return an app that answers everything with a 404 problem."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    install(app)

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def nothing(path: str) -> JSONResponse:
        raise NotFound(f"{detail}: /{path}")

    return app
