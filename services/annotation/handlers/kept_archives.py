"""Archives that wait to be imported, or to be imported again: so much of a project, and no more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from weakref import WeakValueDictionary

from services.annotation.errors import ArchivesFull
from services.annotation.repository import (
    ARCHIVE_ROOMS,
    IMPORT_RUNS,
    ArchiveRoom,
    ComingArchive,
    ImportRun,
)
from shared.blobs.content import content_key, hash_of, put_by_hash
from shared.blobs.port import Blobs
from shared.clock import Clock, utc_now
from shared.documents.port import Collection, Documents, Not, Query, TenantScope, Where
from shared.errors import LoupeError, NotFound
from shared.ids import new_id
from shared.jobs.job import FINAL
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectView
from shared.telemetry import logger

_PAGE = 200
_COMING = timedelta(minutes=10)  # longer than an archive takes to be stored

log = logger(__name__)


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

    What is looked at but not imported gives way, oldest first, to what comes. What comes at the
    same time, to this process or another, is noted before it is stored; a note whose process was
    killed counts for ten minutes.
    """

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        jobs: JobQueue,
        quota_bytes: int,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._jobs = jobs
        self._quota = quota_bytes
        self._clock = clock
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
        async with (
            self._turns.setdefault(project.id, asyncio.Lock()),
            self._noted(project, archive),
        ):
            await put_by_hash(
                self._blobs,
                archive.path,
                tenant=project.tenant,
                project_id=project.id,
                sha256=archive.sha256,
            )
            yield

    @contextlib.asynccontextmanager
    async def _noted(self, project: ProjectView, new: Measured) -> AsyncIterator[None]:
        """Make room and note what comes, until its import is stored or it is refused."""
        rooms, name = self._rooms(project.tenant), new_id()
        leaving: list[ImportRun] = []

        async def note(room: ArchiveRoom) -> ArchiveRoom:
            now = self._clock()
            coming = {n: one for n, one in room.coming.items() if abs(now - one.at) < _COMING}
            leaving[:] = await self._leaving(project, new, coming)
            one = ComingArchive(key=new.key, size_bytes=new.size_bytes, at=now)
            return room.model_copy(update={"coming": {**coming, name: one}})

        def forget(room: ArchiveRoom) -> ArchiveRoom:
            coming = {n: one for n, one in room.coming.items() if n != name}
            return room.model_copy(update={"coming": coming})

        empty = ArchiveRoom(id=project.id, tenant=project.tenant)
        await rooms.change(project.id, note, new=empty)
        try:
            for run in leaving:
                await self._let_go(run)
            yield
        finally:
            try:
                await rooms.change(project.id, forget)
            except NotFound:
                pass  # its project was removed
            except LoupeError as error:  # what was taken in is taken in; the note ends by itself
                log.warning("archives.note_kept", project=project.id, cause=str(error))

    async def _leaving(
        self, project: ProjectView, new: Measured, coming: Mapping[str, ComingArchive]
    ) -> list[ImportRun]:
        """Return the imports whose archives give way to a new one.

        Raises:
            ArchivesFull: Imports that wait or go on, and what comes, take all the room.
        """
        others = await self._others(project, new.key)
        noted = {one.key: one.size_bytes for one in coming.values() if one.key != new.key}
        sizes = {key: runs[0].archive_bytes for key, runs in others.items()}
        idle = [
            key
            for key, runs in others.items()
            if key not in noted and all([await self._is_over(run) for run in runs])
        ]
        taken = sum({**noted, **sizes}.values())
        least = taken - sum(sizes[key] for key in idle)
        if least + new.size_bytes > self._quota:
            raise ArchivesFull(
                f"the archive has {_mib(new.size_bytes)} MiB, and archives that wait to be imported"
                f" take {_mib(least)} of {_mib(self._quota)} MiB: let those imports end, or stop"
                " them"
            )
        leaving: list[ImportRun] = []
        for key in sorted(idle, key=lambda key: max(run.created_at for run in others[key])):
            if taken + new.size_bytes <= self._quota:
                break
            leaving += others[key]
            taken -= sizes[key]
        return leaving

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

    def _rooms(self, tenant: str) -> Collection[ArchiveRoom]:
        return self._documents.collection(ARCHIVE_ROOMS, TenantScope(tenant))

    def _runs(self, tenant: str) -> Collection[ImportRun]:
        return self._documents.collection(IMPORT_RUNS, TenantScope(tenant))


def _measured(project: ProjectView, path: Path) -> Measured:
    digest = hash_of(path)
    key = content_key(project.tenant, project.id, digest)
    return Measured(path, digest, key, path.stat().st_size)


def _mib(size_bytes: int) -> int:
    return (size_bytes + (1 << 20) - 1) >> 20  # a part of one counts
