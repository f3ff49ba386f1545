"""Waiting trainings get Kubernetes Jobs: one an attempt, never more than allowed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.trainer.repository import TRAINING_JOB
from services.trainer.work.job_maker import JobMaker, read_template
from shared.clock import utc_now
from shared.hosting.stores import Stores
from shared.jobs.job import job_spec
from shared.jobs.queue import JobQueue

TEMPLATE: dict[str, Any] = {
    "kind": "Job",
    "metadata": {"name": "plant-training", "labels": {"a": "b"}},
    "spec": {},
}


class Namespace:
    """The Jobs of a cluster, in memory; `True` is one that runs."""

    def __init__(self) -> None:
        self.there: dict[str, bool] = {}

    async def jobs(self) -> dict[str, bool]:
        return dict(self.there)

    async def create(self, manifest: dict[str, Any]) -> None:
        self.there[manifest["metadata"]["name"]] = True


async def queue_of(stores: Stores, *names: str) -> JobQueue:
    await stores.documents.open([job_spec("trainer")])
    queue = JobQueue(stores.documents, "trainer")
    for name in names:
        await queue.enqueue("acme", TRAINING_JOB, name)
    return queue


async def test_each_waiting_training_gets_one_job(stores: Stores) -> None:
    await queue_of(stores, "01A", "01B")
    namespace = Namespace()
    maker = JobMaker(stores.documents, namespace, TEMPLATE, most=4)
    assert await maker.step() == ["plant-training-01a-1", "plant-training-01b-1"]
    assert await maker.step() == []
    assert TEMPLATE["metadata"]["name"] == "plant-training"


async def test_no_more_run_at_once_than_allowed(stores: Stores) -> None:
    await queue_of(stores, "01A", "01B", "01C")
    namespace = Namespace()
    maker = JobMaker(stores.documents, namespace, TEMPLATE, most=2)
    assert len(await maker.step()) == 2
    assert await maker.step() == []
    namespace.there["plant-training-01a-1"] = False
    assert await maker.step() == ["plant-training-01c-1"]


async def test_a_training_whose_job_took_another_tenants_gets_a_further_one(
    stores: Stores,
) -> None:
    queue = await queue_of(stores, "01A", "01B")
    namespace = Namespace()
    maker = JobMaker(stores.documents, namespace, TEMPLATE, most=3)
    assert len(await maker.step()) == 2
    await queue.enqueue("beta", TRAINING_JOB, "01C")
    taken = [await queue.claim([TRAINING_JOB], f"pod {number}") for number in range(2)]
    assert [job.id for job in taken if job] == ["01A", "01C"]
    assert await maker.step() == ["plant-training-01b-1-2"]
    assert await maker.step() == []


async def test_a_leased_training_needs_no_job_and_a_dead_attempt_needs_the_next(
    stores: Stores,
) -> None:
    queue = await queue_of(stores, "01A")
    namespace = Namespace()
    assert await queue.claim([TRAINING_JOB], "worker") is not None
    assert await JobMaker(stores.documents, namespace, TEMPLATE, most=2).step() == []
    later = JobMaker(
        stores.documents,
        namespace,
        TEMPLATE,
        most=2,
        clock=lambda: utc_now() + timedelta(hours=1),
    )
    assert await later.step() == ["plant-training-01a-2"]


async def test_an_attempt_by_a_clock_that_was_ahead_is_over(stores: Stores) -> None:
    await queue_of(stores, "01A")
    ahead = JobQueue(stores.documents, "trainer", clock=lambda: utc_now() + timedelta(days=1))
    assert await ahead.claim([TRAINING_JOB], "worker") is not None
    made = await JobMaker(stores.documents, Namespace(), TEMPLATE, most=2).step()
    assert made == ["plant-training-01a-2"]


async def test_a_cancelled_training_gets_none(stores: Stores) -> None:
    queue = await queue_of(stores, "01A")
    await queue.cancel("acme", "01A")
    assert await JobMaker(stores.documents, Namespace(), TEMPLATE, most=2).step() == []


def test_a_file_without_a_job_is_refused(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("kind: Pod\n")
    with pytest.raises(ValueError, match="holds no Job"):
        read_template(tmp_path / "job.yaml")
