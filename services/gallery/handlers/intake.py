"""From a staged file to an image of the gallery, through every check, cheap ones first."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from services.gallery.adapters.decoders import DecodedFiles, DecodePool
from services.gallery.adapters.staging import Staged
from services.gallery.domain.limits import check_header, decode_bytes
from services.gallery.domain.names import clean_name, sort_name
from services.gallery.domain.refusals import refusal_of
from services.gallery.handlers.quota import Quota
from services.gallery.repository import IMAGES, Image
from shared.blobs.port import Blobs, blob_key
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.image_events import ImageUploaded
from shared.documents.port import Collection, Documents, Query, TenantScope
from shared.errors import AlreadyExists
from shared.ids import new_id
from shared.projects.directory import ProjectView
from shared.runtime.mapping import mapped
from shared.vision.headers.header import HeaderError, ImageHeader
from shared.vision.tiles import TilePlan


@dataclass(frozen=True, slots=True)
class Accepted:
    """An image that is in the gallery; `duplicate` when it was there before."""

    image: Image
    duplicate: bool


class Intake:
    """Takes images in."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        pool: DecodePool,
        *,
        quota: Quota,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._pool = pool
        self._clock = clock
        self.quota = quota

    async def accept(
        self, who: Caller, project: ProjectView, staged: Staged, *, raw_name: str
    ) -> Accepted:
        """Check a staged file fully and store it.

        Raises:
            LoupeError: one of the gallery's refusals.
        """
        name = clean_name(raw_name)
        known = await self._known(who.tenant, project.id, staged.sha256)
        if known is not None:
            return Accepted(known, duplicate=True)
        async with self.quota.place(who.tenant, staged.size_bytes):
            return await self._take_in(who, project, staged, name=name)

    async def _take_in(
        self, who: Caller, project: ProjectView, staged: Staged, *, name: str
    ) -> Accepted:
        header = await asyncio.to_thread(_header, staged.path, project.tile_plan)
        decoded = await self._pool.decode(
            staged.path, staged.folder, predicted_bytes=decode_bytes(header)
        )
        image = await self._stored(who, project, staged, header=header, decoded=decoded, name=name)
        try:
            stored = await self._images(who.tenant).insert(image, events=[uploaded_event(image)])
        except AlreadyExists:
            known = await self._known(who.tenant, project.id, staged.sha256)
            if known is None:
                raise
            return Accepted(known, duplicate=True)
        return Accepted(stored, duplicate=False)

    async def _stored(
        self,
        who: Caller,
        project: ProjectView,
        staged: Staged,
        *,
        header: ImageHeader,
        decoded: DecodedFiles,
        name: str,
    ) -> Image:
        original_key = await self._put(who.tenant, staged.path, staged.sha256)
        content_key = original_key
        if decoded.content is not None:
            content_key = await self._put(who.tenant, decoded.content)
        thumbnails_key = await self._put(who.tenant, decoded.thumbnails)
        width, height = header.upright_size
        tiled = project.tiling is not None
        return Image(
            id=new_id(),
            tenant=who.tenant,
            project_id=project.id,
            identity=staged.sha256,
            name=name,
            sort_name=sort_name(name),
            sha256=staged.sha256,
            size_bytes=staged.size_bytes,
            original_type=header.format.content_type,
            blob_key=content_key,
            content_type=decoded.content_type,
            width=width,
            height=height,
            uploaded_at=self._clock(),
            uploaded_by=who.subject,
            thumbnails_key=thumbnails_key,
            thumbnails={str(size): span for size, span in decoded.spans.items()},
            tiling="waiting" if tiled else "none",
        )

    async def _put(self, tenant: str, path: Path, sha256: str | None = None) -> str:
        if sha256 is None:
            sha256 = await asyncio.to_thread(_sha256, path)
        key = blob_key(tenant, sha256)
        await self._blobs.put_file(key, path)
        return key

    async def _known(self, tenant: str, project_id: str, sha256: str) -> Image | None:
        where = {"project_id": project_id, "identity": sha256}
        found = await self._images(tenant).query(Query(where=where, limit=1))
        return found[0] if found else None

    def _images(self, tenant: str) -> Collection[Image]:
        return self._documents.collection(IMAGES, TenantScope(tenant))


def uploaded_event(image: Image) -> ImageUploaded:
    """Return the event that tells of a new image or tile."""
    return ImageUploaded(
        project_id=image.project_id,
        image_id=image.id,
        name=image.name,
        blob_key=image.blob_key,
        sha256=image.sha256,
        content_type=image.content_type,
        size_bytes=image.size_bytes,
        width=image.width,
        height=image.height,
        uploaded_at=image.uploaded_at,
        parent_id=image.parent_id,
        row=image.row,
        column=image.column,
        offset_x=image.offset_x,
        offset_y=image.offset_y,
        plan_hash=image.plan_hash,
    )


def _header(path: Path, plan: TilePlan | None) -> ImageHeader:
    try:
        view = mapped(path)
    except HeaderError as error:
        raise refusal_of(error.reason, error.detail) from error
    return check_header(memoryview(view), plan)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
