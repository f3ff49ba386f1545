"""Runs services inside a test as their host would: consumers, relay, loops, and an HTTP client."""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import httpx
from fastapi import APIRouter

from shared.callers import Caller, Role
from shared.contracts.envelope import Event, EventBody, EventStamp, pack, unpack
from shared.events.port import Record
from shared.events.subscriptions import Subscription
from shared.hosting.host import face_of, loops_of, run_forever
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.http.roles import RoleTable, name_of
from shared.jobs.worker import JobWorker
from shared.projects.directory import Deletions
from shared.settings import HttpSettings
from tests.signing import SIGNER

# A hang, not slowness: the slowest machine that runs the tests is far from it.
HANG_S = 120.0


@dataclass
class Heard:
    """Which services handled which events, by the events' ids."""

    by: dict[str, set[str]] = field(default_factory=dict)

    def listening(self, service: Service) -> Service:
        """Return the service, noting here what its handlers have done."""
        return replace(
            service,
            subscriptions=tuple(self._noting(service, line) for line in service.subscriptions),
        )

    def _noting(self, service: Service, line: Subscription) -> Subscription:
        last = [other for other in service.subscriptions if other.event is line.event][-1]

        async def handle(event: Event[Any]) -> None:
            await line.handler(event)
            if line is last:
                self.by.setdefault(event.id, set()).add(service.name)

        return Subscription(line.event, handle)


@dataclass(frozen=True)
class Running:
    """Services that run; ``client`` speaks for an admin of tenant ``default``."""

    client: httpx.AsyncClient
    stores: Stores
    services: Sequence[Service] = ()
    heard: Heard = field(default_factory=Heard)

    async def say(self, body: EventBody, subject: str, *, sequence: int = 1) -> None:
        """Publish an event as another service would; return when all who listen have handled it."""
        (event,) = pack([body], EventStamp.of("default", subject, sequence))
        record = Record(event.topic, event.key, event.value_bytes(), event.headers())
        await self.stores.events.publish([record])
        listeners = {
            service.name
            for service in self.services
            if any(line.event is type(body) for line in service.subscriptions)
        }
        said = unpack(type(body), event.value_bytes())

        async def heard() -> bool:
            missing = listeners - self.heard.by.get(event.id, set())
            documents = self.stores.documents
            return all([await Deletions(documents, name).concern(said) for name in missing])

        await until(heard)

    def headers(self, tenant: str, role: Role = "admin") -> dict[str, str]:
        """Return the credentials of somebody else."""
        return credentials(tenant, role)


def credentials(
    tenant: str = "default",
    role: Role = "admin",
    *,
    subject: str = "test-key",
    is_operator: bool = False,
) -> dict[str, str]:
    """Return the Authorization header of a caller."""
    who = Caller(tenant, subject, role, is_operator=is_operator)
    return {"Authorization": f"Bearer {SIGNER.issue(who)}"}


async def signed_in(run: Running, key: str) -> dict[str, str]:
    """Return the Authorization header that a key gives."""
    answer = await run.client.post("/api/workspace/tokens", json={"api_key": key})
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def for_viewers(*routers: APIRouter) -> RoleTable:
    """Return the table that lets every role in to every route."""
    return {name_of(route): "viewer" for router in routers for route in router.routes}


async def until(look: Callable[[], Any | Awaitable[Any]], *, timeout_s: float = HANG_S) -> Any:
    """Look until there is something, and return it; for what loops and events bring about."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = look()
            found = await found if inspect.isawaitable(found) else found
            if found:
                return found
            await asyncio.sleep(0.02)


def worker_of(service: Service) -> JobWorker:
    """What a process of the role ``work`` would run."""
    worker: JobWorker = cast(Any, service.work[0]).__self__
    return worker


@contextlib.asynccontextmanager
async def running(
    stores: Stores, services: Sequence[Service], *, work: bool = False
) -> AsyncIterator[Running]:
    """Open the stores and run ``services`` until the block ends."""
    heard = Heard()
    services = [heard.listening(service) for service in services]
    await stores.open([spec for service in services for spec in service.all_collections])
    face = face_of(services, stores, HttpSettings())
    roles = ("api", "consume", "work") if work else ("api", "consume")
    loops = loops_of(services, stores, roles)
    tasks = [asyncio.create_task(run_forever(name, loop)) for name, loop in loops.items()]
    transport = httpx.ASGITransport(app=face)
    client = httpx.AsyncClient(
        transport=transport, base_url="http://loupe", headers=credentials(), timeout=60
    )
    try:
        async with client:
            yield Running(client, stores, services, heard)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
