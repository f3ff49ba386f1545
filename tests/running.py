"""Runs services inside a test as their host would: consumers, relay, loops, and an HTTP client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import httpx

from shared.host import face_of, loops_of, run_forever
from shared.http.tokens import Principal, Role, Tokens
from shared.service import Service
from shared.settings import HttpSettings
from shared.stores import Stores


@dataclass(frozen=True)
class Running:
    """Services that run; ``client`` speaks for an admin of tenant ``default``."""

    client: httpx.AsyncClient
    stores: Stores

    def headers(self, tenant: str, role: Role = "admin") -> dict[str, str]:
        """Return the credentials of somebody else."""
        return credentials(tenant, role)


def credentials(tenant: str = "default", role: Role = "admin") -> dict[str, str]:
    """Return the Authorization header of a caller."""
    tokens = Tokens(HttpSettings().token_secret.get_secret_value())
    return {"Authorization": f"Bearer {tokens.issue(Principal(tenant, 'test-key', role))}"}


@contextlib.asynccontextmanager
async def running(
    stores: Stores, services: Sequence[Service], *, work: bool = False
) -> AsyncIterator[Running]:
    """Open the stores and run ``services`` until the block ends."""
    await stores.open([spec for service in services for spec in service.all_collections])
    roles = ("api", "consume", "work") if work else ("api", "consume")
    loops = loops_of(services, stores, roles)
    tasks = [asyncio.create_task(run_forever(name, loop)) for name, loop in loops.items()]
    transport = httpx.ASGITransport(app=face_of(services, stores, HttpSettings()))
    client = httpx.AsyncClient(
        transport=transport, base_url="http://loupe", headers=credentials(), timeout=60
    )
    try:
        async with client:
            yield Running(client, stores)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
