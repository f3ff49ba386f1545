"""How a process lives and ends: health that tells a stuck loop, and a stop that loses nothing."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import APIRouter
from prometheus_client import REGISTRY

from shared.contracts.envelope import Event, EventStamp, pack
from shared.contracts.image_events import ImageDeleted
from shared.contracts.project_events import ProjectDeleted
from shared.errors import DependencyDown
from shared.events import consumer
from shared.events.lifecycle import Lifecycle
from shared.events.port import Record
from shared.events.progress import progress_spec
from shared.events.subscriptions import on
from shared.hosting.host import face_of, loops_of, run_forever, watch_loop
from shared.hosting.service import Service
from shared.hosting.stores import Stores, with_dead_letters
from shared.http.callers import Who
from shared.settings import HttpSettings
from tests.running import credentials, for_viewers, until

ROOT = Path(__file__).resolve().parents[3]


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def client_of(stores: Stores, service: Service, life: Lifecycle) -> httpx.AsyncClient:
    face = face_of([service], stores, HttpSettings(), life=life)
    transport = httpx.ASGITransport(app=face, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://loupe", headers=credentials())


async def test_health_tells_a_loop_that_gave_no_sign_for_a_minute(stores: Stores) -> None:
    clock = Time()
    life = Lifecycle(clock=clock)
    async with client_of(stores, Service(name="svc", summary=""), life) as client:
        life.sign("svc")
        life.sign("other")
        clock.now = 59
        assert (await client.get("/healthz")).status_code == 200
        life.sign("other")
        clock.now = 61
        answer = await client.get("/healthz")
        assert (answer.status_code, answer.json()["silent"]) == (503, ["svc"])
        life.ended("svc")
        assert (await client.get("/healthz")).status_code == 200


async def test_readiness_tells_a_group_whose_events_wait_for_two_minutes(stores: Stores) -> None:
    await stores.open([])
    clock = Time()
    life = Lifecycle(clock=clock)

    async def seen(seconds: float, **places: int) -> tuple[int, str]:
        clock.now = seconds
        life.waits("gallery", places)
        answer = await client.get("/readyz")
        return answer.status_code, answer.json()["down"].get("events", "")

    async with client_of(stores, Service(name="svc", summary=""), life) as client:
        assert await seen(0, project=4, image=7) == (200, "")
        assert await seen(119, project=4, image=7) == (200, "")
        status, told = await seen(121, project=4, image=8)  # the one of images goes on
        assert (status, "gallery (project)" in told, "image" in told) == (503, True, False)
        assert await seen(122, project=5, image=8) == (200, "")
        assert (await seen(242, image=8))[0] == 503
        assert await seen(243) == (200, "")


async def test_a_consumer_tells_what_waits_for_it(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its handler does not get on; the door says so once that is long enough."""
    monkeypatch.setattr(consumer, "_LAG_EVERY_S", 0.0)
    life = Lifecycle(stuck_s=0.2)

    async def handler(_event: Event[ProjectDeleted]) -> None:
        raise DependencyDown("asleep")

    service = Service(name="svc", summary="", subscriptions=(on(ProjectDeleted, handler),))
    await stores.open(service.all_collections)
    (event,) = pack([ProjectDeleted(project_id="P")], EventStamp.of("t", "P", 1))
    record = Record(event.topic, event.key, event.value_bytes(), event.headers())
    await stores.events.publish([record])
    loops = loops_of([service], stores, ["consume"], life=life)
    consuming = asyncio.create_task(run_forever("svc", loops["svc.consume"]))
    async with client_of(stores, service, life) as client:

        async def told() -> str:
            return str((await client.get("/readyz")).json()["down"].get("events", ""))

        assert f"svc ({ProjectDeleted.topic}/" in await until(told)
    consuming.cancel()


async def test_a_process_that_is_to_end_is_not_ready_and_alive(stores: Stores) -> None:
    await stores.open([])
    life = Lifecycle()
    async with client_of(stores, Service(name="svc", summary=""), life) as client:
        assert (await client.get("/readyz")).status_code == 200
        life.stopping = True
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_a_loop_that_is_kept_shows_in_the_gauge() -> None:
    watching = asyncio.create_task(watch_loop())
    await asyncio.sleep(0.1)
    time.sleep(1.0)  # noqa: ASYNC251  what a handler must not do
    await until(lambda: (REGISTRY.get_sample_value("loupe_event_loop_lag_seconds") or 0) > 0.3)
    watching.cancel()


async def test_lines_of_a_request_tell_its_tenant(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    router = APIRouter()

    @router.get("/breaks")
    async def breaks(who: Who) -> None:
        structlog.get_logger().warning("inside")
        raise RuntimeError("a defect")

    service = Service(name="svc", summary="", routers=(router,), roles=for_viewers(router))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
    )
    try:
        async with client_of(stores, service, Lifecycle()) as client:
            assert (await client.get("/api/svc/breaks")).status_code == 500
        told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    finally:
        structlog.reset_defaults()
    assert [line["event"] for line in told] == ["inside", "http.defect"]
    assert {line["tenant"] for line in told} == {"default"}
    assert "a defect" in told[1]["exception"]


SLOW = """
import asyncio, sys
from pathlib import Path
from fastapi import APIRouter
from shared.hosting import host
from shared.contracts.image_events import ImageDeleted
from shared.events.subscriptions import on
from shared.hosting.service import Service

seen = Path(sys.argv[1])

async def handler(event):
    with seen.open("a") as file:
        file.write(f"begun {event.data.image_id}\\n")
    await asyncio.sleep(1.0)
    with seen.open("a") as file:
        file.write(f"done {event.data.image_id}\\n")

def build(stores):
    return Service(name="svc", summary="", subscriptions=(on(ImageDeleted, handler),))

host.main(build, sys.argv[2:])
"""


def code_after_sigterm(command: list[str], seen: Path) -> int:
    """Start a process, stop it once a handler is at work, and return its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        while "begun" not in seen.read_text():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        return process.wait(60)


@pytest.mark.parametrize("roles", [["consume"], ["api", "consume"]])
async def test_sigterm_finishes_the_event_in_work_and_begins_no_other(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, roles: list[str]
) -> None:
    await stores.documents.open([progress_spec("svc")])
    await stores.events.open(with_dead_letters({"image": 1}))
    for number in range(3):
        gone = ImageDeleted(project_id="P", image_id=f"I{number}")
        event = pack([gone], EventStamp.of("t", f"I{number}", 1))[0]
        await stores.events.publish(
            [Record("image", event.key, event.value_bytes(), event.headers())]
        )
    seen = tmp_path / "seen"
    seen.touch()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("LOUPE_PORT", str(probe.getsockname()[1]))
    command = [sys.executable, "-c", SLOW, str(seen), *roles]
    assert await asyncio.to_thread(code_after_sigterm, command, seen) == 0
    assert seen.read_text().splitlines() == ["begun I0", "done I0"]
    member = await stores.events.consumer("svc", ["image"])
    rest = [delivery.key for delivery in await member.poll(limit=10, timeout_s=0.0)]
    await member.close()
    assert rest == ["t/I1", "t/I2"]  # its member left, and what was done is committed
