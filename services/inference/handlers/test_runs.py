"""Tests of many images: queued here, worked on by ``work.test_runs``."""

from collections.abc import Sequence

from services.inference.domain.terms import PredictionTerms, PredictionWish
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
from shared.documents.port import Documents, Query, TenantScope
from shared.documents.receipts import Keyed, Receipts
from shared.errors import NotFound
from shared.ids import derived_id, new_id
from shared.jobs.documents import JobDocuments
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.paging import Page, PageParams
from shared.projects.directory import ProjectDirectory

TEST_RUN = "test_run"
MAX_TEST_IMAGES = 10_000
_SHOWN_FAILURES = 100


def run_id_of(tenant: str, project_id: str, key: str) -> str:
    """Return the id of the test run that a key makes."""
    return derived_id(tenant, TEST_RUN, project_id, key)


class TestRuns:
    """Test runs as people see them, each a document with a job."""

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
        self._projects = projects
        self._deployments = deployments
        self._runs = JobDocuments(documents, TEST_RUNS, jobs, TEST_RUN)
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
        wish = PredictionWish(tuple(dict.fromkeys(image_ids)), terms)
        if key is None:
            return await self.ensure(who, project_id, wish, run_id=new_id())
        await self._projects.require(who.tenant, project_id)
        run_id = run_id_of(who.tenant, project_id, key)
        return await self._receipts.make_once(
            Keyed(who.tenant, run_id, wish, project_id),
            things=self._runs.of(who.tenant),
            make=lambda: self.ensure(who, project_id, wish, run_id=run_id),
        )

    async def ensure(
        self, who: Caller, project_id: str, wish: PredictionWish, *, run_id: str
    ) -> TestRun:
        """Queue a test run unless it is there, whatever its images are by now."""
        await self._projects.require(who.tenant, project_id)
        run = await self._runs.of(who.tenant).find(run_id)
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
        return await self._runs.begin(run)

    async def keep_queueing(self) -> None:
        """Do `queue_left` now and then, until cancelled."""
        await self._runs.keep_queueing()

    async def queue_left(self) -> None:
        """Queue the test runs that a kill kept from it."""
        await self._runs.queue_left()

    async def get(
        self, who: Caller, project_id: str, run_id: str
    ) -> tuple[TestRun, Job, list[ImageFailure]]:
        """Return a test run, its job and its first failures; raise NotFound."""
        run = await self._runs.get(who.tenant, project_id, run_id)
        failures = self._documents.collection(FAILURES, TenantScope(who.tenant))
        query = Query(where={"test_run_id": run_id}, limit=_SHOWN_FAILURES)
        job = await self._runs.job(run)
        if job is None:  # it is past its term
            raise NotFound(f"no test run {run_id}")
        return run, job, await failures.query(query)

    async def page(
        self, who: Caller, project_id: str, paging: PageParams
    ) -> Page[tuple[TestRun, Job]]:
        """Return one page of test runs, newest first."""
        await self._projects.require(who.tenant, project_id)
        found = await self._runs.page(who.tenant, paging, {"project_id": project_id})
        return found.with_items([(run, job) for run, job in found.items if job is not None])

    async def cancel(self, who: Caller, project_id: str, run_id: str) -> None:
        """Stop a test run; what was tested stays tested.

        Raises:
            NotFound: The project has no such test run.
            Forbidden: Somebody else began it, and the caller is no engineer.
        """
        run, _, _ = await self.get(who, project_id, run_id)
        who.check_own(run.created_by)
        await self._runs.cancel(who.tenant, run_id)

    async def goes(self, run: TestRun) -> bool:
        """Let a run that is past its term go with its predictions and job, unless it is at work."""
        if not await self._runs.is_over(run):
            return False
        scope, mine = TenantScope(run.tenant), {"test_run_id": run.id}
        while await self._documents.collection(PREDICTIONS, scope).clear(mine):
            pass
        while await self._documents.collection(FAILURES, scope).clear(mine):
            pass
        await self._runs.drop(run)
        return True
