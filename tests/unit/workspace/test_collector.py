"""A look for blobs takes the memory of one document, and is nobody's rival."""

import os
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from services.workspace.handlers.collector import Collector
from services.workspace.repository import COLLECTIONS
from shared.blobs.content import put_by_hash
from shared.contracts.catalogue import DEAD_LETTERS_SUFFIX, PARTITIONS
from shared.documents.port import CollectionSpec, Document, TenantScope
from shared.events.port import Record
from shared.hosting.stores import Stores
from tests.turning import set_clock

MIB = 1 << 20


class Drawing(Document):
    """A document that may be large."""

    text: str


DRAWINGS = CollectionSpec("idle.drawings", Drawing)


@pytest.fixture
async def collector(stores: Stores) -> Collector:
    await stores.open((*COLLECTIONS, DRAWINGS))
    return Collector(stores.documents, stores.blobs, stores.events, safe_age=timedelta(hours=72))


@pytest.mark.parametrize("where", ["documents", "letters"])
async def test_many_large_texts_are_never_held_at_once(
    stores: Stores, collector: Collector, where: str
) -> None:
    drawings = stores.documents.collection(DRAWINGS, TenantScope("t"))
    await put_by_hash(stores.blobs, b"x", tenant="t", project_id="P")
    for number in range(40):
        text = "-" * MIB
        if where == "documents":
            await drawings.insert(Drawing(id=str(number), tenant="t", text=text))
        else:
            await stores.events.publish([Record("image.dlq", f"t/{number}", text.encode())])
    tracemalloc.start()
    try:
        found = await collector.collect(dry_run=True)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.unnamed.count == 1
    assert most < 20 * MIB


async def test_each_look_reads_all_letters_whoever_looks_beside_it(
    stores: Stores, collector: Collector
) -> None:
    kept = [
        await put_by_hash(stores.blobs, b"told by a letter", tenant=tenant, project_id="P")
        for tenant in ("t", "u")
    ]
    await put_by_hash(stores.blobs, b"left", tenant="u", project_id="P")
    await stores.events.publish([Record("image.dlq", "t/I", " ".join(kept).encode())])
    letters = [topic + DEAD_LETTERS_SUFFIX for topic in PARTITIONS]
    other = await stores.events.consumer("collect", letters)
    assert len(await other.poll(limit=1, timeout_s=0)) == 1
    found = await collector.collect(dry_run=True)
    assert (found.stored.count, found.unnamed.count) == (3, 1)
    await other.close()


async def test_a_clock_that_jumps_ahead_frees_nothing(
    stores: Stores, collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a start with an empty battery the time service sets the date, years ahead."""
    key = await put_by_hash(stores.blobs, b"about to be named", tenant="t", project_id="P")
    os.utime(tmp_path / "data" / "blobs" / key, (0, 0))
    assert (await collector.collect()).unnamed.count == 1
    set_clock(monkeypatch, timedelta(days=2000))
    assert (await collector.collect()).freed.count == 0
    assert (await stores.blobs.stat(key)).key == key
