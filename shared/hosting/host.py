"""The host: runs one service, or all of them, with stores, consumers, relays, loops and HTTP."""

import asyncio
import gc
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

from starlette.types import ASGIApp

from shared.documents.terms import Terms
from shared.events.consumer import ConsumerLoop
from shared.events.lifecycle import Lifecycle
from shared.events.relay import Relay
from shared.hosting.allocator import give_back_large_blocks, keep_freed_blocks
from shared.hosting.connections import Connections, bounds_for, raise_descriptor_limit
from shared.hosting.metrics import tell_metrics
from shared.hosting.pulse import keep_pulse
from shared.hosting.server import Server
from shared.hosting.service import Loop, Service
from shared.hosting.stores import Stores
from shared.http.app import ByPrefix, create_app, problem_page
from shared.http.face import Check
from shared.http.tokens import Tokens, keys_at
from shared.jobs.job import Job
from shared.jobs.watch import watch_jobs
from shared.journal import Journal
from shared.projects.clearing import Clearing
from shared.projects.directory import Deletions, ProjectView
from shared.settings import HostSettings, HttpSettings, KeepSettings, StoreSettings
from shared.telemetry import LOOP_LAG, configure, logger

Role = Literal["api", "consume", "work"]
Build = Callable[[Stores], Service]

_CONSUME = ".consume"
_GRACE_S = 20.0
_CLOSE_S = 10.0
_END_S = 38.0  # grace, 5 s for open requests and closing; orchestrators are told 45 s
_LOOP_LOOK_S = 0.5
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


def loops_of(
    services: Sequence[Service],
    stores: Stores,
    roles: Sequence[Role],
    *,
    life: Lifecycle | None = None,
) -> dict[str, Loop]:
    """Return the loops that ``roles`` of ``services`` keep, by name."""
    loops: dict[str, Loop] = {}
    if "consume" in roles:
        names = [spec.name for service in services for spec in service.all_collections]
        loops["relay"] = Relay(stores.documents, stores.events, names).run
        life = life or Lifecycle()
        for service in services:
            loops |= _consuming(service, stores, life)
    if "work" in roles:
        for service in services:
            for index, loop in enumerate(service.work):
                loops[f"{service.name}.work.{index}"] = loop
    return loops


def _consuming(service: Service, stores: Stores, life: Lifecycle) -> dict[str, Loop]:
    loops: dict[str, Loop] = {}
    has_projects = any(spec.model is ProjectView for spec in service.collections)
    if service.subscriptions:
        deletions = Deletions(stores.documents, service.name)
        loops[service.name + _CONSUME] = ConsumerLoop(
            service.name,
            service.subscriptions,
            events=stores.events,
            documents=stores.documents,
            life=life,
            ignores=deletions.concern if has_projects else None,
        ).run
    for index, loop in enumerate(service.background):
        loops[f"{service.name}.background.{index}"] = loop
    if has_projects:
        loops[f"{service.name}.clearing"] = Clearing(
            stores.documents,
            stores.blobs,
            service=service.name,
            collections=service.collections,
        ).run
    if service.all_terms:
        terms = Terms(stores.documents, service.all_terms, KeepSettings())
        loops[f"{service.name}.terms"] = terms.run
    if any(spec.model is Job for spec in service.collections):
        loops[f"{service.name}.jobs"] = partial(watch_jobs, stores.documents, service.name)
    return loops


def face_of(
    services: Sequence[Service],
    stores: Stores,
    settings: HttpSettings,
    *,
    rest: ASGIApp | None = None,
    life: Lifecycle | None = None,
) -> ASGIApp:
    """Return the ASGI application of ``services``."""
    tokens = _tokens_of(services, settings)
    # Not the broker: requests never talk to it, so one that is down must not close the door.
    checks: dict[str, Check] = {
        "documents": stores.documents.ping,
        "blobs": stores.blobs.ping,
        "tokens": tokens.ready,
    }
    apps: dict[str, ASGIApp] = {
        service.name: create_app(
            service,
            tokens=tokens,
            checks=checks,
            life=life,
            journal=Journal(stores.documents, service.name),
        )
        for service in services
    }
    if rest is None:
        rest = apps[services[0].name] if len(services) == 1 else problem_page("no such page")
    return ByPrefix(apps, rest)


