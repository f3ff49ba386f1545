"""Multipart uploads: files are staged as they stream in, and checked several at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from services.gallery.adapters.staging import StagedFile, Staging
from services.gallery.domain.refusals import TooManyUploads
from services.gallery.handlers.intake import Accepted, Intake
from services.gallery.handlers.quota import Quota
from shared.callers import Caller
from shared.errors import FieldError, InvalidInput, LoupeError
from shared.http.multipart import Part
from shared.projects.directory import ProjectView

_MAX_EXCESS_BYTES = 1 << 30  # of an oversized file, read and dropped so that the rest can follow


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one file: it was accepted, or refused."""

    name: str
    accepted: Accepted | None = None
    refusal: LoupeError | None = None


class Uploads:
    """Receives files of a request; `parallel` of them are on their way at a time."""

    def __init__(self, intake: Intake, staging: Staging, *, parallel: int) -> None:
        self._intake = intake
        self._staging = staging
        self.parallel = parallel

    @property
    def quota(self) -> Quota:
        """What admits files."""
        return self._intake.quota

    async def receive(
        self, who: Caller, project: ProjectView, parts: AsyncIterator[Part]
    ) -> list[Received]:
        """Take all files of a request in; one file's refusal does not touch the others.

        Raises:
            LoupeError: the request itself is refused; files before the fault may be in.
        """
        await self.quota.check(who.tenant)
        batch = _Batch(self, self._staging.new, who=who, project=project)
        try:
            async for part in parts:
                if part.file_name is not None:
                    await batch.take(part.file_name, part.chunks)
        finally:
            results = await batch.finish()
        if not results:
            raise InvalidInput("the request has no file", errors=[FieldError("files", "is empty")])
        return results

    async def take_one(
        self, who: Caller, project: ProjectView, staged: StagedFile, *, name: str
    ) -> Received:
        """Take one staged file in and tell what became of it; the file is removed."""
        try:
            whole = await staged.finish()
            accepted = await self._intake.accept(who, project, whole, raw_name=name)
        except LoupeError as error:
            if error.status >= 500:
                raise
            return Received(name, refusal=error)
        finally:
            staged.discard()
        return Received(name, accepted=accepted)


class _Batch:
    """The files of one request."""

    def __init__(
        self,
        uploads: Uploads,
        stage: Callable[[], StagedFile],
        *,
        who: Caller,
        project: ProjectView,
    ) -> None:
        self._uploads = uploads
        self._stage = stage
        self._who = who
        self._project = project
        self._slots = asyncio.Semaphore(uploads.parallel)
        self._tasks: list[asyncio.Task[Received]] = []

    async def take(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Take the next file; waits while enough files are on their way."""
        await self._slots.acquire()
        staged = self._stage()
        try:
            async for chunk in chunks:
                await staged.write(chunk)
                if staged.size_bytes > _MAX_EXCESS_BYTES:
                    await staged.finish()  # raises: far over what an image may be
        except BaseException:  # cut off: what came is no file
            staged.discard()
            raise
        self._tasks.append(asyncio.create_task(self._take_in(staged, name)))

    async def finish(self) -> list[Received]:
        """Wait for all whole files."""
        return list(await asyncio.gather(*self._tasks))

    async def _take_in(self, staged: StagedFile, name: str) -> Received:
        try:
            await self._uploads.quota.begin_upload(self._who.tenant)
            return await self._uploads.take_one(self._who, self._project, staged, name=name)
        except TooManyUploads as refusal:
            return Received(name, refusal=refusal)
        finally:
            staged.discard()  # also where quotas could not be read
            self._slots.release()
