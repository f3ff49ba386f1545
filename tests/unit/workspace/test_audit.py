"""An audit tells each blob that is named and is lost or damaged, and nothing else."""

import os
import subprocess
import sys
from asyncio import to_thread
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from services.workspace.handlers import audit
from services.workspace.handlers.audit import Audit
from services.workspace.repository import LEFTOVERS, PROJECTS, Leftover, Project
from shared.blobs.content import put_by_hash
from shared.clock import utc_now
from shared.documents.port import CollectionSpec, Document, TenantScope
from shared.documents.texts import Text
from shared.hosting.stores import Stores
from shared.ids import new_id


class Thing(Document):
    """Whatever names blobs."""

    project_id: str = "P"
    blob_key: str = ""
    manifest_key: str = ""


THINGS = CollectionSpec("gallery.images", Thing)


@dataclass
class World:
    """Stores with things of two tenants."""

    stores: Stores

    async def put(self, data: bytes, tenant: str = "t") -> str:
        return await put_by_hash(self.stores.blobs, data, tenant=tenant, project_id="P")

    async def name(self, key: str, tenant: str = "t", manifest: str = "") -> None:
        thing = Thing(id=new_id(), tenant=tenant, blob_key=key, manifest_key=manifest)
        await self.stores.documents.collection(THINGS, TenantScope(tenant)).insert(thing)

    async def audit(self) -> audit.Audited:
        return await Audit(self.stores.documents, self.stores.blobs).look()


@pytest.fixture
async def world(stores: Stores) -> World:
    """A tenant whose blobs are all lost is known by its project."""
    await stores.open([THINGS, LEFTOVERS, PROJECTS])
    named = {"id": "P", "tenant": "t", "name": "pins", "task": "detection"}
    project = Project.model_validate({**named, "created_at": utc_now(), "created_by": ""})
    await stores.documents.collection(PROJECTS, TenantScope("t")).insert(project)
    return World(stores)


async def test_lost_and_damaged_blobs_of_every_tenant_are_told(world: World) -> None:
    whole, lost = await world.put(b"whole"), await world.put(b"lost")
    damaged, part = await world.put(b"damaged", "other"), "t/t/P/uploads/U/0-1"
    for key in (whole, lost, part):
        await world.name(key)
    await world.name(damaged, "other")
    await world.stores.blobs.put(part, b"a part of a file has no hash in its name")
    assert await world.audit() == audit.Audited(4)
    await world.stores.blobs.delete(lost)
    await world.stores.blobs.put(damaged, b"DAMAGED")
    assert await world.audit() == audit.Audited(4, [lost], [damaged])


async def test_what_a_dataset_names_has_to_be_there(world: World) -> None:
    image = await world.put(b"an image that was deleted since")
    manifest = await world.put(f'{{"blob_key": "{image}"}}'.encode())
    await world.name("", manifest=manifest)
    assert await world.audit() == audit.Audited(2)
    await world.stores.blobs.delete(image)
    assert await world.audit() == audit.Audited(2, [image])
    await world.stores.blobs.delete(manifest)
    assert await world.audit() == audit.Audited(1, [manifest])


async def test_words_of_people_that_look_like_a_key_are_none(world: World) -> None:
    for words in ("unit/line3/P/5", "as t/t/P/5 in the notes", 'a "t/t/P/5"'):
        await world.name(words)
    assert await world.audit() == audit.Audited()


async def test_what_is_about_to_be_freed_or_is_deleted_meanwhile_is_no_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await world.put(b"x")
    note = Leftover(id="L", tenant="t", project_id="P", key="t/t/P/gone", since=utc_now())
    await world.stores.documents.collection(LEFTOVERS, TenantScope("t")).insert(note)
    await world.name(key)
    texts = world.stores.documents.texts
    things = world.stores.documents.collection(THINGS, TenantScope("t"))

    async def deleted_after_it_was_read(tenant: str) -> AsyncIterator[Text]:
        async for text in texts(tenant):
            yield text
        await things.clear({})
        await world.stores.blobs.delete(key)

    monkeypatch.setattr(world.stores.documents, "texts", deleted_after_it_was_read)
    assert await world.audit() == audit.Audited(1)


@pytest.mark.parametrize(("is_lost", "code"), [(False, 0), (True, 1)])
async def test_the_command_tells_and_its_code_says_whether_all_is_well(
    world: World, is_lost: bool, code: int
) -> None:
    key = await world.put(b"x")
    await world.name(key)
    if is_lost:
        await world.stores.blobs.delete(key)
    command = [sys.executable, "-m", "services", "audit"]
    done = await to_thread(subprocess.run, command, env=os.environ, capture_output=True, text=True)
    told = [f"1 blobs are named: {int(is_lost)} of them are missing, 0 damaged"]
    assert done.stdout.splitlines() == told + [f"missing: {key}"] * is_lost
    assert done.returncode == code
