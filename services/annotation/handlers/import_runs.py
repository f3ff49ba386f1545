"""Imports as jobs: begun and asked for here, worked on by ``work``; their reports stay."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.annotation.domain.import_report import ImportReport
from services.annotation.errors import ArchiveGone, ImportGoesOn, NoReport
from services.annotation.handlers.import_reach import ImportReach
from services.annotation.handlers.import_reports import report_of
from services.annotation.handlers.imports import ImportOptions, ImportOutcome, ImportWish
from services.annotation.handlers.kept_archives import Archive, KeptArchives
from services.annotation.repository import IMPORT_RUNS, SERVICE, ImportRun
from shared.blobs.content import put_by_hash
from shared.blobs.port import Blobs
from shared.callers import Caller
from shared.clock import Clock, format_time, utc_now
from shared.documents.port import (
    Documents,
    Not,
    Query,
    Range,
    Remove,
    Where,
)
from shared.documents.receipts import Keyed, Receipts
from shared.errors import NotFound
from shared.ids import derived_id, new_id
from shared.jobs.documents import LOOK_S, JobDocuments
from shared.jobs.job import FINAL, Job
from shared.jobs.queue import JobQueue
from shared.paging import Page, PageParams
from shared.projects.directory import ProjectView
from shared.texts.language import speaking

IMPORT = "import"
KEEP = timedelta(days=1)
_OF_ARCHIVE = ("archive_name", "archive_key", "archive_bytes")
_LOOKS = 360  # until what is old is looked for again: an hour
_PAGE = 200


@dataclass(frozen=True)
class _Wish:
    """What a key stands for: an import of the archive that came, or of that of an earlier one."""

    archive: str
    options: ImportOptions


class ImportRuns:
    """Imports as people see them, each a document with a job, but for those of one request."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        jobs: JobQueue,
        archives: KeptArchives,
        reach: ImportReach,
        clock: Clock = utc_now,
    ) -> None:
        self._blobs = blobs
        self._runs = JobDocuments(documents, IMPORT_RUNS, jobs, IMPORT)
        self._archives = archives
        self._reach = reach
        self._clock = clock
        self._receipts = Receipts(documents, SERVICE)

    async def start(
        self, author: Caller, project: ProjectView, archive: Archive, options: ImportOptions
    ) -> ImportRun:
        """Keep an archive and queue its import, or the look at what it would do.

        Raises:
            KeyReused: The options' key came with another archive, or with others.
            KeySpent: What the key made is gone.
            ArchivesFull: Imports that wait or go on take all the room for archives.
        """
        measured = await self._archives.measured(project, archive)
        run = self._new(author, project.id, options).model_copy(
            update={
                "archive_name": archive.name,
                "archive_key": measured.key,
                "archive_bytes": measured.size_bytes,
            }
        )

        async def begin(run: ImportRun) -> ImportRun:
            async with self._archives.stored(project, measured):
                return await self._begin(run)

        return await self._once(run, _Wish(measured.key, options), begin)

    async def again(
        self, author: Caller, project_id: str, run_id: str, options: ImportOptions
    ) -> ImportRun:
        """Queue another import, or look, of an archive that is here; with a key, only once.

        Raises:
            NotFound: The project has no such import.
            ArchiveGone: Its archive was imported, gave way to others, or lay here for a day.
            KeyReused: The options' key came with another import, or with others.
            KeySpent: What the key made is gone.
        """
        earlier, _ = await self.get(author, project_id, run_id)
        kept = {name: getattr(earlier, name) for name in _OF_ARCHIVE}
        run = self._new(author, project_id, options).model_copy(update=kept)
        return await self._once(run, _Wish(f"of {run_id}", options), self._begin)

    async def _once(
        self, run: ImportRun, wish: _Wish, begin: Callable[[ImportRun], Awaitable[ImportRun]]
    ) -> ImportRun:
        """Begin an import, unless the key that came with it has begun it before."""
        key = wish.options.key
        if key is None:
            return await begin(run)
        run = run.model_copy(update={"id": derived_id(run.tenant, IMPORT, run.project_id, key)})
        return await self._receipts.make_once(
            Keyed(run.tenant, run.id, wish, run.project_id),
            things=self._runs.of(run.tenant),
            make=lambda: begin(run),
        )

    async def note(self, wish: ImportWish, outcome: ImportOutcome) -> None:
        """Keep the report of an import that was done within its request."""
        run = self._new(wish.author, wish.project.id, wish.options)
        run = run.model_copy(update={"id": wish.import_id, "queued": True})
        update = await self._end_of(run, outcome)
        await self._runs.of(run.tenant).ensure(run.model_copy(update=update))

    async def planned(self, run: ImportRun, outcome: ImportOutcome) -> None:
        """Keep what an import is about to do: should it not come to its end, that tells how far."""
        report = await asyncio.to_thread(
            _in_english, replace(outcome, import_id=run.id), run.dry_run
        )
        key = await self._stored(run, report)
        await self._runs.of(run.tenant).change(
            run.id, lambda old: old.model_copy(update={"plan_key": key})
        )

    async def end(self, run: ImportRun, outcome: ImportOutcome, *, refused: str = "") -> None:
        """Store the report of an import that came to its end; the archive has served, if it did."""
        update = await self._end_of(run, outcome, refused=refused)
        await self._runs.of(run.tenant).change(run.id, lambda old: old.model_copy(update=update))

    async def _end_of(
        self, run: ImportRun, outcome: ImportOutcome, *, refused: str = ""
    ) -> dict[str, Any]:
        """Store the report; return what the run says from then on."""
        report = await asyncio.to_thread(_in_english, outcome, run.dry_run or bool(refused))
        update: dict[str, Any] = {
            "plan_key": "",
            "report_key": await self._stored(run, report),
            "ended": "failed" if refused else "succeeded",
            "error": refused,
            "finished_at": self._clock(),
            "imported": report.imported,
            "failed": report.failed,
        }
        if not run.dry_run and not refused:
            update["archive_key"] = ""
        return update

    async def _stored(self, run: ImportRun, report: ImportReport) -> str:
        data = await asyncio.to_thread(lambda: report.model_dump_json().encode())
        return await put_by_hash(self._blobs, data, tenant=run.tenant, project_id=run.project_id)

    async def _told_how_far(self, run: ImportRun, job: Job) -> ImportRun:
        """Give an import that was stopped, or broke off, the report of how far it came."""
        report = await self._reach.report(run)
        update = {
            "plan_key": "",
            "report_key": await self._stored(run, report),
            "ended": job.state,
            "error": job.error,
            "finished_at": job.finished_at,
            "imported": report.imported,
            "failed": report.failed,
        }
        return await self._runs.of(run.tenant).change(
            run.id, lambda old: old.model_copy(update=update) if old.plan_key else None
        )

    async def get(self, who: Caller, project_id: str, run_id: str) -> tuple[ImportRun, Job | None]:
        """Return an import and its job, if it has one; raise NotFound."""
        run = await self._runs.get(who.tenant, project_id, run_id)
        return await self._seen(run, await self._runs.job(run))

    async def page(
        self, who: Caller, project_id: str, paging: PageParams
    ) -> Page[tuple[ImportRun, Job | None]]:
        """Return one page of a project's imports, newest first; dry runs are left out."""
        where: Where = {"project_id": project_id, "dry_run": False}
        found = await self._runs.page(who.tenant, paging, where)
        return found.with_items([await self._seen(run, job) for run, job in found.items])

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
        """Stop an import; what it wrote stays, and can be undone.

        Raises:
            NotFound: The project has no such import.
            Forbidden: Somebody else began it, and the caller is no engineer.
        """
        run, job = await self.get(who, project_id, run_id)
        who.check_own(run.created_by)
        if job is not None:
            await self._runs.cancel(who.tenant, run_id)

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
                await asyncio.sleep(LOOK_S)

    async def queue_left(self) -> None:
        """Queue the imports that a kill kept from it."""
        await self._runs.queue_left()

    async def tidy(self) -> None:
        """Forget dry runs, and archives that were not imported, once they lie here for a day."""
        async for run in self._old({"dry_run": True}):
            await self._runs.drop(run)
            with contextlib.suppress(NotFound):
                await self._runs.of(run.tenant).change(run.id, lambda _: Remove())
        async for run in self._old({"archive_key": Not("")}):
            with contextlib.suppress(NotFound):
                await self._runs.of(run.tenant).change(
                    run.id, lambda old: old.model_copy(update={"archive_key": ""})
                )

    async def goes(self, run: ImportRun) -> bool:
        """Let an import that is past its term go with its job, unless it is at work."""
        if not await self._runs.is_over(run):
            return False
        await self._runs.drop(run)
        return True

    async def _old(self, where: Where) -> AsyncIterator[ImportRun]:
        """Yield imports that began a day ago and are not going on."""
        old = Range(lt=format_time(self._clock() - KEEP))
        query = Query(where={**where, "created_at": old}, limit=_PAGE)
        async for run in self._runs.every().walk(query):
            if await self._runs.is_over(run):
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
        if not run.archive_key:
            raise ArchiveGone("the archive was imported, or lay here for a day; send it again")
        return await self._runs.begin(run)

    async def _seen(self, run: ImportRun, job: Job | None) -> tuple[ImportRun, Job | None]:
        """Return an import and its job; one that was stopped tells now how far it came."""
        if job is not None and job.state in FINAL and run.plan_key:
            run = await self._told_how_far(run, job)
        return run, job


def _in_english(outcome: ImportOutcome, dry_run: bool) -> ImportReport:
    with speaking("en"):  # whoever reads it is told in another language, perhaps
        return report_of(outcome, dry_run=dry_run)
