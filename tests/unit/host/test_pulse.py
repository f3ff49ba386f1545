"""A process without an HTTP face shows by a file that it lives; a container's check reads it."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.events.lifecycle import Lifecycle
from shared.hosting.pulse import keep_pulse
from tests.running import HANG_S
from tests.servers.processes import free_port

ROOT = Path(__file__).parents[3]


def alive(pulse: Path) -> bool:
    environment = {"LOUPE_PULSE_FILE": str(pulse), "LOUPE_PORT": str(free_port())}
    command = [sys.executable, str(ROOT / "docker" / "alive.py")]
    return subprocess.run(command, env=os.environ | environment, check=False).returncode == 0


def test_only_a_fresh_pulse_is_a_life(tmp_path: Path) -> None:
    pulse = tmp_path / "pulse"
    assert not alive(pulse)
    pulse.touch()
    assert alive(pulse)
    os.utime(pulse, (time.time() - 60, time.time() - 60))
    assert not alive(pulse)


async def test_a_silent_consumer_stops_the_pulse(tmp_path: Path) -> None:
    now = 0.0
    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        return now

    life = Lifecycle(clock=clock)
    life.sign("svc")
    pulse = tmp_path / "pulse"
    async with asyncio.timeout(HANG_S):
        keeping = asyncio.create_task(keep_pulse(pulse, life, every_s=0.01))
        while not pulse.exists():  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.01)
        now, seen = 61.0, looks
        while looks < seen + 2:  # noqa: ASYNC110  a touch that was under way is over then
            await asyncio.sleep(0.01)
        pulse.unlink()
        seen = looks
        while looks < seen + 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not pulse.exists()
        life.sign("svc")
        while not pulse.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    keeping.cancel()


@pytest.mark.parametrize("role", ["work", "consume"])
def test_a_process_without_a_face_keeps_its_pulse(tmp_path: Path, role: str) -> None:
    pulse = tmp_path / "pulse"
    command = [sys.executable, "-m", "services.tiling", role]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"LOUPE_PULSE_FILE": str(pulse)})
    try:
        while not pulse.exists():  # however long a busy machine takes to start it
            assert process.poll() is None
            time.sleep(0.05)
        assert alive(pulse)
    finally:
        process.terminate()
        process.wait()  # it ends by itself, after its grace at the latest
