"""The host: runs one service, or all of them, with stores, consumers, relays, loops and HTTP."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from shared.events.consumer import ConsumerLoop
from shared.events.relay import Relay
from shared.http.app import ByPrefix, Check, create_app, problem_page
from shared.http.tokens import Tokens
from shared.service import Loop, Service
from shared.settings import HttpSettings, StoreSettings
from shared.stores import Stores
from shared.telemetry import configure, logger

Role = Literal["api", "consume", "work"]
Build = Callable[[Stores], Service]

_CLOSE_S = 10.0
_RESTART_S = (0.5, 1.0, 2.0, 5.0, 10.0)

log = logger(__name__)


async def run_forever(name: str, loop: Loop) -> None:
    """Run ``loop`` until cancelled; when it fails, say so and start it again."""
    failures = 0
    while True:
        try:
            await loop()
            return
        except Exception as error:
            wait_s = _RESTART_S[min(failures, len(_RESTART_S) - 1)]
            failures += 1
            log.error("loop.failed", loop=name, wait_s=wait_s, exc_info=error)
            await asyncio.sleep(wait_s)


def loops_of(services: Sequence[Service], stores: Stores, roles: Sequence[Role]) -> dict[str, Loop]:
    """Return the loops that ``roles`` of ``services`` keep, by name."""
    loops: dict[str, Loop] = {}
    if "consume" in roles:
        names = [spec.name for service in services for spec in service.collections]
        loops["relay"] = Relay(stores.documents, stores.events, names).run
        for service in services:
            if service.subscriptions:
                consumer = ConsumerLoop(
                    service.name,
                    service.subscriptions,
                    events=stores.events,
                    documents=stores.documents,
                )
                loops[f"{service.name}.consume"] = consumer.run
            for index, loop in enumerate(service.background):
                loops[f"{service.name}.background.{index}"] = loop
    if "work" in roles:
        for service in services:
            for index, loop in enumerate(service.work):
                loops[f"{service.name}.work.{index}"] = loop
    return loops


def face_of(
    services: Sequence[Service],
    stores: Stores,
    settings: HttpSettings,
    *,
    rest: ASGIApp | None = None,
) -> ASGIApp:
    """Return the ASGI application of ``services``."""
    tokens = Tokens(settings.token_secret.get_secret_value())
    # Not the broker: requests never talk to it, so one that is down must not close the door.
    checks: dict[str, Check] = {
        "documents": stores.documents.ping,
        "blobs": stores.blobs.ping,
    }
    apps: dict[str, ASGIApp] = {
        service.name: create_app(service, tokens=tokens, checks=checks) for service in services
    }
    if rest is None:
        rest = apps[services[0].name] if len(services) == 1 else problem_page("no such page")
    return ByPrefix(apps, rest)


async def run(
    builds: Sequence[Build],
    roles: Sequence[Role],
    *,
    rest: ASGIApp | None = None,
    extra: dict[str, Loop] | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Open the stores, run everything that ``roles`` ask for until SIGTERM or SIGINT, then close.

    Raises the first error of opening. What was acknowledged is durable, so a kill loses nothing.
    """
    stores = Stores.of(StoreSettings())
    services = [build(stores) for build in builds]
    configure(services[0].name if len(services) == 1 else "loupe")
    await stores.open([spec for service in services for spec in service.all_collections])
    loops = loops_of(services, stores, roles) | (extra or {})
    tasks = [
        asyncio.create_task(run_forever(name, loop), name=name) for name, loop in loops.items()
    ]
    try:
        if "api" in roles:
            settings = HttpSettings()
            await _serve(face_of(services, stores, settings, rest=rest), settings, ready)
        else:
            ready()
            await _until_signal()
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await asyncio.gather(*tasks, return_exceptions=True)
                await stores.close()


async def _serve(face: ASGIApp, settings: HttpSettings, ready: Callable[[], None]) -> None:
    config = uvicorn.Config(
        face,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110  uvicorn tells no other way
        await asyncio.sleep(0.02)
    if server.started:
        ready()
    await serving


async def _until_signal() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def main(build: Build, arguments: Sequence[str]) -> None:
    """Run one service in the roles that ``arguments`` name; none means api and consume."""
    known: dict[str, Role] = {"api": "api", "consume": "consume", "work": "work"}
    unknown = [word for word in arguments if word not in known]
    if unknown:
        raise SystemExit(f"unknown role {unknown[0]!r}: choose from {', '.join(known)}")
    roles = [known[word] for word in arguments] or ["api", "consume"]
    asyncio.run(run([build], roles))
