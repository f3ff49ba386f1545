"""Rounds of upkeep: one replica at a time, by the loop or by hand."""

import asyncio
import hashlib
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import generate_latest

from services.workspace.app import build, upkeep_of
from services.workspace.handlers.upkeep import Upkeep
from services.workspace.repository import COLLECTIONS
from services.workspace.settings import WorkspaceSettings
from shared.blobs.content import put_by_hash
from shared.clock import utc_now
from shared.hosting.stores import Stores
from tests.running import running

HOURS = timedelta(hours=6)


def upkeep_at(stores: Stores, moment: datetime) -> Upkeep:
    return upkeep_of(stores, WorkspaceSettings(), clock=lambda: moment)


async def test_of_many_replicas_one_begins_a_round(stores: Stores) -> None:
    await stores.open(COLLECTIONS)
    now = utc_now()

    async def begun(moment: datetime) -> int:
        replicas = [upkeep_at(stores, moment) for _ in range(5)]
        return sum(await asyncio.gather(*(replica.begins() for replica in replicas)))

    assert await begun(now) == 1
    assert await begun(now + HOURS - timedelta(seconds=1)) == 0
    assert await begun(now + HOURS) == 1
    assert await begun(now - timedelta(days=3)) == 1, "a clock that was ahead stops no round"


async def test_the_command_says_what_would_go_and_a_round_tells_metrics(
    stores: Stores, tmp_path: Path
) -> None:
    async with running(stores, [build(stores)]):
        await put_by_hash(stores.blobs, b"12345", tenant="t", project_id="P")
        command = [sys.executable, "-m", "services", "collect", "--dry-run"]
        said = await asyncio.to_thread(
            subprocess.run, command, env=os.environ, capture_output=True, text=True, check=True
        )
        await upkeep_at(stores, utc_now()).round()
        metrics = generate_latest().decode()
    key = f"t/t/P/{hashlib.sha256(b'12345').hexdigest()}"
    assert said.stdout.splitlines()[:3] == [
        "1 blobs, 5 bytes are stored",
        "1 of them, 5 bytes, are named by nothing",
        "0, 0 bytes, would go: so for 72 h or more",
    ]
    assert (await stores.blobs.stat(key)).size_bytes == 5
    assert 'loupe_stored_bytes{kind="unnamed"} 5.0' in metrics
    assert 'loupe_stored_bytes{kind="database"}' in metrics
