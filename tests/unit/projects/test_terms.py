"""What the operator gave a term goes when it is past, with what belongs to it, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.annotation.app import build as annotation
from services.annotation.repository import HISTORY, IMPORT_RUNS
from services.annotation.repository import JOBS as IMPORT_JOBS
from services.annotation.repository import PREDICTIONS as SEEN
from services.inference.app import build as inference
from services.inference.repository import (
    FAILURES,
    PREDICTIONS,
    TEST_RUNS,
    ImageFailure,
    Prediction,
    TestRun,
)
from services.inference.repository import JOBS as TEST_JOBS
from services.workspace.app import build as workspace
from services.workspace.repository import AUDIT, RECEIPTS
from shared.clock import utc_now
from shared.contracts.model_events import PredictionCompleted
from shared.documents.embedded import EmbeddedDocuments
from shared.documents.port import CollectionSpec, EveryTenant, TenantScope
from shared.documents.receipts import Receipt
from shared.documents.terms import Terms, receipts_term
from shared.hosting.host import loops_of
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.jobs.job import Job, JobState
from shared.settings import KeepSettings
from shared.sqlite import SqliteFile
from tests.running import running, until
from tests.unit.annotation.platform import BASE, PROJECT, box, factory, labelme, packed


def in_days(days: float) -> Callable[[], datetime]:
    return lambda: utc_now() + timedelta(days=days)


async def pass_terms(stores: Stores, service: Service, keep: KeepSettings, days: float) -> int:
    """Look for what is past its term, so many days from now."""
    return await Terms(stores.documents, service.all_terms, keep, clock=in_days(days)).step()


async def count(stores: Stores, spec: CollectionSpec[Any]) -> int:
    return await stores.documents.collection(spec, EveryTenant()).count()


async def test_as_it_comes_history_and_tests_stay_for_ever_and_only_receipts_go(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("scratch",)) as world:
        image = await world.image("a.jpg")
        for side in range(20, 25):
            await world.client.put(f"{BASE}/images/{image}", json={"shapes": [box(side=side)]})
        assert await pass_terms(stores, annotation(stores), KeepSettings(), 4000) == 0
        assert await count(stores, HISTORY) == 5


async def test_old_steps_go_but_what_drew_an_annotation_and_was_before_it_stay(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("scratch",)) as world:
        drawn, renamed = await world.image("a.jpg"), await world.image("b.jpg")
        for side in range(20, 40):
            await world.client.put(f"{BASE}/images/{drawn}", json={"shapes": [box(side=side)]})
        for side in range(20, 30):
            shapes = [box("dent", side=side)]
            await world.client.put(f"{BASE}/images/{renamed}", json={"shapes": shapes})
        labels = (await world.client.get(f"{BASE}/labels")).json()["items"]
        (dent,) = [label["id"] for label in labels if label["name"] == "dent"]
        renaming = await world.client.patch(f"{BASE}/labels/{dent}", json={"name": "bump"})
        assert renaming.is_success, renaming.text

        async def follows() -> bool:
            shown = (await world.client.get(f"{BASE}/images/{renamed}")).json()
            return bool(shown["shapes"][0]["label"] == "bump")

        await until(follows)
        before = [(await world.client.get(f"{BASE}/images/{i}")).json() for i in (drawn, renamed)]
        assert await count(stores, HISTORY) == 31
        keep, service = KeepSettings(history_d=30), annotation(stores)
        assert await pass_terms(stores, service, keep, 29) == 0
        assert await pass_terms(stores, service, keep, 31) == 31 - 2 - 3
        assert await pass_terms(stores, service, keep, 31) == 0
        after = [(await world.client.get(f"{BASE}/images/{i}")).json() for i in (drawn, renamed)]
        assert after == before
        left = (await world.client.get(f"{BASE}/images/{renamed}/history")).json()
        assert [step["reason"] for step in left["items"]] == ["label_renamed", "saved", "saved"]


async def test_an_import_goes_with_its_report_and_its_job_and_one_at_work_stays(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("scratch",)) as world:
        await world.image("a.jpg")
        archive = packed({"a.json": labelme("scratch")})
        answer = await world.client.post(
            f"{BASE}/import-runs",
            content=archive,
            headers={"Content-Type": "application/zip"},
            params={"name": "labels.zip"},
        )
        run = answer.json()["id"]

        jobs = stores.documents.collection(IMPORT_JOBS, TenantScope("default"))

        async def over() -> bool:  # the run says so before its job does
            return (await jobs.get(run)).state == "succeeded"

        await until(over)
        keep, service = KeepSettings(imports_d=30), annotation(stores)
        await jobs.change(run, lambda job: job.model_copy(update={"state": "running"}))
        assert await pass_terms(stores, service, keep, 31) == 0
        await jobs.change(run, lambda job: job.model_copy(update={"state": "succeeded"}))
        assert await pass_terms(stores, service, keep, 31) == 1
        assert await count(stores, IMPORT_RUNS) == await count(stores, IMPORT_JOBS) == 0


@pytest.mark.parametrize(("state", "gone"), [("succeeded", True), ("running", False)])
async def test_a_test_run_goes_with_its_predictions_failures_and_job(
    stores: Stores, state: JobState, gone: bool
) -> None:
    service = inference(stores)
    await stores.open(service.all_collections)
    ours, now = {"tenant": "default", "project_id": PROJECT}, utc_now()
    scope = TenantScope("default")
    run = TestRun(id="R", image_ids=("I",), model_version="V1", created_at=now, queued=True, **ours)
    said = {"model_version": "V1", "number": 1, "threshold": 0.5, "width": 9, "height": 9}
    predictions = stores.documents.collection(PREDICTIONS, scope)
    for name, whose in (("of the run", "R"), ("of a file", None)):
        one = Prediction.model_validate(
            {"id": name, "test_run_id": whose, "created_at": now, **said, **ours}
        )
        await predictions.insert(one)
    failure = ImageFailure(id="F", test_run_id="R", image_id="J", reason="gone", **ours)
    await stores.documents.collection(FAILURES, scope).insert(failure)
    await stores.documents.collection(TEST_RUNS, scope).insert(run)
    job = Job(id="R", tenant="default", kind="test_run", state=state, created_at=now)
    await stores.documents.collection(TEST_JOBS, scope).insert(job)
    keep = KeepSettings(tests_d=30)
    assert await pass_terms(stores, service, keep, 29) == 0
    assert await pass_terms(stores, service, keep, 31) == (2 if gone else 1)
    left = [await count(stores, spec) for spec in (TEST_RUNS, PREDICTIONS, FAILURES, TEST_JOBS)]
    assert left == ([0, 0, 0, 0] if gone else [1, 1, 1, 1])


async def test_what_the_annotation_remembers_of_predictions_goes_with_the_tests(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("scratch",)) as world:
        image = await world.image("a.jpg")
        facts = {"project_id": PROJECT, "prediction_id": "P", "image_id": image, "version": "V1"}
        await world.say(PredictionCompleted.model_validate(facts | {"labels": ()}), "P")
        keep, service = KeepSettings(tests_d=1), annotation(stores)
        assert [await count(stores, SEEN), await pass_terms(stores, service, keep, 0)] == [1, 0]
        assert await pass_terms(stores, service, keep, 2) == 1


async def test_a_key_past_its_term_finds_what_it_made_and_makes_a_new_thing_after_that(
    stores: Stores,
) -> None:
    service = workspace(stores)
    async with running(stores, [service]) as run:

        async def ask() -> dict[str, Any]:
            wish = {"name": "pins", "task": "detection"}
            key = {"Idempotency-Key": "one"}
            answer = await run.client.post("/api/workspace/projects", json=wish, headers=key)
            return {"status": answer.status_code, **answer.json()}

        first = await ask()
        assert await pass_terms(stores, service, KeepSettings(), 29) == 0
        assert await pass_terms(stores, service, KeepSettings(), 31) == 1
        again = await ask()
        assert (again["status"], again["id"]) == (201, first["id"])
        await run.client.delete(f"/api/workspace/projects/{first['id']}")
        assert (await ask())["status"] == 409
        assert await pass_terms(stores, service, KeepSettings(), 31) == 1
        assert (await ask())["status"] == 201
        assert await count(stores, RECEIPTS) == 1


async def test_an_entry_of_the_audit_log_goes_when_the_operator_gave_it_a_term(
    stores: Stores,
) -> None:
    service = workspace(stores)
    async with running(stores, [service]) as run:
        await run.client.post("/api/workspace/projects", json={"name": "pins", "task": "detection"})
        await until(lambda: count(stores, AUDIT))
        assert await pass_terms(stores, service, KeepSettings(), 4000) == 0
        keep = KeepSettings(audit_d=365)
        assert await pass_terms(stores, service, keep, 364) == 0
        assert await pass_terms(stores, service, keep, 366) == 1
        assert await count(stores, AUDIT) == 0


def test_the_host_keeps_the_terms_of_a_service(stores: Stores) -> None:
    services = [annotation(stores), workspace(stores)]
    loops = loops_of(services, stores, ["api", "consume"])
    assert {"annotation.terms", "workspace.terms"} <= set(loops)


async def test_after_as_many_writes_again_the_disk_is_as_it_was(
    stores: Stores, tmp_path: Path
) -> None:
    """A month of saves, and the next one: with terms the database holds one of them at most."""
    async with factory(stores, labels=("scratch",)) as world:
        image = await world.image("a.jpg")
        keep, service = KeepSettings(history_d=30), annotation(stores)
        side = 20.0

        async def a_month() -> int:
            nonlocal side
            for _ in range(60):
                side += 1
                shapes = [box(at=n, side=side) for n in range(40)]
                saved = await world.client.put(f"{BASE}/images/{image}", json={"shapes": shapes})
                assert saved.is_success, saved.text
            await until(lambda: _published(stores, service))
            grown = await asyncio.to_thread(_size, tmp_path / "data")
            await pass_terms(stores, service, keep, 31)
            await stores.events.compact()
            return grown

        await a_month()
        small = (await stores.events.compact()).size_bytes
        for _ in range(3):
            assert await a_month() > small * 1.5
            again = (await stores.events.compact()).size_bytes
            assert again <= small * 1.1


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("loupe.db*"))


def _published(stores: Stores, service: Service) -> Awaitable[bool]:
    async def nothing_waits() -> bool:
        names = [spec.name for spec in service.all_collections]
        return not await stores.documents.outbox_depth(names)

    return nothing_waits()


async def test_each_page_of_what_goes_is_read_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work is counted, never time: five times as much takes five times as long, not twenty-five."""
    monkeypatch.setattr("shared.documents.terms._PAGE", 10)
    database = SqliteFile(tmp_path / "documents.sqlite", readers=1)
    documents = EmbeddedDocuments(database)
    await documents.open([RECEIPTS])
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    await database.read(lambda connection: connection.set_progress_handler(step, 1))
    terms = Terms(
        documents, [receipts_term(RECEIPTS)], KeepSettings(receipts_d=1), clock=in_days(2)
    )
    insert = 'INSERT INTO "workspace.receipts" (tenant, id, version, body) VALUES (?, ?, 1, ?)'
    costs = []
    for many in (40, 200):
        rows = [
            (receipt.tenant, receipt.id, receipt.model_dump_json(exclude={"version"}))
            for receipt in (
                Receipt(id=f"{n:05}", tenant="acme", fingerprint="f", created_at=utc_now())
                for n in range(many)
            )
        ]
        await database.write(lambda c, rows=rows: c.executemany(insert, rows))
        steps = 0
        assert await terms.step() == many
        costs.append(steps)
    await documents.close()
    assert costs[1] <= 1.2 * 5 * costs[0]
