"""Judging is a job: it tells how far it is, can be given up, and goes on after a kill."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from hearing import (
    PATH,
    event,
    problem,
    project,
    store,
    succeeded,
    train,
    work_off,
    worker_of,
)
from scenes import version_files

from services.evaluator.app import build
from services.evaluator.handlers.judgements import Judgements
from services.evaluator.repository import JOBS, REPORTS, StoredReport
from services.evaluator.work import judge
from shared.callers import Caller
from shared.contracts.training_events import ReportFailed
from shared.documents.port import Query, TenantScope
from shared.events.subscriptions import by_event
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from tests.running import Running, running, until

ROOT = Path(__file__).parents[3]


async def order(service: Service, stores: Stores, name: str = "V1", **how: Any) -> None:
    """Let the service hear of a version; nobody works on it yet."""
    manifest, predictions = version_files(name=name, **how)
    body = succeeded(await store(stores, manifest), await store(stores, predictions), name)
    for handler in by_event(service.subscriptions)[type(body)]:
        await handler(event(body))


async def job(stores: Stores) -> Job:
    (found,) = await stores.documents.collection(JOBS, TenantScope("default")).query(Query())
    return found


async def told(stores: Stores) -> list[str]:
    boxes = await stores.documents.outboxes([REPORTS.name, JOBS.name], 100)
    return [pending.type for box in boxes for pending in box.events]


async def get(platform: Running, what: str) -> Any:
    return (await platform.client.get(f"{PATH}/V1/{what}")).json()


async def test_hearing_of_a_version_only_orders_its_judgement(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await order(service, stores)
        await order(service, stores)
        waiting = await get(platform, "judgement")
        unread = await platform.client.get(f"{PATH}/V1/report")
        await work_off(service)
        done = await get(platform, "judgement")
        report = await platform.client.get(f"{PATH}/V1/report")
    assert (waiting["state"], waiting["revision"]) == ("queued", 0)
    assert problem(unread) == (404, "not-found")
    assert "being judged" in unread.json()["detail"]
    assert (done["state"], done["revision"]) == ("completed", 1)
    assert report.status_code == 200


async def test_how_far_a_judgement_is_can_be_seen(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, go_on = build(stores), asyncio.Event()
    look_at = judge.look_at

    async def slowly(*args: Any, **how: Any) -> Any:
        await go_on.wait()
        return await look_at(*args, **how)

    monkeypatch.setattr(judge, "look_at", slowly)
    async with running(stores, [service], work=True) as platform:
        await project(service)
        await order(service, stores)

        async def looking() -> Any:
            found = await get(platform, "judgement")
            return found if found["progress"]["stage"] == "looking at images" else None

        seen = await until(looking)
        go_on.set()
        await until(lambda: _is(platform, "completed"))
    assert seen["state"] == "running"
    assert seen["progress"]["percent"] == 15


async def _is(platform: Running, state: str) -> bool:
    return bool((await get(platform, "judgement"))["state"] == state)


async def test_a_judgement_can_be_given_up_and_ordered_again(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, never = build(stores), asyncio.Event()

    async def for_ever(*args: Any, **how: Any) -> Any:
        await never.wait()

    with monkeypatch.context() as patch:
        patch.setattr(judge, "look_at", for_ever)
        async with running(stores, [service], work=True) as platform:
            await project(service)
            await order(service, stores)
            await until(lambda: _is(platform, "running"))
            await platform.client.post(f"{PATH}/V1/judgement:cancel")
            await until(lambda: _is(platform, "cancelled"))
            unread = await platform.client.get(f"{PATH}/V1/report")
            said = (await job(stores)).state
    assert said == "cancelled"
    assert problem(unread) == (409, "conflict")
    async with running(stores, [service]) as platform:
        again = await platform.client.post(f"{PATH}/V1/judgement")
        await work_off(service)
        assert await _is(platform, "completed")
    assert again.json()["state"] == "queued"


async def test_a_waiting_judgement_that_is_given_up_is_told_as_failed(stores: Stores) -> None:
    service = build(stores)
    await stores.open(service.all_collections)
    await project(service)
    await order(service, stores)
    judgements = next(u for u in service.use_cases if isinstance(u, Judgements))
    given_up = await judgements.cancel(Caller.system("default"), "p1", "V1")
    assert given_up.state == "cancelled"
    assert await told(stores) == [ReportFailed.type]
    assert not await worker_of(service).work_once()
    await stores.close()


async def test_a_second_judgement_waits_for_the_first_instead_of_beginning(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await order(service, stores)
        for _ in range(2):
            await platform.client.post(f"{PATH}/V1/judgement")
        jobs = await stores.documents.collection(JOBS, TenantScope("default")).count()
    assert jobs == 1


async def test_an_order_keeps_the_report_that_is_done_while_it_is_given(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = build(stores)
    looked = Judgements._is_under_way

    async def done_meanwhile(self: Judgements, report: StoredReport) -> bool:
        await work_off(service)
        return await looked(self, report)

    async with running(stores, [service]) as platform:
        await project(service)
        await order(service, stores)
        monkeypatch.setattr(Judgements, "_is_under_way", done_meanwhile)
        answer = await platform.client.post(f"{PATH}/V1/judgement")
        report = await platform.client.get(f"{PATH}/V1/report")
    assert answer.json()["state"] == "queued"
    assert report.status_code == 200
    assert report.json()["revision"] == 1


async def test_a_recomputation_can_be_waited_for(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service], work=True) as platform:
        await project(service)
        await order(service, stores)
        await until(lambda: _is(platform, "completed"))
        answer = await platform.client.post(f"{PATH}/V1/report:recompute?language=en")
        assert answer.status_code == 200
        assert answer.json()["revision"] == 2
        assert "reference only" in answer.json()["notes"][0]
        (report,) = await stores.documents.collection(REPORTS, TenantScope("default")).query(
            Query()
        )
        await stores.blobs.delete(report.manifest_key)
        refused = await platform.client.post(f"{PATH}/V1/report:recompute")
    assert problem(refused) == (409, "conflict")
    assert "cannot be computed" in refused.json()["detail"]


async def test_a_recomputation_that_fails_leaves_the_report(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        (report,) = await stores.documents.collection(REPORTS, TenantScope("default")).query(
            Query()
        )
        await stores.blobs.delete(report.predictions_key)
        await platform.client.post(f"{PATH}/V1/judgement")
        await work_off(service)
        state = await get(platform, "judgement")
        shown = await platform.client.get(f"{PATH}/V1/report")
    assert state["state"] == "failed"
    assert state["reason"]
    assert state["revision"] == 1
    assert shown.status_code == 200


@asynccontextmanager
async def worker_process(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of the role ``work`` on the same stores."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.evaluator", "work"),
        cwd=ROOT,
        env={**os.environ, "LOUPE_DATA": str(folder)},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_killed_judgement_is_done_by_the_next_worker(
    stores: Stores, tmp_path: Path
) -> None:
    """SIGKILL in the middle; the next worker gives the report that an undisturbed one gives."""
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await order(service, stores, images=400)
        async with worker_process(tmp_path / "data") as process:
            await until(lambda: _is(platform, "running"))
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert (await job(stores)).state == "running"
        await work_off(service)
        after = await job(stores)
        document = await get(platform, "report")
        await order(service, stores, "V2", images=400)
        await work_off(service)
        undisturbed = (await platform.client.get(f"{PATH}/V2/report")).json()
    assert after.attempt == 2
    assert document["overall"] == undisturbed["overall"]
    assert document["intervals"] == undisturbed["intervals"]
    assert orjson.dumps(document["curves"]) == orjson.dumps(undisturbed["curves"])


async def test_a_version_waits_for_an_earlier_one_that_another_worker_judges(
    stores: Stores,
) -> None:
    service = build(stores)
    async with running(stores, [service]):
        await project(service)
        await order(service, stores, "V1")
        await order(service, stores, "V2")
        queue = JobQueue(stores.documents, "evaluator")
        other = await queue.claim(["judge"], "another worker")
        assert other is not None
        assert await worker_of(service).work_once()  # takes the second version, and leaves it
        reports = stores.documents.collection(REPORTS, TenantScope("default"))
        assert {one.name: one.state for one in await reports.query(Query())} == {
            "V1": "running",
            "V2": "running",
        }
        await queue.release(other)
        ended: list[str] = []

        async def both() -> bool:
            await worker_of(service).work_once()
            done = await reports.query(Query(where={"state": "completed"}))
            ended.extend(one.name for one in done if one.name not in ended)
            return len(ended) == 2

        await until(both)
        assert ended == ["V1", "V2"]
