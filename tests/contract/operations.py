"""Every operation of the platform, asked in the process with a request that fits it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from services.cli.roles import TABLES
from services.standalone import BUILDS
from shared.hosting.host import face_of
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.http.app import create_app
from shared.http.roles import Row
from shared.settings import HttpSettings
from tests.contract.requests import FittingRequest, fitting_request
from tests.signing import fresh_tokens

_OWN_TOKEN = {"token": "test-key.0"}  # of `credentials`: another one only an administrator names
PUBLIC = {"POST /api/workspace/tokens", "GET /api/workspace/jwks"}


@dataclass(frozen=True)
class Operation:
    """An operation of a service's OpenAPI ``document``; ``path`` has its parameters in braces."""

    document: dict[str, Any]
    path: str
    method: str

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def told(self) -> dict[str, Any]:
        """Return what the document tells of it."""
        found: dict[str, Any] = self.document["paths"][self.path][self.method]
        return found

    @property
    def row(self) -> Row:
        """Return its row of the table of roles; raise KeyError where there is none."""
        service = self.path.split("/")[2]
        return TABLES[service][self.name.replace(f"/api/{service}", "", 1)]

    def request(self, **ids: str) -> FittingRequest:
        """Return a request that nothing but its caller can be wrong with, of these ids."""
        request = fitting_request(self.document, self.method, self.path, ids)
        return request.saying(_OWN_TOKEN) if self.path.endswith("/tokens:revoke") else request


@dataclass(frozen=True)
class Platform:
    """All services on opened stores, of which none hears or works."""

    client: httpx.AsyncClient
    services: list[Service]
    operations: list[Operation]

    @property
    def guarded(self) -> list[Operation]:
        """Return the operations that need a caller."""
        return [operation for operation in self.operations if operation.name not in PUBLIC]

    async def ask(self, request: FittingRequest, caller: dict[str, str]) -> httpx.Response:
        """Send a request with a credential."""
        headers = {**request.options.get("headers", {}), **caller}
        options = {**request.options, "headers": headers}
        return await self.client.request(request.method, request.path, **options)


@asynccontextmanager
async def operations_on(stores: Stores) -> AsyncIterator[Platform]:
    """Give every operation of a platform on ``stores``."""
    services = [build(stores) for build in BUILDS]
    await stores.open([spec for service in services for spec in service.all_collections])
    apps = [create_app(service, tokens=fresh_tokens(), checks={}) for service in services]
    operations = [
        Operation(document, path, method)
        for document in (app.openapi() for app in apps)
        for path, methods in document["paths"].items()
        for method in methods
    ]
    face = face_of(services, stores, HttpSettings())
    transport = httpx.ASGITransport(app=face, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://loupe") as client:
        yield Platform(client, services, operations)
