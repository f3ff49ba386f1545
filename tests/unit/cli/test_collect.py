"""What `loupe collect --dry-run` tells: all that goes, and nothing of it is gone after it."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from services.annotation.repository import RECEIPTS
from services.inference.repository import TEST_RUNS, TestRun
from shared.clock import utc_now
from shared.contracts.catalogue import PARTITIONS
from shared.documents.port import EveryTenant, TenantScope
from shared.documents.receipts import Receipt
from shared.events.port import Record
from shared.hosting.stores import Stores
from shared.ids import new_id
from tests.running import until

DIES = """
import os, sys
from pathlib import Path
from shared.staging import own_folder
for root in sys.argv[1:]:
    folder = own_folder(Path(root))
    folder.mkdir(parents=True)
    (folder / "half").write_bytes(b"1234567")
os.kill(os.getpid(), 9)
"""


async def furnish(stores: Stores) -> None:
    """Store a receipt and a test run that are old, and two events of which one replaced one."""
    await stores.open([RECEIPTS, TEST_RUNS])
    mine, then = TenantScope("t"), utc_now() - timedelta(days=40)
    receipt = Receipt(id=new_id(), tenant="t", fingerprint="", created_at=then)
    await stores.documents.collection(RECEIPTS, mine).insert(receipt)
    run = {"project_id": "P", "image_ids": (), "model_version": "V1", "created_at": then}
    await stores.documents.collection(TEST_RUNS, mine).insert(TestRun(id="R", tenant="t", **run))
    event = Record("image", "t/I", b'{"data": {"project_id": "P"}}', {"ce_type": "image.uploaded"})
    await stores.events.publish([event, event])
    consumer = await stores.events.consumer("gallery", ["image"])

    async def heard() -> bool:
        for delivery in await consumer.poll(limit=9, timeout_s=0):
            await consumer.commit(delivery)
        waiting = await consumer.uncommitted()
        return len(waiting.lag) == PARTITIONS["image"] and not any(waiting.lag.values())

    await until(heard)
    await consumer.close()


async def collect(data: Path, *arguments: str) -> list[str]:
    """Run the command; return its lines after those that tell of blobs."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "services", "collect", *arguments],
        env=os.environ | {"LOUPE_DATA": str(data), "LOUPE_KEEP_TESTS_D": "30"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[3:]


async def test_a_dry_run_tells_of_events_documents_and_files_and_removes_none(
    stores: Stores, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    await furnish(stores)
    roots = [data / "staging" / "gallery", data / "work" / "trainer", data / "blobs" / ".staging"]
    command = [sys.executable, "-c", DIES, *map(str, roots)]
    await asyncio.to_thread(subprocess.run, command, check=False)
    dry = [
        "1 events that newer ones replaced, or set aside past their term, would go",
        "within an hour by themselves, documents past their term: 1 of tests, 1 of receipts "
        "(at most)",
        "at the next start, what dead processes left: 3 files, 21 bytes",
    ]
    assert await collect(data, "--dry-run") == dry
    assert await collect(data, "--dry-run") == dry, "nothing went"
    assert [len(list(root.glob("*/half"))) for root in roots] == [1, 1, 1]
    for spec in (RECEIPTS, TEST_RUNS):
        assert await stores.documents.collection(spec, EveryTenant()).count() == 1
    assert await collect(data) == [dry[0].replace("would go", "went")]
    assert (await collect(data, "--dry-run"))[0].startswith("0 events")
