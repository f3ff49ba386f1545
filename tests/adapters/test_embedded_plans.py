"""The embedded store answers long lists from its indexes: work is counted, never time."""

import json
import sqlite3
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.gallery.repository import IMAGES, Image
from shared.documents.embedded import EmbeddedDocuments
from shared.documents.port import (
    Collection,
    CollectionSpec,
    Contains,
    Cursor,
    Document,
    Has,
    Index,
    Query,
    Sort,
    TenantScope,
    Where,
)
from shared.jobs.job import Job, job_spec
from shared.jobs.queue import JobQueue
from shared.sqlite import SqliteFile

COUNT = 2000
PROJECT: Where = {"project_id": "p", "listed": True}


class Store:
    """An embedded store with one reader, whose steps are counted."""

    def __init__(self, folder: Path) -> None:
        self.database = SqliteFile(folder / "documents.sqlite", readers=1)
        self.documents = EmbeddedDocuments(self.database)
        self.steps = 0

    async def count_steps(self) -> None:
        def step() -> None:
            self.steps += 1

        await self.database.read(lambda connection: connection.set_progress_handler(step, 1))

    async def spoil_bodies(self) -> None:
        """Make all bodies unreadable, while the indexes keep what they hold."""

        def look(body: str, path: str) -> Any:
            value = json.loads(body.removeprefix("no JSON: ")).get(path.removeprefix("$."))
            return json.dumps(value) if isinstance(value, list) else value

        def spoil(connection: sqlite3.Connection) -> None:
            connection.create_function("json_extract", 2, look, deterministic=True)
            connection.execute("""UPDATE "gallery.images" SET body = 'no JSON: ' || body""")

        await self.database.write(spoil)


def row(number: int) -> tuple[str, str, int, str]:
    image = Image(
        id=f"{number:05}", tenant="t", project_id="p", identity=str(number),
        name=f"part-{number:05}.png", sort_name=f"part-{number:05}.png", sha256="s", size_bytes=1,
        original_type="image/png", blob_key="b", content_type="image/png", width=40, height=30,
        labels=("scratch",) if number % 3 else (), uploaded_at=f"2026-01-01T00:00:00.{number:06}Z",
    )  # fmt: skip
    return "t", image.id, 1, image.model_dump_json(exclude={"version"})


async def filled(folder: Path) -> tuple[Store, Collection[Image]]:
    store = Store(folder)
    await store.documents.open([IMAGES])
    insert = 'INSERT INTO "gallery.images" (tenant, id, version, body) VALUES (?, ?, ?, ?)'
    await store.database.write(lambda c: c.executemany(insert, map(row, range(COUNT))))
    return store, store.documents.collection(IMAGES, TenantScope("t"))


@pytest.mark.parametrize("sort", [Sort("uploaded_at", -1), Sort("sort_name"), Sort("id", -1)])
async def test_a_page_by_cursor_costs_the_same_at_any_depth(tmp_path: Path, sort: Sort) -> None:
    store, images = await filled(tmp_path)
    await store.count_steps()
    costs = []
    everything = await images.query(Query(where=PROJECT, sort=sort, limit=COUNT))
    for place in (10, COUNT - 100):
        last = everything[place].model_dump(mode="json")
        after = Cursor(last[sort.field], last["id"])
        store.steps = 0
        page = await images.query(Query(where=PROJECT, sort=sort, limit=50, after=after))
        assert page == everything[place + 1 : place + 51]
        costs.append(store.steps)
    await store.documents.close()
    assert costs[0] > 50
    assert costs[1] <= 1.1 * costs[0]


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"sort_name": Contains("no such")}, id="part of the name"),
        pytest.param({"labels": Has("no such")}, id="label"),
        pytest.param({"status": "tested"}, id="status"),
        pytest.param({"annotated": True, "review": None}, id="drafts"),
        pytest.param({"width": 41, "height": 30}, id="resolution"),
        pytest.param(
            {"sort_name": Contains("x"), "labels": Has("x"), "status": "unlabelled", "width": 40},
            id="all at once",
        ),
    ],
)
async def test_a_filter_looks_into_no_body_that_does_not_match(
    tmp_path: Path, wanted: Where
) -> None:
    store, images = await filled(tmp_path)
    await store.spoil_bodies()
    for sort in (Sort("uploaded_at", -1), Sort("sort_name")):
        assert await images.query(Query(where={**PROJECT, **wanted}, sort=sort)) == []
    assert await images.count({**PROJECT, **wanted}) == 0
    assert await images.count({**PROJECT, "labels": Has("scratch")}) == COUNT - (COUNT + 2) // 3
    await store.documents.close()


class Part(Document):
    """A document of a collection whose indexes change."""

    name: str = ""
    labels: tuple[str, ...] = ()


async def test_indexes_follow_the_collection_and_others_go(tmp_path: Path) -> None:
    database = SqliteFile(tmp_path / "documents.sqlite")
    documents = EmbeddedDocuments(database)

    async def names_with(*indexes: Index) -> set[str]:
        await documents.open([CollectionSpec("test.parts", Part, indexes)])
        rows = await database.read(
            lambda c: c.execute("SELECT name FROM sqlite_master WHERE type='index'").fetchall()
        )
        return {name for (name,) in rows if name.startswith("test.parts~i")}

    assert await names_with(Index(("name",)), Index(("labels",))) == {"test.parts~i~name"}
    covered = await names_with(Index(("name",), covers=("labels",)))
    assert covered == {"test.parts~i~name~+~labels"}
    assert await names_with() == set()
    await documents.close()


@pytest.mark.parametrize("waiting", [0, 3])
async def test_who_looks_for_work_reads_nothing_of_jobs_that_ended(
    tmp_path: Path, waiting: int
) -> None:
    store, spec = Store(tmp_path), job_spec("svc")
    await store.documents.open([spec])
    queue = JobQueue(store.documents, "svc")
    insert = 'INSERT INTO "svc.jobs" (tenant, id, version, body) VALUES (?, ?, ?, ?)'
    await store.count_steps()
    costs = []
    for ended in (0, COUNT):
        jobs = [ended_job(number) for number in range(ended)]
        rows = [(job.tenant, job.id, 1, job.model_dump_json(exclude={"version"})) for job in jobs]
        await store.database.write(partial(put, insert, rows))
        for number in range(waiting):
            await queue.enqueue(f"t{number}", "dig", f"waits {ended} {number}")
        store.steps = 0
        assert bool(await queue.claim(["dig"], "w")) == bool(waiting)
        costs.append(store.steps)
    await store.documents.close()
    assert costs[1] <= costs[0] * 2, "what waits and runs, of the first round as well"


def put(insert: str, rows: list[tuple[str, str, int, str]], connection: sqlite3.Connection) -> None:
    connection.executemany(insert, rows)


def ended_job(number: int) -> Job:
    return Job(
        id=f"{number:05}",
        tenant=f"t{number % 3}",
        kind="dig",
        state="succeeded",
        turn=float(number),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
