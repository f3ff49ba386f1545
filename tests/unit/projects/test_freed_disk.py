"""What nothing names any more is freed after the safe age, and nothing else ever is."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.workspace.handlers.collector import Collected, Collector
from services.workspace.repository import AUDIT, LEFTOVERS
from shared.blobs.content import put_by_hash
from shared.clock import utc_now
from shared.contracts.training_events import ReportFailed
from shared.documents.port import EveryTenant, TenantScope
from shared.events.port import Record
from shared.hosting.stores import Stores
from shared.jobs.job import Job, job_spec
from tests.running import until
from tests.unit.projects.house import House, gone, house

SAFE = timedelta(hours=72)


class Days:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


def collector(stores: Stores, clock: Callable[[], datetime]) -> Collector:
    return Collector(stores.documents, stores.blobs, stores.events, safe_age=SAFE, clock=clock)


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOUPE_WORKSPACE_UPKEEP_H", "0")


def of_yesterday(folder: Path) -> None:
    """Let all that is stored have been stored a while ago."""
    for path in (folder / "data" / "blobs" / "t").rglob("*"):
        if path.is_file():
            os.utime(path, (path.stat().st_atime - 3600, path.stat().st_mtime - 3600))


async def rounds(stores: Stores, clock: Days) -> Collected:
    """A look, and another one after the safe age."""
    looking = collector(stores, clock)
    await looking.collect()
    clock.ahead += SAFE
    return await looking.collect()


async def blobs(place: House) -> set[str]:
    return {blob.key async for blob in place.run.stores.blobs.walk("t/")}


async def notes(place: House) -> int:
    return await place.run.stores.documents.collection(LEFTOVERS, EveryTenant()).count()


async def delete_images(place: House, images: list[str]) -> None:
    for image in images:
        answer = await place.client.delete(place.at("gallery", f"/images/{image}"))
        assert answer.status_code == 204, answer.text
    await until(place.is_quiet)


@pytest.mark.parametrize("tiled", [False, True])
async def test_deleted_images_leave_nothing_after_the_safe_age(
    stores: Stores, tmp_path: Path, tiled: bool
) -> None:
    async with house(stores, tmp_path, tiled=tiled) as place:
        images = await place.upload()
        kept = await place.upload(1, side=96)
        shown = (len(images) + len(kept)) * (4 if tiled else 1)

        async def listed() -> bool:
            answer = await place.client.get(place.at("gallery", "/images"))
            return bool(answer.json()["total"] == shown)

        await until(listed)
        await until(place.is_quiet)
        clock = Days()
        before = await blobs(place)
        assert (await rounds(stores, clock)).unnamed.count == 0
        await delete_images(place, images)
        of_yesterday(tmp_path)
        looking = collector(stores, clock)
        assert (await looking.collect()).freed.count == 0
        clock.ahead += SAFE - timedelta(seconds=1)
        assert (await looking.collect()).freed.count == 0
        clock.ahead += timedelta(seconds=30)
        would = await looking.collect(dry_run=True)
        assert await blobs(place) == before
        went = await looking.collect()
        assert (would.freed, await notes(place)) == (went.freed, 0)
        assert went.freed.count > 0
        left = await blobs(place)
        assert 0 < len(left) < len(before)
        whole = await place.client.get(place.at("gallery", f"/images/{kept[0]}/content"))
        assert whole.status_code == 200, whole.text
        again = await place.upload()
        assert len(again) == 4


async def test_what_a_frozen_dataset_names_stays(stores: Stores, tmp_path: Path) -> None:
    async with house(stores, tmp_path) as place:
        await place.train("queued")
        frozen = await images_in(place, await frozen_dataset(place))
        await place.upload(1, side=96)  # of no dataset
        await until(place.is_quiet)
        listed = (await place.client.get(place.at("gallery", "/images"))).json()["items"]
        await delete_images(place, [item["id"] for item in listed])
        of_yesterday(tmp_path)
        assert (await rounds(stores, Days())).freed.count == 1
        assert len(frozen) == len(listed) - 1
        assert frozen <= await blobs(place)


async def draw(place: House, images: list[str], side: int) -> None:
    shape = {"label": "pit", "kind": "box", "points": [[5, 5], [side, side]]}
    for image in images:
        place_of = place.at("annotation", f"/images/{image}")
        assert (await place.client.put(place_of, json={"shapes": [shape]})).is_success


async def frozen_dataset(place: House) -> str:
    """The key of the only frozen dataset, once there is one."""

    async def found() -> str:
        documents = place.run.stores.documents
        texts = [text.body async for text in documents.texts("default")]
        return next((str(b["manifest_key"]) for b in texts if b.get("manifest_key")), "")

    return str(await until(found))


async def images_in(place: House, manifest: str) -> set[str]:
    text = await place.run.stores.blobs.read(manifest)
    return {key for key in await blobs(place) if key.encode() in text}


async def test_what_is_stored_again_or_named_meanwhile_stays(
    stores: Stores, tmp_path: Path
) -> None:
    async with house(stores, tmp_path) as place:
        store, clock = place.run.stores.blobs, Days()
        folder = {"tenant": "default", "project_id": place.project}
        left = await put_by_hash(store, b"left by a kill", **folder)
        again = await put_by_hash(store, b"stored again", **folder)
        attempt = f"t/default/{place.project}/trainings/J/attempt-1/epoch-00001.json"
        await store.put(attempt, b"{}")
        told = await put_by_hash(store, b"told by a letter that may be sent back", **folder)
        letter = f'{{"data": {{"blob_key": "{told}"}}}}'.encode()
        await stores.events.publish([Record("image.dlq", "default/I", letter)])
        of_yesterday(tmp_path)
        looking = collector(stores, clock)
        assert (await looking.collect()).unnamed.count == 3
        await put_by_hash(store, b"stored again", **folder)
        clock.ahead += SAFE
        assert (await looking.collect()).freed.count == 2
        assert await blobs(place) == {again, told}
        assert {left, attempt} & await blobs(place) == set()


async def test_what_an_ended_job_tells_or_can_be_gone_on_with_stays(
    stores: Stores, tmp_path: Path
) -> None:
    """A training that failed days ago is resumed; one that succeeded is told when a broker wakes.

    The documents stand in a collection that no relay looks at, as while the broker is down.
    """
    async with house(stores, tmp_path) as place:
        folder = {"tenant": "default", "project_id": place.project}
        store = place.run.stores.blobs
        given = await put_by_hash(store, b"what it was given", **folder)
        made = await put_by_hash(store, b"the model it made", **folder)
        checkpoint = f"t/default/{place.project}/trainings/J/attempt-1/epoch-00007.safetensors"
        await store.put(checkpoint, b"days of work")
        spec = job_spec("idle")
        await stores.documents.open([spec])
        job = Job(
            id="J",
            tenant="default",
            kind="train",
            state="failed",
            payload={"image": given, "checkpoint": {"tensors": checkpoint}},
            created_at=utc_now(),
            finished_at=utc_now(),
        )
        event = ReportFailed(project_id=place.project, version="v1", training_id="T", reason=made)
        await stores.documents.collection(spec, TenantScope("default")).insert(job, events=[event])
        of_yesterday(tmp_path)
        assert (await rounds(stores, Days())).freed.count == 1
        assert await blobs(place) == {made, checkpoint}


async def test_a_clock_that_was_ahead_frees_nothing_early(stores: Stores, tmp_path: Path) -> None:
    async with house(stores, tmp_path) as place:
        clock = Days()
        clock.ahead = timedelta(days=30)
        await put_by_hash(place.run.stores.blobs, b"x", tenant="default", project_id=place.project)
        looking = collector(stores, clock)
        await looking.collect()
        of_yesterday(tmp_path)
        clock.ahead = timedelta()
        assert (await looking.collect()).freed.count == 0
        clock.ahead = SAFE - timedelta(seconds=30)
        assert (await looking.collect()).freed.count == 0
        clock.ahead = SAFE + timedelta(seconds=30)
        assert (await looking.collect()).freed.count == 1


async def test_after_a_project_is_deleted_the_disk_is_as_before(
    stores: Stores, tmp_path: Path
) -> None:
    async with house(stores, tmp_path) as place:
        await until(place.is_quiet)
        assert await blobs(place) == set()
        before = (await stores.events.compact()).size_bytes
        images = await place.upload(40)
        for side in range(20, 30):
            await draw(place, images, side)
        await until(place.is_quiet)
        full = (await stores.events.compact()).size_bytes
        await place.delete()
        await gone(place)
        await rounds(stores, Days())
        # What was done to a project outlives it, for the audit log's own term.
        told = stores.documents.collection(AUDIT, TenantScope("default"))
        assert await told.count() > 10 * 40
        while await told.clear({}):
            pass
        after = await stores.events.compact()
        assert await blobs(place) == set()
        assert full > before
        assert after.size_bytes <= before + (full - before) // 5
