"""Tests of many images: queued here, worked on by ``work.test_runs``."""

import asyncio
import contextlib
from collections.abc import Sequence

from services.inference.domain.terms import PredictionTerms, Wish
from services.inference.handlers.deployments import Deployments
from services.inference.repository import (
    FAILURES,
    PREDICTIONS,
    SERVICE,
    TEST_RUNS,
    ImageFailure,
    TestRun,
)
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.documents.port import Collection, Documents, EveryTenant, Query, Sort, TenantScope
from shared.documents.receipts import Keyed, Receipts
from shared.errors import NotFound
from shared.ids import derived_id, new_id
from shared.jobs.job import FINAL, Job
from shared.jobs.queue import JobQueue
from shared.paging import Page, PageParams, page_of
from shared.projects.directory import ProjectDirectory
from shared.runtime.tasks.table import spec_of

TEST_RUN = "test_run"
MAX_TEST_IMAGES = 10_000
_SHOWN_FAILURES = 100
_LOOK_S = 10.0


def run_id_of(tenant: str, project_id: str, key: str) -> str:
    """Return the id of the test run that a key makes."""
    return derived_id(tenant, TEST_RUN, project_id, key)


class TestRuns:
    """Test runs as people see them: a document, and the job of the same id."""

    __test__ = False  # the name is the domain's word, pytest must not collect it

    def __init__(
        self,
        documents: Documents,
        *,
        jobs: JobQueue,
        projects: ProjectDirectory,
        deployments: Deployments,
        clock: Clock = utc_now,
    ) -> None:
        """Bind the stores and what is known of projects and deployments."""
        self._documents = documents
        self._jobs = jobs
        self._projects = projects
        self._deployments = deployments
        self._clock = clock
        self._receipts = Receipts(documents, SERVICE)

    async def start(
        self,
        who: Caller,
        project_id: str,
        image_ids: Sequence[str],
        *,
        terms: PredictionTerms,
        key: str | None,
    ) -> TestRun:
        """Queue a test of many images; with a key, only once.

        Raises:
            NoDeployment: Nothing is served.
            KeyReused: The key came with another request before.
        """
        wish = Wish(tuple(dict.fromkeys(image_ids)), terms)
        if key is None:
            return await self.ensure(who, project_id, wish, run_id=new_id())
        await self._projects.require(who.tenant, project_id)
        run_id = run_id_of(who.tenant, project_id, key)
        return await self._receipts.make_once(
            Keyed(who.tenant, run_id, wish, project_id),
            things=self._runs(who.tenant),
            make=lambda: self.ensure(who, project_id, wish, run_id=run_id),
        )

    async def ensure(self, who: Caller, project_id: str, wish: Wish, *, run_id: str) -> TestRun:
        """Queue a test run unless it is there, whatever its images are by now."""
        project = await self._projects.require(who.tenant, project_id)
        spec_of(project.task).require_trainable()
        runs = self._runs(who.tenant)
        run = await runs.find(run_id)
        if run is None:
            version = wish.terms.version
            asked = await self._deployments.for_test(who.tenant, project_id, version)
            run = TestRun(
                id=run_id,
                tenant=who.tenant,
                project_id=project_id,
                image_ids=wish.images,
                model_version=asked,
                threshold=wish.terms.threshold,
                created_at=self._clock(),
                created_by=who.subject,
            )
            run = await runs.ensure(run)
        await self._queue(run)
        return run

    async def keep_queueing(self) -> None:
        """Do `queue_left` now and then, until cancelled."""
        while True:
            await self.queue_left()
            await asyncio.sleep(_LOOK_S)

    async def queue_left(self) -> None:
        """Queue the test runs that a kill kept from it."""
        runs = self._documents.collection(TEST_RUNS, EveryTenant())
        async for run in runs.walk(Query(where={"queued": False})):
            await self._queue(run)

    async def get(
        self, who: Caller, project_id: str, run_id: str
    ) -> tuple[TestRun, Job, list[ImageFailure]]:
        """Return a test run, its job and its first failures; raise NotFound."""
        run = await self._runs(who.tenant).get(run_id)
        if run.project_id != project_id:
            raise NotFound(f"no test run {run_id}")
        failures = self._documents.collection(FAILURES, TenantScope(who.tenant))
        query = Query(where={"test_run_id": run_id}, limit=_SHOWN_FAILURES)
        job = await self._job(run)
        if job is None:
            raise NotFound(f"no test run {run_id}")
        return run, job, await failures.query(query)

    async def page(
        self, who: Caller, project_id: str, paging: PageParams
    ) -> Page[tuple[TestRun, Job]]:
        """Return one page of test runs, newest first."""
        await self._projects.require(who.tenant, project_id)
        where = {"project_id": project_id}
        found = await page_of(
            self._runs(who.tenant), paging, where=where, sort=Sort("created_at", -1)
        )
        jobs = [(run, await self._job(run)) for run in found.items]
        there = tuple((run, job) for run, job in jobs if job is not None)
        return found.with_items(there)

    async def cancel(self, who: Caller, project_id: str, run_id: str) -> None:
        """Stop a test run; what was tested stays tested."""
        await self.get(who, project_id, run_id)
        await self._jobs.cancel(who.tenant, run_id)

    async def goes(self, run: TestRun) -> bool:
        """Let a run that is past its term go with its predictions and job, unless it is at work."""
        job = await self._jobs.find(run.tenant, run.id)
        if job is not None and job.state not in FINAL:
            return False
        scope, mine = TenantScope(run.tenant), {"test_run_id": run.id}
        while await self._documents.collection(PREDICTIONS, scope).clear(mine):
            pass
        while await self._documents.collection(FAILURES, scope).clear(mine):
            pass
        await self._jobs.drop(run.tenant, run.id)
        return True

    async def _job(self, run: TestRun) -> Job | None:
        """Return the run's job; one that a kill kept from the queue is queued now.

        None of a run that is past its term: its job went first, and it is not tested again.
        """
        job = await self._jobs.find(run.tenant, run.id)
        return job if job is not None or run.queued else await self._queue(run)

    async def _queue(self, run: TestRun) -> Job:
        payload = {"project_id": run.project_id}
        job = await self._jobs.enqueue(run.tenant, TEST_RUN, run.id, payload=payload)
        if not run.queued:
            with contextlib.suppress(NotFound):  # its project was removed
                await self._runs(run.tenant).change(
                    run.id, lambda stored: stored.model_copy(update={"queued": True})
                )
        return job

    def _runs(self, tenant: str) -> Collection[TestRun]:
        return self._documents.collection(TEST_RUNS, TenantScope(tenant))
