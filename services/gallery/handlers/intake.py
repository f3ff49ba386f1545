"""From a staged file to an image of the gallery, through every check, cheap ones first."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from services.gallery.adapters.staging import Staged
from services.gallery.domain.limits import check_header
from services.gallery.domain.names import clean_name
from services.gallery.domain.refusals import refusal_of
from services.gallery.handlers.announcement import uploaded_event
from services.gallery.handlers.quota import Quota
from services.gallery.handlers.renditions import Renditions
from services.gallery.repository import IMAGES, Image
from shared.blobs.content import content_key
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.names import folded
from shared.documents.port import Collection, Documents, Query, TenantScope
from shared.errors import AlreadyExists
from shared.ids import new_id
from shared.projects.directory import ProjectDirectory, ProjectView
from shared.runtime.mapped_files import mapped
from shared.vision.headers.header import HeaderError, ImageHeader
from shared.vision.tiles import TilePlan


@dataclass(frozen=True, slots=True)
class Accepted:
    """An image that is in the gallery; `duplicate` when it was there before.

    `warnings` tell what a person should know of how its content was made.
    """

    image: Image
    duplicate: bool
    warnings: tuple[str, ...] = ()


class Intake:
    """Takes images in."""

    def __init__(
        self,
        documents: Documents,
        renditions: Renditions,
        *,
        projects: ProjectDirectory,
        quota: Quota,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._renditions = renditions
        self._projects = projects
        self._clock = clock
        self.quota = quota

    async def accept(
        self, who: Caller, project: ProjectView, staged: Staged, *, raw_name: str
    ) -> Accepted:
        """Check a staged file fully and store it.

        Raises:
            LoupeError: one of the gallery's refusals; NotFound where the project was deleted.
        """
        name = clean_name(raw_name)
        known = await self._known(who.tenant, project.id, staged.sha256)
        if known is not None:
            await self._renditions.heal(known, staged)
            return _again(known, name)
        async with self.quota.place(who.tenant, staged.size_bytes):
            return await self._take_in(who, project, staged, name=name)

    async def _take_in(
        self, who: Caller, project: ProjectView, staged: Staged, *, name: str
    ) -> Accepted:
        header = await asyncio.to_thread(_header, staged.path, project.tile_plan)
        made = await self._renditions.make(who.tenant, project.id, staged, header=header)
        image = self._image(who, project, staged, header=header, name=name)
        image = image.model_copy(update=made.fields)
        await self._projects.require(who.tenant, project.id)  # an upload may outlive it
        try:
            stored = await self._images(who.tenant).insert(image, events=[uploaded_event(image)])
        except AlreadyExists:
            known = await self._known(who.tenant, project.id, staged.sha256)
            if known is None:
                raise
            return _again(known, name)
        return Accepted(stored, duplicate=False, warnings=made.warnings)

    def _image(
        self, who: Caller, project: ProjectView, staged: Staged, *, header: ImageHeader, name: str
    ) -> Image:
        width, height = header.upright_size
        return Image(
            id=new_id(),
            tenant=who.tenant,
            project_id=project.id,
            identity=staged.sha256,
            name=name,
            sort_name=folded(name),
            sha256=staged.sha256,
            size_bytes=staged.size_bytes,
            original_type=header.format.content_type,
            blob_key=content_key(who.tenant, project.id, staged.sha256),
            content_type=header.format.content_type,
            width=width,
            height=height,
            orientation=header.orientation,
            uploaded_at=self._clock(),
            uploaded_by=who.subject,
            tiling="waiting" if project.tiling is not None else "none",
        )

    async def _known(self, tenant: str, project_id: str, sha256: str) -> Image | None:
        where = {"project_id": project_id, "identity": sha256}
        found = await self._images(tenant).query(Query(where=where, limit=1))
        return found[0] if found else None

    def _images(self, tenant: str) -> Collection[Image]:
        return self._documents.collection(IMAGES, TenantScope(tenant))


def _again(known: Image, name: str) -> Accepted:
    """An image that is here; who sent it under a second name must know which one it has."""
    told = f"the same picture is here as {known.name!r}; labels of {name!r} must bear that name"
    return Accepted(known, duplicate=True, warnings=() if name == known.name else (told,))


def _header(path: Path, plan: TilePlan | None) -> ImageHeader:
    try:
        view = mapped(path)
    except HeaderError as error:
        raise refusal_of(error.reason, error.detail) from error
    return check_header(memoryview(view), plan)
