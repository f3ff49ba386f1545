"""Starts a platform in a process of its own, on a folder."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.browser.watching import Platform
from tests.servers.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
START_S = 180.0


@contextmanager
def started(data: Path) -> Iterator[Platform]:
    """Run the platform on the folder ``data`` for the length of the block."""
    port = free_port()
    environment = os.environ | {
        "LOUPE_DATA": str(data),
        "LOUPE_PORT": str(port),
        "LOUPE_TRAINER_EPOCHS": "10",  # passes, not a time: a busy machine gives the same model
        "LOUPE_TRAINER_USE_HUB": "false",
        "LOUPE_WEIGHTS": "",  # the backbone of the pinned package
    }
    journal = data.parent / f"{data.name}.log"
    with journal.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services", "run"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_it_answers(address, process, journal)
            yield Platform(address, (data / "admin.key").read_text().strip())
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_it_answers(address: str, process: subprocess.Popen[bytes], journal: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/api/workspace/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    said = "\n".join(journal.read_text(errors="replace").splitlines()[-20:])
    pytest.fail(f"the platform does not answer; it said last:\n{said}", pytrace=False)
