"""Archives that wait share one room, whichever process takes them."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.annotation.errors import ArchivesFull
from services.annotation.handlers.kept_archives import Archive, KeptArchives, Measured
from services.annotation.repository import COLLECTIONS, SERVICE
from shared.clock import Clock, utc_now
from shared.documents.port import Collection
from shared.errors import DependencyDown
from shared.hosting.stores import Stores
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectView

PROJECT = ProjectView(id="P", tenant="default", name="pins", task="detection", sequence=1)


def process(stores: Stores, clock: Clock = utc_now) -> KeptArchives:
    """What one process has; all share the stores."""
    jobs = JobQueue(stores.documents, SERVICE)
    return KeptArchives(stores.documents, stores.blobs, jobs=jobs, quota_bytes=1000, clock=clock)


async def archive(folder: Path, name: str) -> Measured:
    path = folder / name
    path.write_bytes(name.encode() * 600)
    return await KeptArchives.measured(PROJECT, Archive(path, name))


async def test_archives_that_come_to_two_processes_do_not_share_one_room(
    stores: Stores, tmp_path: Path
) -> None:
    await stores.open(COLLECTIONS)
    first, second = [await archive(tmp_path, name) for name in "ab"]
    one, other = process(stores), process(stores)
    async with one.stored(PROJECT, first):  # its import is not stored yet
        with pytest.raises(ArchivesFull):
            async with other.stored(PROJECT, second):
                pass
        async with other.stored(PROJECT, first):  # the same bytes lie there once
            pass
    async with other.stored(PROJECT, second):  # nothing came of the first
        pass


async def test_what_was_taken_in_stays_so_though_the_store_fails_right_behind(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stores.open(COLLECTIONS)
    one = await archive(tmp_path, "a")

    async def away(*_: object) -> None:
        raise DependencyDown("the store is away")

    async with process(stores).stored(PROJECT, one):
        monkeypatch.setattr(Collection, "change", away)
    monkeypatch.undo()
    failing = process(stores).stored(PROJECT, one)
    await failing.__aenter__()
    monkeypatch.setattr(Collection, "change", away)
    cause = ZeroDivisionError()  # what failed is told as what it is
    assert not await failing.__aexit__(type(cause), cause, None)


@pytest.mark.parametrize("off", [timedelta(minutes=-11), timedelta(days=1)])
async def test_what_a_killed_process_took_in_gives_its_room_back(
    stores: Stores, tmp_path: Path, off: timedelta
) -> None:
    await stores.open(COLLECTIONS)
    first, second = [await archive(tmp_path, name) for name in "ab"]
    killed = process(stores, lambda: utc_now() + off).stored(PROJECT, first)
    await killed.__aenter__()
    async with process(stores).stored(PROJECT, second):
        pass
    await killed.__aexit__(None, None, None)
