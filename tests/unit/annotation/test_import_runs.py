"""Imports in the background: seen on their way, cancelled, killed, and read about later."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.import_reach import ImportReach
from services.annotation.handlers.import_runs import ImportRuns
from services.annotation.handlers.kept_archives import KeptArchives
from services.annotation.process.archive_parser import ArchiveParser
from services.annotation.repository import SERVICE
from services.annotation.settings import AnnotationSettings
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from shared.jobs.queue import JobQueue
from tests.running import credentials, until
from tests.unit.annotation.platform import BASE, Factory, box, factory, labelme, packed

RUNS = f"{BASE}/import-runs"
ZIP = {"Content-Type": "application/zip"}


async def start(world: Factory, files: dict[str, Any] | bytes, **params: Any) -> dict[str, Any]:
    headers = ZIP | params.pop("headers", {})
    archive = files if isinstance(files, bytes) else packed(files)
    answer = await world.client.post(
        RUNS, content=archive, headers=headers, params={"name": "labels.zip", **params}
    )
    assert answer.status_code == 202, answer.text
    run: dict[str, Any] = answer.json()
    assert answer.headers["Location"].endswith(f"/import-runs/{run['id']}")
    return run


async def ended(world: Factory, run_id: str) -> dict[str, Any]:
    """Wait for the end of an import and return it."""

    async def look() -> dict[str, Any] | None:
        run: dict[str, Any] = (await world.client.get(f"{RUNS}/{run_id}")).json()
        return run if run["state"] in ("succeeded", "failed", "cancelled") else None

    found: dict[str, Any] = await until(look)
    return found


async def report_of(world: Factory, run_id: str, **headers: str) -> httpx.Response:
    return await world.client.get(f"{RUNS}/{run_id}/report", headers=headers)


async def listed(world: Factory) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await world.client.get(RUNS)).json()["items"]
    return items


async def test_an_import_in_the_background_leaves_a_report_that_can_be_read_later(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        begun = await start(world, {"a.json": labelme("pit"), "lost.json": labelme("pit")})
        run = await ended(world, begun["id"])
        (seen,) = await listed(world)
        report = (await report_of(world, run["id"])).json()
        chinese = (await report_of(world, run["id"], **{"Accept-Language": "zh-CN"})).json()
        undone = (await world.client.post(f"{BASE}/imports/{run['id']}:undo")).json()
    assert (run["state"], run["imported"], run["failed"]) == ("succeeded", 1, 1)
    assert (run["name"], run["has_report"], run["has_archive"]) == ("labels.zip", True, False)
    assert seen == run
    assert (report["import_id"], report["counts"]["new"]) == (run["id"], 1)
    assert report["new_labels"] == ["pit"]
    told = {entry["file"]: entry["message"] for entry in report["entries"]}
    assert told["lost.json"].startswith("no image with the base name 'lost'")
    told = {entry["file"]: entry["message"] for entry in chinese["entries"]}
    assert told["lost.json"].startswith("图库中没有基本名为")
    assert undone == {"restored": 0, "cleared": 1, "left": 0}


async def test_what_a_dry_run_looked_at_is_imported_without_sending_it_again(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("dent", at=60))
        dry = await start(world, {"a.json": labelme("pit")}, dry_run=True)
        looked = await ended(world, dry["id"])
        would = (await report_of(world, dry["id"])).json()
        before = await listed(world)
        params = {"on_conflict": "merge"}
        again = await world.client.post(f"{RUNS}/{dry['id']}:again", params=params)
        run = await ended(world, again.json()["id"])
        drawn = (await world.client.get(f"{BASE}/images/{image}")).json()["shapes"]
        gone = await world.client.post(f"{RUNS}/{run['id']}:again")
        after = await listed(world)
    assert (looked["state"], looked["has_archive"]) == ("succeeded", True)
    assert (would["counts"]["kept"], would["import_id"]) == (1, "")
    assert before == []
    assert (again.status_code, run["name"], run["on_conflict"]) == (202, "labels.zip", "merge")
    assert [shape["label"] for shape in drawn] == ["dent", "pit"]
    assert (gone.status_code, gone.json()["type"]) == (409, "urn:loupe:problem:archive-gone")
    assert [one["id"] for one in after] == [run["id"]]


async def test_an_import_within_its_request_is_listed_with_its_report(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        chinese = {"Accept-Language": "zh-CN"}
        files = {"a.json": labelme("pit"), "b.png": b"x"}
        answer = await world.client.post(
            f"{BASE}/imports", content=packed(files), headers=ZIP | chinese
        )
        (run,) = await listed(world)
        report = (await report_of(world, run["id"])).json()
    assert answer.json()["import_id"] == run["id"]
    assert (run["state"], run["imported"]) == ("succeeded", 1)
    messages = [entry["message"] for entry in report["entries"]]
    assert messages[1].startswith("a picture; pictures are uploaded to the gallery")


async def test_an_import_of_which_nothing_can_be_stored_fails_and_says_why_of_each_file(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        begun = await start(world, {"a.json": labelme("pit"), "b.json": "{"})
        run = await ended(world, begun["id"])
        report = (await report_of(world, run["id"])).json()
    assert (run["state"], run["failed"], run["has_archive"]) == ("failed", 2, True)
    assert run["error"].startswith("2 of 2 files are wrong; ")
    assert report["import_id"] == ""
    assert [entry["status"] for entry in report["entries"]] == ["failed", "failed"]


async def test_an_archive_that_is_none_fails_without_a_report(stores: Stores) -> None:
    async with factory(stores) as world:
        answer = await world.client.post(RUNS, content=b"no zip", headers=ZIP)
        run = await ended(world, answer.json()["id"])
        report = await report_of(world, run["id"])
    assert (run["state"], run["has_report"]) == ("failed", False)
    assert run["error"].startswith("not a readable zip archive")
    assert (report.status_code, report.json()["type"]) == (409, "urn:loupe:problem:no-report")


async def test_a_cancelled_import_ends_while_it_reads(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = asyncio.Event()

    async def read(*_given: Any, **_more: Any) -> None:
        reading.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(ArchiveParser, "parse", read)
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        begun = await start(world, {"a.json": labelme("pit")})
        await until(reading.is_set)
        early = await world.client.post(f"{BASE}/imports/{begun['id']}:undo")
        answer = await world.client.post(f"{RUNS}/{begun['id']}:cancel")
        run = await ended(world, begun["id"])
        drawn = (await world.client.get(f"{BASE}/images/{image}")).json()
    assert (early.status_code, early.json()["type"]) == (409, "urn:loupe:problem:import-goes-on")
    assert answer.status_code == 202
    assert (run["state"], run["has_report"]) == ("cancelled", False)
    assert drawn["annotated"] is False


async def test_equal_requests_of_one_key_are_one_import(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        key = {"Idempotency-Key": "once"}
        archive = packed({"a.json": labelme("pit")})
        first = await start(world, archive, headers=key)
        second = await start(world, archive, headers=key)
        other = await world.client.post(RUNS, content=packed({"b.json": "{"}), headers=ZIP | key)
    assert second["id"] == first["id"]
    assert other.status_code == 422


async def test_imports_are_the_tenants_own_and_a_viewer_only_reads_of_them(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        run = await ended(world, (await start(world, {"a.json": labelme("pit")}))["id"])
        viewer, stranger = credentials(role="viewer"), credentials("other")
        read = await report_of(world, run["id"], **viewer)
        write = await world.client.post(RUNS, content=b"x", headers=ZIP | viewer)
        foreign = [
            await world.client.get(f"{RUNS}/{run['id']}", headers=stranger),
            await report_of(world, run["id"], **stranger),
            await world.client.post(f"{RUNS}/{run['id']}:cancel", headers=stranger),
            await world.client.post(f"{RUNS}/{run['id']}:again", headers=stranger),
            await world.client.get(RUNS, headers=stranger),
        ]
    assert read.status_code == 200
    assert write.status_code == 403
    assert {answer.status_code for answer in foreign} == {404}


async def test_dry_runs_are_forgotten_after_a_day_and_imports_never(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        dry = await ended(world, (await start(world, {"a.json": "{"}, dry_run=True))["id"])
        bad = await ended(world, (await start(world, {"a.json": "{"}))["id"])
        jobs = JobQueue(stores.documents, SERVICE)
        now = datetime.now(UTC)
        for later in (timedelta(hours=23), timedelta(hours=25)):
            runs = ImportRuns(
                stores.documents,
                stores.blobs,
                jobs=jobs,
                archives=KeptArchives(stores.documents, stores.blobs, jobs=jobs, quota_bytes=0),
                reach=ImportReach(
                    stores.blobs,
                    AnnotationStore(
                        stores.documents, images=ImageDirectory(stores.documents, SERVICE)
                    ),
                ),
                clock=lambda: now + later,  # noqa: B023
            )
            await runs.tidy()
            looked = await world.client.get(f"{RUNS}/{dry['id']}")
            kept = (await world.client.get(f"{RUNS}/{bad['id']}")).json()
            is_early = later < timedelta(days=1)
            assert looked.status_code == (200 if is_early else 404)
            assert (kept["has_archive"], kept["has_report"]) == (is_early, True)
            there = [await jobs.find("default", one["id"]) is not None for one in (dry, bad)]
            assert there == [is_early, True]


async def test_reading_tells_how_many_files_it_has_read(tmp_path: Path) -> None:
    files = {f"{name}.json": labelme("pit") for name in "abc"}
    path = tmp_path / "labels.zip"
    path.write_bytes(packed(files))
    told: list[tuple[int, int]] = []
    parser = ArchiveParser(AnnotationSettings())
    await parser.parse(path, "detection", [], heard=lambda *far: told.append(far))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


_KILLER = """
import asyncio, os, sys
from pathlib import Path

