"""Resumable uploads after the tus protocol 1.0: parts in the blob store, the offset in a document.

Nothing of an upload lives in a process or on its disk, so any replica can go on with it.
"""

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from services.gallery.adapters.staging import StagedFile, Staging
from services.gallery.domain.limits import check_file_size
from services.gallery.domain.names import clean_name
from services.gallery.domain.refusals import UploadOffsetConflict
from services.gallery.handlers.uploads import Received, Uploads
from services.gallery.repository import UPLOADS, Upload
from shared.blobs.content import project_folder
from shared.blobs.port import Blobs
from shared.callers import Caller
from shared.clock import Clock, format_time, utc_now
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    In,
    Query,
    Range,
    Sort,
    TenantScope,
    Where,
)
from shared.errors import InvalidInput, LoupeError, NotFound, VersionConflict
from shared.ids import new_id
from shared.projects.directory import ProjectDirectory, ProjectView
from shared.telemetry import logger
from shared.ticks import age_of, ticks_beside

LIFETIME = timedelta(hours=24)
TAKEN_OVER_AFTER = timedelta(minutes=2)  # longer than whoever brought the last byte needs
_SKEW = timedelta(hours=1)  # of the clocks of two machines; what is further ahead was wrong

log = logger(__name__)


class ResumableUploads:
    """Uploads that go on where they broke off."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        staging: Staging,
        uploads: Uploads,
        projects: ProjectDirectory,
        clock: Clock = utc_now,
    ) -> None:
        self._projects = projects
        self._documents = documents
        self._blobs = blobs
        self._staging = staging
        self._uploads = uploads
        self._clock = clock

    async def create(
        self, who: Caller, project: ProjectView, *, length: int, metadata: str
    ) -> Upload:
        """Begin an upload of `length` bytes; its name stands in the metadata.

        Raises:
            LoupeError: the length or the name is refused already, or the quota is used up.
        """
        check_file_size(length)
        async with self._uploads.quota.room_for_parts(who.tenant, length):
            upload = await self._new(who, project, length=length, metadata=metadata)
            return await self._insert(upload)

    async def create_with_body(
        self,
        who: Caller,
        project: ProjectView,
        *,
        length: int,
        metadata: str,
        body: AsyncIterator[bytes],
    ) -> Upload | Received:
        """Begin an upload with its first bytes; when they are all, take the image in at once.

        Raises:
            LoupeError: as `create`, or more bytes than were announced.
        """
        check_file_size(length)
        with self._staging.file() as staged:
            async with self._uploads.quota.room_for_parts(who.tenant, length):
                upload = await self._new(who, project, length=length, metadata=metadata)
                try:
                    async for chunk in body:
                        await staged.write(chunk)
                        _check_announced(upload, staged)
                finally:
                    if staged.size_bytes < length:  # cut short: what came is kept
                        upload = await self._insert(upload)
                        if staged.size_bytes:
                            upload = await self._keep(upload, staged)
            if upload.version:
                return upload
            return await self._uploads.take_one(who, project, staged, name=upload.name)

    async def find(self, tenant: str, project_id: str, upload_id: str) -> Upload:
        """Return an upload; raise NotFound."""
        upload = await self._of(tenant).find(upload_id)
        if upload is None or upload.project_id != project_id:
            raise NotFound(f"no upload {upload_id}")
        return upload

    async def find_own(self, who: Caller, project_id: str, upload_id: str) -> Upload:
        """Return an upload that ``who`` may go on with or give up.

        Raises:
            NotFound: the project has no such upload.
            Forbidden: somebody else began it, and the caller is no engineer.
        """
        upload = await self.find(who.tenant, project_id, upload_id)
        who.check_own(upload.created_by)
        return upload

    async def append(self, upload: Upload, *, offset: int, body: AsyncIterator[bytes]) -> Upload:
        """Add what the body brings, even when it breaks off, and return the upload.

        Raises:
            UploadOffsetConflict: the part does not begin where the upload stands.
            InvalidInput: more bytes than were announced.
        """
        if offset != upload.offset:
            raise UploadOffsetConflict(f"the upload stands at {upload.offset}, not at {offset}")
        with self._staging.file() as part:
            try:
                async for chunk in body:
                    await part.write(chunk)
                    _check_announced(upload, part)
            finally:
                if 0 < part.size_bytes <= upload.length - upload.offset:
                    upload = await self._keep(upload, part)
        return upload

    async def complete(self, who: Caller, project: ProjectView, upload: Upload) -> Received:
        """Put the parts of a whole upload together and take the image in; the upload is over."""
        staged = self._staging.new()
        try:
            for key in upload.parts:
                async for chunk in self._blobs.stream(key):
                    await staged.write(chunk)
            result = await self._uploads.take_one(who, project, staged, name=upload.name)
        finally:
            staged.discard()
        await self.cancel(upload)
        return result

    async def cancel(self, upload: Upload) -> None:
        """Remove an upload and its parts."""
        async for part in self._blobs.walk(_folder(upload)):  # also those that a crash left
            await self._blobs.delete(part.key)
        try:
            await self._of(upload.tenant).delete(upload)
        except (NotFound, VersionConflict):
            return
        self._uploads.quota.parts_ended(upload.tenant)

    async def take_in_whole(self) -> int:
        """Take in whole uploads whose request died before it could; return how many ended.

        Their clients were told by HEAD that all is there, and will not come back.
        """
        tenants, ended = In(await self._projects.tenants()), 0
        waiting = Query(where={"tenant": tenants, "whole": True}, sort=Sort("expires_at"))
        async for upload in self._documents.collection(UPLOADS, EveryTenant()).walk(waiting):
            if -_SKEW <= self._silent(upload) < TAKEN_OVER_AFTER:
                continue
            try:
                ended += await self._take_over(upload)
            except LoupeError as error:
                if error.status >= 500:  # a full disk, a store that is down: it waits
                    log.warning("upload.waits", upload=upload.id, cause=error.detail)
                    continue
                log.warning("upload.dropped", upload=upload.id, cause=error.detail)
                await self.cancel(upload)
                ended += 1
        return ended

    async def expire(self) -> int:
        """Remove uploads that nobody went on with in time; return how many.

        One of a clock that was ahead gets its whole time anew, by the clock of now.
        """
        now, gone = self._clock(), 0
        past, ahead = Range(lte=format_time(now)), Range(gt=format_time(now + LIFETIME + _SKEW))
        every = self._documents.collection(UPLOADS, EveryTenant())
        parts: Where = {"tenant": In(await self._projects.tenants()), "whole": False}
        order = Sort("expires_at")
        async for upload in every.walk(Query(where={**parts, "expires_at": past}, sort=order)):
            if self._silent(upload) >= LIFETIME:
                await self.cancel(upload)
                gone += 1
        async for upload in every.walk(Query(where={**parts, "expires_at": ahead}, sort=order)):
            with suppress(NotFound):  # ended meanwhile
                await self._of(upload.tenant).change(
                    upload.id, lambda known: known.model_copy(update=self._term())
                )
        return gone

    def _silent(self, upload: Upload) -> timedelta:
        """Return how long ago the last part came; negative where its clock was ahead of ours."""
        return age_of(upload.expires_at - LIFETIME, upload.ticks, clock=self._clock)

    def _term(self) -> dict[str, Any]:
        ticks = ticks_beside(self._clock)
        return {"expires_at": self._clock() + LIFETIME, "ticks": ticks}

    async def _take_over(self, upload: Upload) -> bool:
        project = await self._projects.find(upload.tenant, upload.project_id)
        if project is None:
            return False  # unheard of, or deleted: then its clearing removes the upload
        who = Caller.system(upload.tenant, on_behalf_of=upload.created_by)
        received = await self.complete(who, project, upload)
        if received.refusal is not None:
            log.warning("upload.refused", upload=upload.id, cause=received.refusal.detail)
        return True

    async def _new(
        self, who: Caller, project: ProjectView, *, length: int, metadata: str
    ) -> Upload:
        await self._uploads.quota.begin_upload(who.tenant)
        return Upload(
            id=new_id(),
            tenant=who.tenant,
            project_id=project.id,
            name=clean_name(file_name(metadata)),
            length=length,
            created_by=who.subject,
            **self._term(),
        )

    async def _insert(self, upload: Upload) -> Upload:
        stored = await self._of(upload.tenant).insert(upload)
        self._uploads.quota.parts_began(upload.tenant, upload.length)
        return stored

    async def _keep(self, upload: Upload, part: StagedFile) -> Upload:
        whole = await part.finish()
        key = f"{_folder(upload)}{upload.offset}-{new_id()}"
        await self._blobs.put_file(key, whole.path)
        new = upload.model_copy(
            update={
                "offset": upload.offset + whole.size_bytes,
                "parts": (*upload.parts, key),
                "whole": upload.offset + whole.size_bytes == upload.length,
                **self._term(),
            }
        )
        try:
            return await self._of(new.tenant).replace(new)
        except VersionConflict as error:
            await self._blobs.delete(key)
            raise UploadOffsetConflict("another part of the upload came first") from error

    def _of(self, tenant: str) -> Collection[Upload]:
        return self._documents.collection(UPLOADS, TenantScope(tenant))


def _folder(upload: Upload) -> str:
    return f"{project_folder(upload.tenant, upload.project_id)}uploads/{upload.id}/"


def _check_announced(upload: Upload, part: StagedFile) -> None:
    if upload.offset + part.size_bytes > upload.length:
        raise InvalidInput(f"the upload was announced with {upload.length} bytes")


def file_name(metadata: str) -> str:
    """Return the file name of an Upload-Metadata header: comma-separated `key base64` pairs.

    Raises:
        InvalidInput: it is damaged or names no file.

    >>> file_name("filetype aW1hZ2UvcG5n,filename cGFydC5wbmc=")
    'part.png'
    """
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise InvalidInput("Upload-Metadata: the file name is not Base64") from error
    raise InvalidInput("Upload-Metadata names no filename")