def _tokens_of(services: Sequence[Service], settings: HttpSettings) -> Tokens:
    own = next((service.token_keys for service in services if service.token_keys), None)
    if own is None and not settings.token_keys:
        raise ValueError("LOUPE_TOKEN_KEYS is needed: where the workspace tells its public keys")
    return Tokens(own or keys_at(settings.token_keys))


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
    After a signal the process ends within :data:`_END_S`, whatever hangs; a second one ends it now.
    """
    descriptors = raise_descriptor_limit()
    stores = Stores.of(StoreSettings(), keep=KeepSettings())
    services = [build(stores) for build in builds]
    columns = all(service.long_columns for service in services)
    give_back_large_blocks() if columns else keep_freed_blocks()
    configure(services[0].name if len(services) == 1 else "loupe")
    await stores.open([spec for service in services for spec in service.all_collections])
    gc.freeze()  # what was imported stays; searching it for garbage stopped the loop for 50 ms
    life = Lifecycle()
    loops = loops_of(services, stores, roles, life=life) | (extra or {})
    loops |= _of_the_process(HostSettings(), roles, life)
    tasks = [
        asyncio.create_task(run_forever(name, loop), name=name) for name, loop in loops.items()
    ]
    consumers = [task for task in tasks if task.get_name().endswith(_CONSUME)]
    stop = _signalled()
    try:
        if "api" in roles:
            settings = HttpSettings()
            bounds = bounds_for(descriptors, per_source=settings.connections_per_source)
            face = face_of(services, stores, settings, rest=rest, life=life)
            server = Server(
                face,
                (settings.host, settings.port),
                Connections(bounds),
                trusted_proxies=settings.trusted_proxies,
            )
            serving = asyncio.create_task(server.run_until_exit(ready))
            await _first(serving, asyncio.create_task(stop.wait()))
            await _finish(life, consumers)
            server.should_exit = True
            await serving
        else:
            ready()
            await stop.wait()
            await _finish(life, consumers)
    finally:
        await _close(tasks, stores)


def _of_the_process(
    settings: HostSettings, roles: Sequence[Role], life: Lifecycle
) -> dict[str, Loop]:
    loops: dict[str, Loop] = {"lag": watch_loop}
    if settings.pulse_file and "api" not in roles:
        loops["pulse"] = partial(keep_pulse, settings.pulse_file, life)
    if settings.metrics_port:
        loops["metrics"] = partial(tell_metrics, settings.metrics_host, settings.metrics_port)
    return loops


async def _finish(life: Lifecycle, consumers: Sequence[asyncio.Task[None]]) -> None:
    """Take no more events; let what is in work end and be committed, if it does in time."""
    life.stopping = True
    # The last resort against what hangs in a thread, in a client, or in the event loop itself.
    last_resort = threading.Timer(_END_S, os._exit, (1,))
    last_resort.daemon = True
    last_resort.start()
    if consumers:
        await asyncio.wait(consumers, timeout=_GRACE_S)


async def _close(tasks: Sequence[asyncio.Task[None]], stores: Stores) -> None:
    for task in tasks:
        task.cancel()
    try:
        async with asyncio.timeout(_CLOSE_S):
            await asyncio.gather(*tasks, return_exceptions=True)
            await stores.close()
    except TimeoutError:
        log.error("close.hangs", waited_s=_CLOSE_S)


async def watch_loop() -> None:
    """Keep the gauge of how late the event loop is: the worst of the last quarter minute."""
    lags: deque[float] = deque(maxlen=round(15 / _LOOP_LOOK_S))
    while True:
        due = time.monotonic() + _LOOP_LOOK_S
        await asyncio.sleep(_LOOP_LOOK_S)
        lags.append(time.monotonic() - due)
        LOOP_LAG.set(max(0.0, *lags))


async def _first(*tasks: asyncio.Task[Any]) -> None:
    """Return when one of ``tasks`` has ended."""
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def _signalled() -> asyncio.Event:
    """Return what is set by the first SIGTERM or SIGINT."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop


def main(build: Build, arguments: Sequence[str]) -> None:
    """Run one service in the roles that ``arguments`` name; none means api and consume."""
    known: dict[str, Role] = {"api": "api", "consume": "consume", "work": "work"}
    unknown = [word for word in arguments if word not in known]
    if unknown:
        raise SystemExit(f"unknown role {unknown[0]!r}: choose from {', '.join(known)}")
    roles = [known[word] for word in arguments] or ["api", "consume"]
    asyncio.run(run([build], roles))
