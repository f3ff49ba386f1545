"""Imports as jobs: begun and asked for here, worked on by ``work``; their reports stay."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.annotation.domain.import_report import ImportReport
from services.annotation.errors import ArchiveGone, ImportGoesOn, NoReport
from services.annotation.handlers.import_reports import report_of
from services.annotation.handlers.imports import ImportOptions, ImportOutcome, ImportWish
from services.annotation.repository import IMPORT_RUNS, SERVICE, ImportRun
from shared.blobs.content import put_by_hash
from shared.blobs.port import Blobs
from shared.callers import Caller
from shared.clock import Clock, format_time, utc_now
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    Not,
    Query,
    Range,
    Remove,
    Sort,
    TenantScope,
    Where,
)
from shared.documents.receipts import Keyed, Receipts
from shared.errors import NotFound
from shared.ids import derived_id, new_id
from shared.jobs.job import FINAL, Job
from shared.jobs.queue import JobQueue
from shared.paging import Page, PageParams, page_of
from shared.projects.directory import ProjectView
from shared.texts.language import speaking

IMPORT = "import"
KEEP = timedelta(days=1)
_LOOK_S = 10.0
_LOOKS = 360  # until what is old is looked for again: an hour
_PAGE = 200


@dataclass(frozen=True)
class Archive:
    """An archive that came with a request: where it lies, and what its sender calls it."""

    path: Path
    name: str


@dataclass(frozen=True)
class _Wish:
    """What a key stands for."""

    archive_key: str
    options: ImportOptions


class ImportRuns:
    """Imports as people see them: a document, and the job of the same id."""

    def __init__(
        self, documents: Documents, blobs: Blobs, *, jobs: JobQueue, clock: Clock = utc_now
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._jobs = jobs
        self._clock = clock
        self._receipts = Receipts(documents, SERVICE)

    async def start(
        self, author: Caller, project: ProjectView, archive: Archive, options: ImportOptions
    ) -> ImportRun:
        """Keep an archive and queue its import, or the look at what it would do.

        Raises:
            KeyReused: The options' key came with another archive, or with others.
            KeySpent: What the key made is gone.
        """
        tenant, project_id = author.tenant, project.id
        key = await put_by_hash(self._blobs, archive.path, tenant=tenant, project_id=project_id)
        run = self._new(author, project_id, options)
        run = run.model_copy(update={"archive_name": archive.name, "archive_key": key})
        if options.key is None:
            return await self._begin(run)
        run_id = derived_id(tenant, IMPORT, project_id, options.key)
        run = run.model_copy(update={"id": run_id})
        return await self._receipts.make_once(
            Keyed(tenant, run_id, _Wish(key, options), project_id),
            things=self._runs(tenant),
            make=lambda: self._begin(run),
        )

    async def again(
        self, author: Caller, project_id: str, run_id: str, options: ImportOptions
    ) -> ImportRun:
        """Queue another import, or look, of an archive that is here.

        Raises:
            NotFound: The project has no such import.
            ArchiveGone: Its archive was imported, or lay here for a day.
        """
        earlier, _ = await self.get(author, project_id, run_id)
        if not earlier.archive_key:
            raise ArchiveGone("the archive was imported, or lay here for a day; send it again")
        kept = {"archive_name": earlier.archive_name, "archive_key": earlier.archive_key}
        return await self._begin(self._new(author, project_id, options).model_copy(update=kept))

    async def note(self, wish: ImportWish, outcome: ImportOutcome) -> None:
        """Keep the report of an import that was done within its request."""
        run = self._new(wish.author, wish.project.id, wish.options)
        run = run.model_copy(update={"id": wish.import_id, "queued": True})
        update = await self._end_of(run, outcome)
        await self._runs(run.tenant).ensure(run.model_copy(update=update))

    async def end(self, run: ImportRun, outcome: ImportOutcome, *, refused: str = "") -> None:
        """Store the report of an import that came to its end; the archive has served, if it did."""
        update = await self._end_of(run, outcome, refused=refused)
        await self._runs(run.tenant).change(run.id, lambda old: old.model_copy(update=update))

    async def _end_of(
        self, run: ImportRun, outcome: ImportOutcome, *, refused: str = ""
    ) -> dict[str, Any]:
        """Store the report; return what the run says from then on."""

        def put_together() -> ImportReport:
            with speaking("en"):  # whoever reads it is told in another language, perhaps
                return report_of(outcome, dry_run=run.dry_run or bool(refused))

        report = await asyncio.to_thread(put_together)
        data = await asyncio.to_thread(lambda: report.model_dump_json().encode())
        key = await put_by_hash(self._blobs, data, tenant=run.tenant, project_id=run.project_id)
        update: dict[str, Any] = {
            "report_key": key,
            "ended": "failed" if refused else "succeeded",
            "error": refused,
            "finished_at": self._clock(),
            "imported": report.imported,
            "failed": report.failed,
        }
        if not run.dry_run and not refused:
            update["archive_key"] = ""
        return update

    async def get(self, who: Caller, project_id: str, run_id: str) -> tuple[ImportRun, Job | None]:
        """Return an import and its job, if it has one; raise NotFound."""
        run = await self._runs(who.tenant).get(run_id)
        if run.project_id != project_id:
            raise NotFound(f"no import {run_id}")
        return run, await self._job(run)

    async def page(
        self, who: Caller, project_id: str, paging: PageParams
    ) -> Page[tuple[ImportRun, Job | None]]:
        """Return one page of a project's imports, newest first; dry runs are left out."""
        where: Where = {"project_id": project_id, "dry_run": False}
        found = await page_of(
            self._runs(who.tenant), paging, where=where, sort=Sort("created_at", -1)
        )
        jobs = {run.id: await self._job(run) for run in found.items}
        return found.map(lambda run: (run, jobs[run.id]))

    async def report(self, who: Caller, project_id: str, run_id: str) -> ImportReport:
        """Return the report of an import in the caller's language.

        Raises:
            NotFound: The project has no such import.
            NoReport: It has not come to its end, or did not come to a report.
        """
        run, _ = await self.get(who, project_id, run_id)
        if not run.report_key:
            raise NoReport("this import has no report: it is not done, or it came to none")
        data = await self._blobs.read(run.report_key)
        # Twenty thousand warnings take seconds to say in another language: not on the event loop.
        return await asyncio.to_thread(ImportReport.model_validate_json, data)

    async def cancel(self, who: Caller, project_id: str, run_id: str) -> None:
        """Stop an import; what it wrote stays, and can be undone."""
        _, job = await self.get(who, project_id, run_id)
        if job is not None:
            await self._jobs.cancel(who.tenant, run_id)

    async def check_ended(self, who: Caller, project_id: str, run_id: str) -> None:
        """Raise ImportGoesOn while an import is at work: what it wrote is not all there yet."""
        try:
            _, job = await self.get(who, project_id, run_id)
        except NotFound:  # imports of earlier releases left no document
            return
        if job is not None and job.state not in FINAL:
            raise ImportGoesOn("the import is still at work; stop it or let it end first")

    def archive(self, run: ImportRun) -> contextlib.AbstractAsyncContextManager[Path]:
        """Give the archive of an import as a file."""
        return self._blobs.as_file(run.archive_key)

    async def keep(self) -> None:
        """Queue what a kill kept from it, and clear away what is old, until cancelled."""
        while True:
            await self.tidy()
            for _ in range(_LOOKS):
                await self.queue_left()
                await asyncio.sleep(_LOOK_S)

    async def queue_left(self) -> None:
        """Queue the imports that a kill kept from it."""
        async for run in self._every().walk(Query(where={"queued": False})):
            await self._queue(run)

    async def tidy(self) -> None:
        """Forget dry runs, and archives that were not imported, once they lie here for a day."""
        async for run in self._old({"dry_run": True}):
            with contextlib.suppress(NotFound):
                await self._runs(run.tenant).change(run.id, lambda _: Remove())
        async for run in self._old({"archive_key": Not("")}):
            with contextlib.suppress(NotFound):
                await self._runs(run.tenant).change(
                    run.id, lambda old: old.model_copy(update={"archive_key": ""})
                )

    async def _old(self, where: Where) -> AsyncIterator[ImportRun]:
        """Yield imports that began a day ago and are not going on."""
        old = Range(lt=format_time(self._clock() - KEEP))
        query = Query(where={**where, "created_at": old}, limit=_PAGE)
        async for run in self._every().walk(query):
            job = await self._jobs.find(run.tenant, run.id)
            if job is None or job.state in FINAL:
                yield run

    def _new(self, author: Caller, project_id: str, options: ImportOptions) -> ImportRun:
        return ImportRun(
            id=new_id(),
            tenant=author.tenant,
            project_id=project_id,
            dry_run=options.dry_run,
            strict=options.strict,
            on_conflict=options.on_conflict,
            created_at=self._clock(),
            created_by=author.subject,
            role=author.role,
        )

    async def _begin(self, run: ImportRun) -> ImportRun:
        run = await self._runs(run.tenant).ensure(run)
        await self._queue(run)
        return run

    async def _job(self, run: ImportRun) -> Job | None:
        """Return an import's job; one that a kill kept from the queue is queued now."""
        job = await self._jobs.find(run.tenant, run.id)
        return job if job is not None or run.ended else await self._queue(run)

    async def _queue(self, run: ImportRun) -> Job:
        payload = {"project_id": run.project_id}
        job = await self._jobs.enqueue(run.tenant, IMPORT, run.id, payload=payload)
        if not run.queued:
            with contextlib.suppress(NotFound):  # its project was removed
                await self._runs(run.tenant).change(
                    run.id, lambda old: old.model_copy(update={"queued": True})
                )
        return job

    def _runs(self, tenant: str) -> Collection[ImportRun]:
        return self._documents.collection(IMPORT_RUNS, TenantScope(tenant))

    def _every(self) -> Collection[ImportRun]:
        return self._documents.collection(IMPORT_RUNS, EveryTenant())
