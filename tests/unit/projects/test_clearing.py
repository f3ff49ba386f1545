"""A deleted project is cleared in small steps, again and again, until nothing more can come."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.blobs.content import put_by_hash
from shared.contracts.envelope import EventStamp, pack, unpack
from shared.contracts.project_events import ProjectCreated, ProjectDeleted
from shared.documents.port import CollectionSpec, Document, EveryTenant, Query, TenantScope
from shared.hosting.stores import Stores
from shared.projects.clearing import BLOBS, CHUNK, KEEP, Clearing
from shared.projects.directory import ProjectDirectory, projects_spec

MANY = 2 * CHUNK + 50


class Part(Document):
    project_id: str


class Named(Document):
    """Its id is its project's."""


class Key(Document):
    """Of no project."""


PARTS = CollectionSpec("x.parts", Part)
NAMED = CollectionSpec("x.named", Named, project_field="id")
KEYS = CollectionSpec("x.keys", Key)
PROJECTS = projects_spec("x")
SPECS = (PARTS, NAMED, KEYS, PROJECTS)
T = TenantScope("t")


class Place:
    """A service with things of two projects, one of which was deleted at noon."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)
        self.clearing = Clearing(
            stores.documents,
            stores.blobs,
            service="x",
            collections=SPECS,
            clock=lambda: self.now,
        )

    async def part(self, number: int, project_id: str = "gone") -> None:
        parts = self.stores.documents.collection(PARTS, T)
        await parts.insert(Part(id=f"{project_id}{number:04d}", tenant="t", project_id=project_id))

    async def hear(self, sequence: int, body: ProjectCreated | ProjectDeleted) -> None:
        directory = ProjectDirectory(self.stores.documents, "x")
        stamp = EventStamp(tenant="t", subject="gone", sequence=sequence, time=self.now)
        event = unpack(type(body), pack([body], stamp)[0].value_bytes())
        for line in directory.subscriptions():
            if line.event is type(body):
                await line.handler(event)

    async def parts(self) -> list[str]:
        parts = self.stores.documents.collection(PARTS, EveryTenant())
        return [part.id for part in await parts.query(Query())]


def filled(data: Path, blobs: int) -> Path:
    """Put so many more blobs into the project's folder; return it."""
    folder = data / "data" / "blobs" / "t" / "t" / "gone"
    for number in range(blobs):
        (folder / f"{number:05d}").write_bytes(b"x")
    return folder


@pytest.fixture
async def place(stores: Stores) -> Place:
    await stores.open(SPECS)
    place = Place(stores)
    await place.hear(1, ProjectCreated(project_id="gone", name="old", task="detection"))
    await stores.documents.collection(NAMED, T).insert(Named(id="gone", tenant="t"))
    await stores.documents.collection(NAMED, T).insert(Named(id="other", tenant="t"))
    await stores.documents.collection(KEYS, T).insert(Key(id="gone", tenant="t"))
    await place.part(0, "other")
    await put_by_hash(stores.blobs, b"same", tenant="t", project_id="gone")
    await put_by_hash(stores.blobs, b"same", tenant="t", project_id="other")
    return place


async def test_everything_of_a_large_project_goes_in_steps_and_the_rest_stays(
    place: Place,
) -> None:
    for number in range(MANY):
        await place.part(number)
    assert await place.clearing.step() == 0  # it lives
    await place.hear(2, ProjectDeleted(project_id="gone"))
    steps = []
    while removed := await place.clearing.step():
        steps.append(removed)
    assert steps == [CHUNK + 2, CHUNK, 50]
    assert await place.parts() == ["other0000"]
    documents = place.stores.documents
    assert [n.id for n in await documents.collection(NAMED, T).query(Query())] == ["other"]
    assert await documents.collection(KEYS, T).count() == 1
    keys = [blob.key async for blob in place.stores.blobs.walk("t/")]
    assert [key.split("/")[2] for key in keys] == ["other"]


async def test_blobs_go_in_steps_and_their_folder_with_the_last(
    place: Place, tmp_path: Path
) -> None:
    folder = filled(tmp_path, BLOBS + 5)
    await place.hear(2, ProjectDeleted(project_id="gone"))
    await place.clearing.step()
    assert len(list(folder.iterdir())) == 6
    while await place.clearing.step():
        pass
    assert not folder.exists()
    assert (folder.parent / "other").is_dir()


async def test_who_clears_a_folder_passes_over_what_others_removed(
    place: Place, tmp_path: Path
) -> None:
    filled(tmp_path, 3000)
    await place.hear(2, ProjectDeleted(project_id="gone"))

    async def clear() -> None:
        while await place.clearing.step():
            pass

    await asyncio.gather(*(clear() for _ in range(4)))
    assert [blob.key async for blob in place.stores.blobs.walk("t/t/gone/")] == []


async def test_what_outruns_the_deletion_goes_too_within_a_week(place: Place) -> None:
    await place.hear(2, ProjectDeleted(project_id="gone"))
    while await place.clearing.step():
        pass
    for number in range(5):
        await place.part(number)
        place.now += timedelta(hours=2)
        assert await place.clearing.step() >= 1
        assert await place.parts() == ["other0000"]


async def test_looks_become_rare_and_end(place: Place) -> None:
    await place.hear(2, ProjectDeleted(project_id="gone"))
    marks = place.stores.documents.collection(PROJECTS, T)
    written = 0
    end = place.now + KEEP + timedelta(hours=2)
    while place.now < end:
        version = (await marks.get("gone")).version
        await place.clearing.step()
        written += (await marks.get("gone")).version > version
        place.now += timedelta(minutes=1)
    assert (await marks.get("gone")).cleared
    assert written < 200


async def test_a_mark_of_an_earlier_release_is_cleared_once(place: Place) -> None:
    await place.part(1)
    marks = place.stores.documents.collection(PROJECTS, T)
    await marks.change("gone", lambda mark: mark.model_copy(update={"deleted": True}))
    while await place.clearing.step():
        pass
    assert await place.parts() == ["other0000"]
    assert (await marks.get("gone")).cleared
