"""Archives that wait to be imported, or to be imported again: so much of a project, and no more."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

from services.annotation.errors import ArchivesFull
from services.annotation.repository import IMPORT_RUNS, ImportRun
from shared.blobs.content import put_by_hash
from shared.blobs.port import Blobs
from shared.documents.port import Collection, Documents, Not, Query, TenantScope, Where
from shared.errors import NotFound
from shared.jobs.job import FINAL
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectView

_PAGE = 200


@dataclass(frozen=True)
class Archive:
    """An archive that came with a request: where it lies, and what its sender calls it."""

    path: Path
    name: str


@dataclass(frozen=True)
class Kept:
    """An archive that is stored: its blob's key and its bytes."""

    key: str
    size_bytes: int


class KeptArchives:
    """The archives of a project's imports, at most ``quota_bytes`` of them.

    What is looked at but not imported gives way, oldest first, to what comes.
    """

    def __init__(
        self, documents: Documents, blobs: Blobs, *, jobs: JobQueue, quota_bytes: int
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._jobs = jobs
        self._quota = quota_bytes

    async def put(self, project: ProjectView, archive: Archive) -> Kept:
        """Store an archive.

        Raises:
            ArchivesFull: Imports that wait or go on take all the room.
        """
        size = await asyncio.to_thread(lambda: archive.path.stat().st_size)
        key = await put_by_hash(
            self._blobs, archive.path, tenant=project.tenant, project_id=project.id
        )
        await self._make_room(project, Kept(key, size))
        return Kept(key, size)

    async def _make_room(self, project: ProjectView, new: Kept) -> None:
        where: Where = {"project_id": project.id, "archive_key": Not("")}
        runs = [run async for run in self._runs(project.tenant).walk(Query(where, limit=_PAGE))]
        runs = [run for run in runs if run.archive_key != new.key]
        kept = {run.archive_key: run.archive_bytes for run in runs}
        needed = {run.archive_key for run in runs if not await self._is_over(run)}
        for run in sorted(runs, key=lambda run: run.created_at):
            if sum(kept.values()) + new.size_bytes <= self._quota:
                return
            if run.archive_key not in needed:
                await self._let_go(run)
                kept.pop(run.archive_key, None)
        taken = sum(kept.values())
        if taken + new.size_bytes > self._quota:
            raise ArchivesFull(
                f"the archive has {_mib(new.size_bytes)} MiB, and archives that wait to be imported"
                f" take {_mib(taken)} of {_mib(self._quota)} MiB: let those imports end, or stop"
                " them"
            )

    async def _is_over(self, run: ImportRun) -> bool:
        job = await self._jobs.find(run.tenant, run.id)
        return run.ended is not None or (job is not None and job.state in FINAL)

    async def _let_go(self, run: ImportRun) -> None:
        with contextlib.suppress(NotFound):  # forgotten, or its project was removed
            await self._runs(run.tenant).change(
                run.id, lambda old: old.model_copy(update={"archive_key": ""})
            )

    def _runs(self, tenant: str) -> Collection[ImportRun]:
        return self._documents.collection(IMPORT_RUNS, TenantScope(tenant))


def _mib(size_bytes: int) -> int:
    return (size_bytes + (1 << 20) - 1) >> 20  # a part of one counts
