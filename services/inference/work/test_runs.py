"""The worker of test runs: leases a run, tests its images, tells how far it is."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator

from services.inference.domain.terms import Terms
from services.inference.handlers.images import GalleryImages
from services.inference.handlers.predictions import Predictions
from services.inference.handlers.test_runs import TEST_RUN, TestRuns
from services.inference.repository import (
    FAILURES,
    PREDICTIONS,
    TEST_RUNS,
    ImageFailure,
    TestRun,
)
from shared.documents.port import Documents, TenantScope
from shared.errors import AlreadyExists, LoupeError
from shared.ids import derived_id
from shared.jobs.holder import holder_name
from shared.jobs.job import Job, Progress
from shared.jobs.queue import HEARTBEAT_S, JobQueue, LeaseLost
from shared.telemetry import logger

_LOOK_S = 0.5
_REAP_S = 10.0
_REPORT_S = 0.5
_OUTAGE_PAUSE_S = 2.0

log = logger(__name__)


class Cancelled(Exception):
    """Somebody asked the run to stop."""


class TestRunWorker:
    """Works on one test run at a time; a run of a killed worker is taken up where it stopped."""

    __test__ = False

    def __init__(
        self,
        documents: Documents,
        jobs: JobQueue,
        *,
        runs: TestRuns,
        predictions: Predictions,
        images: GalleryImages,
        parallel: int,
    ) -> None:
        """``parallel`` images of a run are tested at once."""
        self._documents = documents
        self._jobs = jobs
        self._runs = runs
        self._predictions = predictions
        self._images = images
        self._parallel = parallel
        self._name = holder_name()

    async def run(self) -> None:
        """Lease and work until cancelled."""
        while True:
            job = await self._jobs.claim([TEST_RUN], self._name)
            if job is None:
                await asyncio.sleep(_LOOK_S)
            else:
                await self.work(job)

    async def reap(self) -> None:
        """End runs that no worker will finish, queue those that a kill kept from it, for ever."""
        while True:
            await self._runs.queue_left()
            await self._jobs.reap(lambda _job: ())
            await asyncio.sleep(_REAP_S)

    async def work(self, job: Job) -> None:
        """Do one leased run to its end, whatever the end is."""
        try:
            async with self._kept_alive(job):
                await self._test_all(job)
        except Cancelled:
            await self._jobs.finish(job, "cancelled")
        except LeaseLost as error:
            log.warning("test run lost", job=job.id, reason=error.detail)
        except LoupeError as error:
            await self._jobs.finish(job, "failed", error=error.detail)
        except asyncio.CancelledError:
            with contextlib.suppress(LoupeError):
                await self._jobs.release(job)
            raise
        else:
            await self._jobs.finish(job, "succeeded")

    async def _test_all(self, job: Job) -> None:
        run = await self._documents.collection(TEST_RUNS, TenantScope(job.tenant)).get(job.id)
        tally = _Tally(len(run.image_ids))
        waiting = iter(run.image_ids)
        await self._report(job, tally)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._parallel):
                    group.create_task(self._lane(job, run, waiting, tally))
        except* LoupeError as errors:
            raise errors.exceptions[0] from None
        except* Cancelled:
            raise Cancelled from None
        await self._report(job, tally)

    async def _lane(self, job: Job, run: TestRun, waiting: Iterator[str], tally: "_Tally") -> None:
        for image_id in waiting:
            tally.count(await self._test_one(job, run, image_id))
            if tally.due():
                await self._report(job, tally)

    async def _test_one(self, job: Job, run: TestRun, image_id: str) -> bool:
        """Test one image unless an earlier attempt did; return whether it has a prediction."""
        scope = TenantScope(run.tenant)
        prediction_id = derived_id(run.id, image_id)
        if await self._documents.collection(PREDICTIONS, scope).find(prediction_id):
            return True
        while True:
            try:
                image = await self._images.require(run.tenant, run.project_id, image_id)
                await self._predictions.test_image(
                    image,
                    prediction_id,
                    terms=Terms(run.model_version, run.threshold),
                    test_run_id=run.id,
                )
            except LoupeError as error:
                if not error.retryable:
                    await self._note_failure(run, image_id, error.detail)
                    return False
                await self._raise_if_cancelled(job)
                await asyncio.sleep(_OUTAGE_PAUSE_S)
            else:
                return True

    async def _note_failure(self, run: TestRun, image_id: str, reason: str) -> None:
        failure = ImageFailure(
            id=derived_id(run.id, image_id, "failure"),
            tenant=run.tenant,
            project_id=run.project_id,
            test_run_id=run.id,
            image_id=image_id,
            reason=reason,
        )
        with contextlib.suppress(AlreadyExists):
            await self._documents.collection(FAILURES, TenantScope(run.tenant)).insert(failure)

    async def _report(self, job: Job, tally: "_Tally") -> None:
        stored = await self._jobs.report(job, tally.progress())
        if stored.cancel_requested:
            raise Cancelled

    async def _raise_if_cancelled(self, job: Job) -> None:
        if (await self._jobs.get(job.tenant, job.id)).cancel_requested:
            raise Cancelled

    @contextlib.asynccontextmanager
    async def _kept_alive(self, job: Job) -> AsyncIterator[None]:
        """Renew the lease beside the work."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(HEARTBEAT_S)
                with contextlib.suppress(LoupeError):
                    await self._jobs.heartbeat(job)

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()


class _Tally:
    """Counts images and says when it is time to tell."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._failed = 0
        self._began = self._told = time.monotonic()

    def count(self, succeeded: bool) -> None:  # the fact itself
        """Count one image."""
        if succeeded:
            self._done += 1
        else:
            self._failed += 1

    def due(self) -> bool:
        """Whether the last report is old enough for a new one."""
        now = time.monotonic()
        if now - self._told < _REPORT_S:
            return False
        self._told = now
        return True

    def progress(self) -> Progress:
        """What to report now."""
        over = self._done + self._failed
        pace_s = (time.monotonic() - self._began) / over if over else 0.0
        return Progress(
            percent=100.0 * over / self._total,
            stage="testing" if over < self._total else "done",
            seconds_left=pace_s * (self._total - over) if over else None,
            figures={"done": float(self._done), "failed": float(self._failed)},
        )