from services.annotation.handlers.annotation_store import AnnotationStore
from shared.hosting.stores import Stores
from shared.settings import StoreSettings
from tests.signing import VARIABLES
from tests.unit.annotation.platform import factory, labelme
from tests.unit.annotation.test_import_runs import IMAGES, KILLED_AFTER, start

revise, written = AnnotationStore.revise, []
os.environ.update(VARIABLES)  # the keys of this process

async def deadly(self, *given, **more):
    annotation = await revise(self, *given, **more)
    written.append(annotation.id)
    if len(written) == KILLED_AFTER:
        os.kill(os.getpid(), 9)
    return annotation

async def main():
    stores = Stores.of(StoreSettings(stores="embedded", data=Path(sys.argv[1])))
    async with factory(stores) as world:
        for name in IMAGES:
            await world.image(f"{name}.jpg")
        AnnotationStore.revise = deadly
        await start(world, {f"{name}.json": labelme("pit") for name in IMAGES})
        await asyncio.Event().wait()

asyncio.run(main())
"""
IMAGES = tuple(f"part-{number}" for number in range(24))
KILLED_AFTER = 9


async def test_an_import_whose_process_is_killed_goes_on_and_reports_all_of_it(
    stores: Stores, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", _KILLER, str(tmp_path / "data")]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    process = await asyncio.to_thread(subprocess.run, command, env=environment, check=False)
    assert process.returncode == -9
    async with factory(stores) as world:
        (begun,) = await listed(world)
        run = await ended(world, begun["id"])
        report = (await report_of(world, run["id"])).json()
        summary = (await world.client.get(f"{BASE}/summary")).json()
        undone = (await world.client.post(f"{BASE}/imports/{run['id']}:undo")).json()
    assert run["state"] == "succeeded"
    assert (run["imported"], report["counts"]["new"]) == (len(IMAGES), len(IMAGES))
    assert (report["counts"]["unchanged"], report["new_labels"]) == (0, ["pit"])
    assert (summary["annotated"], summary["shapes"]) == (len(IMAGES), {"pit": len(IMAGES)})
    assert undone == {"restored": 0, "cleared": len(IMAGES), "left": 0}
