"""What is told of a test run that came to its end."""

from typing import cast

from services.inference.handlers.predictions import Predictions
from services.inference.handlers.test_runs import TEST_RUN
from services.inference.repository import COLLECTIONS, JOBS, SERVICE, TEST_RUNS, TestRun
from services.inference.work.test_runs import TestRunWork
from shared.clock import utc_now
from shared.contracts.envelope import unpack
from shared.contracts.model_events import TestRunCompleted
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker


async def test_the_end_of_a_run_is_told_with_the_write_that_ends_it(stores: Stores) -> None:
    await stores.open(COLLECTIONS)
    queue = JobQueue(stores.documents, SERVICE)
    run = TestRun(
        id="R",
        tenant="acme",
        project_id="P",
        image_ids=("gone-1", "gone-2"),
        model_version="V1",
        created_at=utc_now(),
        queued=True,
    )
    await stores.documents.collection(TEST_RUNS, TenantScope("acme")).insert(run)
    await queue.enqueue("acme", TEST_RUN, run.id, payload={"project_id": "P"})
    work = TestRunWork(
        stores.documents,
        predictions=cast(Predictions, None),  # no image is there, so nothing is predicted
        images=ImageDirectory(stores.documents, SERVICE),
        parallel=1,
    )
    assert await JobWorker(queue, {TEST_RUN: work.work}).work_once()
    assert (await queue.get("acme", run.id)).state == "succeeded"
    (box,) = await stores.documents.outboxes([JOBS.name], 10)
    (told,) = (unpack(TestRunCompleted, event.value_bytes()).data for event in box.events)
    assert told == TestRunCompleted(
        project_id="P", test_run_id="R", version="V1", images=2, failed=2
    )
