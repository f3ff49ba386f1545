"""Imports that are stopped, clicked twice, or come with more archives than there is room for."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services.annotation.errors import NamesFollow
from services.annotation.handlers import imports, label_names
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.label_names import LabelNames
from services.annotation.process.archive_parser import ArchiveParser
from services.annotation.repository import SERVICE, Annotation
from shared.blobs.content import project_folder
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from tests.running import until
from tests.unit.annotation.platform import BASE, PROJECT, box, factory, labelme, packed
from tests.unit.annotation.test_import_runs import RUNS, ZIP, ended, listed, report_of, start

ONE_MIB = ("LOUPE_ANNOTATION_KEPT_ARCHIVES_MIB", "1")


def large(kib: int = 400) -> bytes:
    """Return an archive of so many KiB that no zip makes smaller."""
    return packed({"a.json": labelme("pit"), "a.bin": os.urandom(kib << 10)})


async def never(*_given: Any, **_more: Any) -> None:
    await asyncio.Event().wait()


@contextmanager
def stuck_after_two() -> Iterator[asyncio.Event]:
    """Imports write one image after the other and hang before the third; set once they do."""
    revise, hangs = AnnotationStore.revise, asyncio.Event()
    written: list[str] = []

    async def stuck(self: AnnotationStore, *given: Any, **more: Any) -> Annotation:
        if len(written) == 2:
            hangs.set()
            await asyncio.Event().wait()
        annotation = await revise(self, *given, **more)
        written.append(annotation.id)
        return annotation

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "_AT_ONCE", 1)
        patch.setattr(AnnotationStore, "revise", stuck)
        yield hangs


async def test_a_stopped_import_tells_by_file_how_far_it_came_and_can_be_undone(
    stores: Stores,
) -> None:
    files = {f"{name}.json": labelme("pit") for name in "abcd"} | {
        "b.json": labelme(),
        "e.json": "{",
    }
    async with factory(stores) as world:
        for name in "abcd":
            await world.image(f"{name}.jpg")
        with stuck_after_two() as stuck:
            begun = await start(world, files)
            await until(stuck.is_set)
            await world.client.post(f"{RUNS}/{begun['id']}:cancel")
            run = await ended(world, begun["id"])
        report = (await report_of(world, run["id"])).json()
        chinese = (await report_of(world, run["id"], **{"Accept-Language": "zh-CN"})).json()
        (seen,) = await listed(world)
        undone = (await world.client.post(f"{BASE}/imports/{run['id']}:undo")).json()
        once = (await world.client.get(f"{BASE}/summary")).json()
    assert (run["state"], run["has_report"], run["imported"], run["failed"]) == (
        "cancelled", True, 2, 1,
    )  # fmt: skip
    assert seen == run
    told = {entry["file"]: entry["status"] for entry in report["entries"]}
    assert told == {
        "a.json": "imported", "b.json": "imported", "c.json": "not_reached",
        "d.json": "not_reached", "e.json": "failed",
    }  # fmt: skip
    assert (report["import_id"], report["imported"]) == (run["id"], 2)
    counts = {name: number for name, number in report["counts"].items() if number}
    assert counts == {"new": 2, "negatives": 1}
    assert "导入在处理到此项之前已结束" in {entry["message"] for entry in chinese["entries"]}
    assert undone == {"restored": 0, "cleared": 2, "left": 0}
    assert once["annotated"] == 0


async def test_a_strict_import_refused_once_it_wrote_tells_how_far_it_came_and_can_be_undone(
    stores: Stores,
) -> None:
    with stuck_after_two() as stuck:
        async with factory(stores) as world:
            lost = [await world.image(f"{name}.jpg") for name in "abc"][-1]
            files = {f"{name}.json": labelme("pit") for name in "abc"}
            begun = await start(world, files, strict=True)
            await until(stuck.is_set)
    known = ImageDirectory(stores.documents, SERVICE).of("default")
    await known.change(lost, lambda old: old.model_copy(update={"deleted": True}))
    async with factory(stores) as world:
        run = await ended(world, begun["id"])
        report = (await report_of(world, run["id"])).json()
        undone = (await world.client.post(f"{BASE}/imports/{run['id']}:undo")).json()
    assert (run["state"], run["has_report"], run["imported"]) == ("failed", True, 2)
    assert run["error"].startswith("1 of 3 files are wrong; c.json: ")
    told = {entry["file"]: entry["status"] for entry in report["entries"]}
    assert told == {"a.json": "imported", "b.json": "imported", "c.json": "not_reached"}
    assert report["import_id"] == run["id"]
    assert undone == {"restored": 0, "cleared": 2, "left": 0}


async def test_a_step_without_its_annotation_counts_as_not_reached(stores: Stores) -> None:
    """A kill between the two leaves such a step."""
    async with factory(stores) as world:
        await world.image("a.jpg")
        run = await ended(world, (await start(world, {"a.json": labelme("pit")}))["id"])
        await world.client.post(f"{BASE}/imports/{run['id']}:undo")
        store = AnnotationStore(stores.documents, images=ImageDirectory(stores.documents, SERVICE))
        steps = await store.steps_of_import("default", PROJECT, run["id"])
        (image,) = steps
        found = await store.annotations("default").get(image)
        assert await store.step_among(found, steps[image]) is not None
        apart = found.model_copy(update={"change_id": ""})
        assert await store.step_among(apart, steps[image]) is None


async def test_an_import_waits_until_annotations_have_followed_the_names_that_it_takes(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    vacate, waiting = LabelNames.vacate, asyncio.Event()

    async def told(self: LabelNames, *given: Any, **more: Any) -> None:
        try:
            await vacate(self, *given, **more)
        except NamesFollow:
            waiting.set()
            raise

    async with factory(stores) as world:
        first, second = [await world.image(name) for name in ("a.jpg", "b.jpg")]
        await world.put(first, box("pit"))
        (label,) = (await world.client.get(f"{BASE}/labels")).json()["items"]
        with monkeypatch.context() as slow:
            slow.setattr(label_names, "_BUDGET_S", -1.0)
            slow.setattr(label_names, "_VACATE_S", -1.0)
            slow.setattr(LabelNames, "vacate", told)
            await world.client.delete(f"{BASE}/labels/{label['id']}")
            begun = await start(world, {"b.json": labelme("pit")})
            await until(waiting.is_set)
        run = await ended(world, begun["id"])
        drawn = [
            [shape["label"] for shape in (await world.client.get(url)).json()["shapes"]]
            for url in (f"{BASE}/images/{first}", f"{BASE}/images/{second}")
        ]
    assert (run["state"], run["imported"], run["error"]) == ("succeeded", 1, "")
    assert drawn == [[], ["pit"]]


async def test_two_clicks_on_import_are_one_import(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        dry = await ended(
            world, (await start(world, {"a.json": labelme("pit")}, dry_run=True))["id"]
        )
        again, key = f"{RUNS}/{dry['id']}:again", {"Idempotency-Key": "click"}
        clicks = await asyncio.gather(*(world.client.post(again, headers=key) for _ in range(2)))
        run = await ended(world, clicks[0].json()["id"])
        late = await world.client.post(again, headers=key)
        other = await world.client.post(again, headers=key, params={"on_conflict": "merge"})
        runs = await listed(world)
    assert {click.json()["id"] for click in (*clicks, late)} == {run["id"]}
    assert other.status_code == 422
    assert [one["id"] for one in runs] == [run["id"]]


async def test_archives_give_way_oldest_first_but_for_those_that_wait_to_be_imported(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*ONE_MIB)
    reading, parse = asyncio.Event(), ArchiveParser.parse

    async def read(*_given: Any, **_more: Any) -> None:
        reading.set()
        await asyncio.Event().wait()

    async with factory(stores) as world:
        await world.image("a.jpg")
        looks = []
        for _ in range(3):
            begun = await start(world, large(), dry_run=True)
            looks.append((await ended(world, begun["id"]))["id"])
        kept = [(await world.client.get(f"{RUNS}/{look}")).json()["has_archive"] for look in looks]
        gone = await world.client.post(f"{RUNS}/{looks[0]}:again")
        monkeypatch.setattr(ArchiveParser, "parse", read)
        going = [await start(world, large()) for _ in range(2)]
        await until(reading.is_set)
        full = await world.client.post(RUNS, content=large(), headers=ZIP)
        for one in going:
            await world.client.post(f"{RUNS}/{one['id']}:cancel")
            await ended(world, one["id"])
        monkeypatch.setattr(ArchiveParser, "parse", parse)
        free = await ended(world, (await start(world, large()))["id"])
    assert kept == [False, True, True]
    assert (gone.status_code, gone.json()["type"]) == (409, "urn:loupe:problem:archive-gone")
    assert (full.status_code, full.json()["type"]) == (409, "urn:loupe:problem:archives-full")
    assert full.json()["detail"].endswith("take 1 of 1 MiB: let those imports end, or stop them")
    assert free["state"] == "succeeded"


async def test_an_archive_that_is_refused_is_not_stored_and_none_gives_way_to_it(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*ONE_MIB)
    async with factory(stores) as world:
        look = await ended(world, (await start(world, large(), dry_run=True))["id"])
        monkeypatch.setattr(ArchiveParser, "parse", never)
        await start(world, large())
        full = await world.client.post(RUNS, content=large(700), headers=ZIP)
        kept = (await world.client.get(f"{RUNS}/{look['id']}")).json()["has_archive"]
    stored = [blob async for blob in stores.blobs.walk(project_folder("default", PROJECT))]
    assert full.json()["type"] == "urn:loupe:problem:archives-full"
    assert kept is True
    assert sorted(blob.size_bytes >> 10 for blob in stored)[-2:] == [400, 400]


async def test_archives_that_come_at_once_do_not_share_one_room(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*ONE_MIB)
    monkeypatch.setattr(ArchiveParser, "parse", never)
    async with factory(stores) as world:
        sent = [world.client.post(RUNS, content=large(600), headers=ZIP) for _ in range(2)]
        answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [202, 409]


async def test_an_archive_that_was_looked_at_twice_gives_way_as_one(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*ONE_MIB)
    async with factory(stores) as world:
        first = await ended(world, (await start(world, large(), dry_run=True))["id"])
        again = await world.client.post(f"{RUNS}/{first['id']}:again", params={"dry_run": True})
        second = await ended(world, again.json()["id"])
        before = [look["has_archive"] for look in (first, second)]
        await ended(world, (await start(world, large(700), dry_run=True))["id"])
        urls = [f"{RUNS}/{look['id']}" for look in (first, second)]
        after = [(await world.client.get(url)).json()["has_archive"] for url in urls]
    assert (before, after) == ([True, True], [False, False])


async def test_a_request_that_is_repeated_needs_no_room(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*ONE_MIB)
    key, archive = {"Idempotency-Key": "once"}, large()
    async with factory(stores) as world:
        await world.image("a.jpg")
        made = await ended(world, (await start(world, archive, headers=key))["id"])
        monkeypatch.setattr(ArchiveParser, "parse", never)
        for _ in range(2):
            await start(world, large())
        repeated = await start(world, archive, headers=key)
    assert (made["state"], repeated["id"]) == ("succeeded", made["id"])


async def test_pictures_beside_the_labels_are_left_aside_and_those_that_lack_are_counted(
    stores: Stores,
) -> None:
    files = {
        "labels/a.json": labelme("pit"),
        "pics/a.jpg": b"\xff\xd8",
        "pics/b.TIF": b"II*",
        "b.jpg": b"\xff\xd8",
    }
    async with factory(stores) as world:
        await world.image("a.jpg")
        answer = await world.client.post(f"{BASE}/imports", content=packed(files), headers=ZIP)
        report = answer.json()
    assert (answer.status_code, report["failed"], report["left_aside"]) == (201, 0, 3)
    assert report["pictures"] == 2
    told = {entry["file"]: entry["message"] for entry in report["entries"]}
    assert told["pics/a.jpg"] == "a picture that is in the gallery already"
    assert told["pics/b.TIF"] == told["b.jpg"]
    assert told["b.jpg"].startswith("a picture; pictures are uploaded to the gallery")


async def test_an_archives_name_is_one_of_a_file(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        run = await start(world, {"a.json": labelme("pit")}, name="C:\\labels\\e\u0301 1.zip ")
        hidden = await world.client.post(
            RUNS, content=packed({"a.json": "{"}), headers=ZIP, params={"name": "a\u202egpj.zip"}
        )
    assert run["name"] == "\u00e9 1.zip"
    assert hidden.status_code == 422
    assert "invisible" in hidden.json()["errors"][0]["message"]
