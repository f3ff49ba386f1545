"""Metrics have a port of their own."""

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY

from services import data_folder
from shared.hosting import metrics
from shared.settings import HostSettings
from tests.running import until
from tests.unit.host.test_connections import HOST, free_port


async def told(port: int, path: str = "/metrics") -> str | None:
    async with httpx.AsyncClient() as client:
        try:
            answer = await client.get(f"http://{HOST}:{port}{path}")
        except httpx.TransportError:
            return None
    return answer.text if answer.status_code == 200 else str(answer.status_code)


async def test_a_process_tells_its_metrics_on_their_port_and_on_no_other() -> None:
    door, port = free_port(), free_port()
    ports = {"LOUPE_PORT": str(door), "LOUPE_METRICS_PORT": str(port)}
    command = [sys.executable, "-m", "services.workspace", "api"]
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | ports)
    try:
        text = await until(lambda: told(port))
        assert "loupe_event_loop_lag_seconds" in text
        assert await until(lambda: told(door, "/api/workspace/jwks"))
        assert await told(door) == "404"
        assert '"keys"' not in str(await told(port, "/api/workspace/jwks"))
    finally:
        process.terminate()
        await process.wait()
    assert await told(port) is None


async def test_who_asks_for_the_metrics_is_no_connection_of_a_client() -> None:
    def open_now() -> float:
        return REGISTRY.get_sample_value("loupe_connections") or 0.0

    port, before = free_port(), open_now()
    telling = asyncio.create_task(metrics.tell_metrics(HOST, port))
    text = await until(lambda: told(port))
    assert f"loupe_connections {before}" in text
    telling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await telling
    assert open_now() == before


async def test_a_port_that_is_taken_keeps_nothing_waiting_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metrics, "_AGAIN_S", 0.01)
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        telling = asyncio.create_task(metrics.tell_metrics(HOST, port))
        await asyncio.sleep(0)
        assert not telling.done()
    assert "loupe_" in await until(lambda: told(port))
    telling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await telling


def test_an_embedded_platform_tells_them_to_its_own_machine_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_HOST", "0.0.0.0")  # noqa: S104  the door is open, they are not
    monkeypatch.setenv("LOUPE_PORT", str(free_port()))
    for name in ("LOUPE_METRICS_PORT", "LOUPE_METRICS_HOST", "LOUPE_WORKSPACE_ADMIN_KEY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "umask", lambda _: 0)
    with data_folder.prepare(data_folder.place_from_environment()):
        settings = HostSettings()
    assert (settings.metrics_host, settings.metrics_port) == ("127.0.0.1", 9464)
