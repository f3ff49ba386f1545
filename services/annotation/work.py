"""The work on queued imports: read, then stored image by image; a killed one goes on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from services.annotation.errors import NamesFollow
from services.annotation.handlers.import_runs import ImportRuns
from services.annotation.handlers.imports import (
    ImportOptions,
    ImportOutcome,
    ImportPlan,
    Imports,
    ImportWish,
)
from services.annotation.repository import IMPORT_RUNS
from shared.documents.port import Documents, TenantScope
from shared.errors import DependencyDown, LoupeError
from shared.jobs.job import Progress
from shared.jobs.worker import Lease
from shared.projects.directory import ProjectDirectory

_READING = 50.0  # percent of an import that is spent on reading, roughly
_TELL_S = 0.5
_NEW_LABELS = "new_labels"


class ImportWork:
    """Does one import, or the look at what it would do."""

    def __init__(
        self,
        documents: Documents,
        *,
        imports: Imports,
        runs: ImportRuns,
        projects: ProjectDirectory,
    ) -> None:
        self._documents = documents
        self._imports = imports
        self._runs = runs
        self._projects = projects

    async def work(self, lease: Lease) -> None:
        """Carry out the leased import and store its report.

        Raises:
            NothingImported: No file can be stored; a report says why of each.
            LoupeError: The import cannot go on, or not now.
        """
        scope = TenantScope(lease.job.tenant)
        run = await self._documents.collection(IMPORT_RUNS, scope).get(lease.job.id)
        if run.ended is not None:  # a kill came between its end and that of its job
            await lease.finish(run.ended, error=run.error)
            return
        wish = ImportWish(
            run.author,
            await self._projects.require(run.tenant, run.project_id),
            ImportOptions(dry_run=run.dry_run, strict=run.strict, on_conflict=run.on_conflict),
            run.id,
        )
        async with _told(lease) as far, self._runs.archive(run) as archive:
            plan = await self._imports.plan(wish, archive, heard=far.read)
            if plan.refusal is not None:
                if not run.plan_key:  # else an earlier attempt wrote, and its plan tells how far
                    await self._runs.end(run, plan.outcome(), refused=plan.refusal.detail)
                raise plan.refusal
            if run.dry_run:
                outcome = plan.outcome()
            else:
                plan = await self._with_labels(lease, plan)
                await self._runs.planned(run, plan.outcome())
                outcome = await self._carry_out(wish, plan, far)
        await self._runs.end(run, outcome)

    async def _carry_out(self, wish: ImportWish, plan: ImportPlan, far: "_Far") -> ImportOutcome:
        try:
            return await self._imports.carry_out(wish, plan, heard=far.stored)
        except NamesFollow as error:  # nobody is there to try again; the next attempt goes on
            raise DependencyDown(error.detail) from error

    async def _with_labels(self, lease: Lease, plan: ImportPlan) -> ImportPlan:
        """Return the plan with the labels that were new when the first attempt began."""
        known = lease.job.payload.get(_NEW_LABELS)
        if known is None:
            await lease.remember(**{_NEW_LABELS: plan.new_labels})
            return plan
        return replace(plan, new_labels=tuple(known))


@dataclass
class _Far:
    """How far an import is: files read of all, then images stored of all."""

    progress: Progress = field(default_factory=lambda: Progress(stage="reading"))

    def read(self, done: int, total: int) -> None:
        """Note how many files were read."""
        percent = _READING * done / total if total else 0.0
        figures = {"done": float(done), "total": float(total)}
        self.progress = Progress(percent=percent, stage="reading", figures=figures)

    def stored(self, done: int, total: int) -> None:
        """Note on how many images it was done."""
        percent = _READING + (100.0 - _READING) * done / total
        figures = {"done": float(done), "total": float(total)}
        self.progress = Progress(percent=percent, stage="storing", figures=figures)


@contextlib.asynccontextmanager
async def _told(lease: Lease) -> AsyncIterator[_Far]:
    """Tell of what is noted now and then, and once more at the end."""
    far = _Far()

    async def tell() -> None:
        while True:
            with contextlib.suppress(LoupeError):  # the lease looks after what is down or lost
                await lease.report(far.progress)
            await asyncio.sleep(_TELL_S)

    telling = asyncio.create_task(tell())
    try:
        yield far
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        with contextlib.suppress(LoupeError):
            await lease.report(far.progress)
    done = {"percent": 100.0, "stage": "done"}
    await lease.report(far.progress.model_copy(update=done))
