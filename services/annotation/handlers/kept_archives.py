"""Archives that wait to be imported, or to be imported again: so much of a project, and no more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from services.annotation.errors import ArchivesFull
from services.annotation.repository import IMPORT_RUNS, ImportRun
from shared.blobs.content import content_key, hash_of, put_by_hash
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
class Measured:
    """An archive with the hash of its content, its name by it, and its bytes, not stored yet."""

    path: Path
    sha256: str
    key: str
    size_bytes: int


class KeptArchives:
    """The archives of a project's imports, at most ``quota_bytes`` of them.

    What is looked at but not imported gives way, oldest first, to what comes. Processes that take
    archives at the same time do not know of each other's: each may go over by one.
    """

    def __init__(
        self, documents: Documents, blobs: Blobs, *, jobs: JobQueue, quota_bytes: int
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._jobs = jobs
        self._quota = quota_bytes
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @staticmethod
    async def measured(project: ProjectView, archive: Archive) -> Measured:
        """Return an archive's hash, name and size."""
        return await asyncio.to_thread(_measured, project, archive.path)

    @contextlib.asynccontextmanager
    async def stored(self, project: ProjectView, archive: Measured) -> AsyncIterator[None]:
        """Store an archive; the block makes the import that names it, before another one comes.

        An archive that is refused is not stored, and none gives way to it.

        Raises:
            ArchivesFull: Imports that wait or go on take all the room.
        """
        async with self._turns.setdefault(project.id, asyncio.Lock()):
            await self._make_room(project, archive)
            await put_by_hash(
                self._blobs,
                archive.path,
                tenant=project.tenant,
                project_id=project.id,
                sha256=archive.sha256,
            )
            yield

    async def _make_room(self, project: ProjectView, new: Measured) -> None:
        others = await self._others(project, new.key)
        sizes = {key: runs[0].archive_bytes for key, runs in others.items()}
        idle = [key for key, runs in others.items() if all([await self._is_over(r) for r in runs])]
        taken = sum(sizes.values())
        least = taken - sum(sizes[key] for key in idle)
        if least + new.size_bytes > self._quota:
            raise ArchivesFull(
                f"the archive has {_mib(new.size_bytes)} MiB, and archives that wait to be imported"
                f" take {_mib(least)} of {_mib(self._quota)} MiB: let those imports end, or stop"
                " them"
            )
        for key in sorted(idle, key=lambda key: max(run.created_at for run in others[key])):
            if taken + new.size_bytes <= self._quota:
                return
            for run in others[key]:
                await self._let_go(run)
            taken -= sizes[key]

    async def _others(self, project: ProjectView, but: str) -> dict[str, list[ImportRun]]:
        """Return the imports that still name an archive, by its key."""
        where: Where = {"project_id": project.id, "archive_key": Not("")}
        found: dict[str, list[ImportRun]] = {}
        async for run in self._runs(project.tenant).walk(Query(where, limit=_PAGE)):
            if run.archive_key != but:
                found.setdefault(run.archive_key, []).append(run)
        return found

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


def _measured(project: ProjectView, path: Path) -> Measured:
    digest = hash_of(path)
    key = content_key(project.tenant, project.id, digest)
    return Measured(path, digest, key, path.stat().st_size)


def _mib(size_bytes: int) -> int:
    return (size_bytes + (1 << 20) - 1) >> 20  # a part of one counts
