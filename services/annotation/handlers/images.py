"""The images that the gallery announced: the read model that annotations are checked against."""

import asyncio
import time
from collections.abc import Callable, Sequence

from services.annotation.repository import IMAGES, ImageView
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.documents.hearing import WAIT_S, until
from shared.documents.port import Collection, Documents, Not, Query, TenantScope, Where
from shared.documents.projections import remember
from shared.errors import NotFound
from shared.projects.directory import ProjectView

_LOOK_S = 0.05
_MOST_WAITS = 7


class Images:
    """The images of all projects as this service knows them."""

    def __init__(self, documents: Documents, *, wait_s: float = WAIT_S) -> None:
        self._documents = documents
        self._wait_s = wait_s

    async def require(self, tenant: str, project_id: str, image_id: str) -> ImageView:
        """Return a living image of the project; raise NotFound.

        One uploaded a moment ago may not have been heard of, so an unknown one is waited for.
        """
        images = self._collection(tenant)
        view = await until(lambda: images.find(image_id), wait_s=self._wait_s)
        if view is None or view.deleted or view.project_id != project_id:
            raise NotFound(f"no image {image_id}")
        return view

    async def lives(self, image: ImageView) -> bool:
        """Whether an image that was there still is."""
        view = await self._collection(image.tenant).find(image.id)
        return view is not None and not view.deleted

    async def of_project(self, tenant: str, project_id: str) -> list[ImageView]:
        """Return every living image of a project."""
        where: Where = {"project_id": project_id, "deleted": False}
        return [view async for view in self._collection(tenant).walk(Query(where=where, limit=500))]

    async def tiles_of(self, tenant: str, image_id: str) -> list[ImageView]:
        """Return the living tiles that were cut out of an image."""
        where: Where = {"parent_id": image_id, "deleted": False}
        return [view async for view in self._collection(tenant).walk(Query(where=where, limit=500))]

    async def wholes(self, tenant: str, project: ProjectView) -> frozenset[str]:
        """Return the images of a tiled project that are no tiles; none of a plain project."""
        if project.tiling is None:
            return frozenset()
        where: Where = {"project_id": project.id, "deleted": False, "parent_id": None}
        return frozenset(
            [view.id async for view in self._collection(tenant).walk(Query(where=where, limit=500))]
        )

    async def count(self, tenant: str, project: ProjectView) -> int:
        """Return how many living images a project has; a tiled one's images are its tiles."""
        where: Where = {"project_id": project.id, "deleted": False}
        if project.tiling is not None:
            where = {**where, "parent_id": Not(None)}
        return await self._collection(tenant).count(where)

    async def settled(
        self, tenant: str, project_id: str, misses: Callable[[Sequence[ImageView]], bool]
    ) -> list[ImageView]:
        """Return a project's images once `misses` finds none missing, or after a wait.

        The wait is short, and goes on while news of images still comes in.
        """
        began = quiet_since = time.monotonic()
        known = -1
        while True:
            found = await self.of_project(tenant, project_id)
            now = time.monotonic()
            if len(found) != known:
                known, quiet_since = len(found), now
            over = now - quiet_since >= self._wait_s or now - began >= _MOST_WAITS * self._wait_s
            if over or not misses(found):
                return found
            await asyncio.sleep(4 * _LOOK_S)

    async def uploaded(self, event: Event[ImageUploaded]) -> None:
        """Take note of an image."""
        facts = event.data.model_dump(include=set(ImageView.model_fields))
        view = ImageView(
            id=event.data.image_id, tenant=event.tenant, sequence=event.sequence, **facts
        )
        await remember(self._collection(event.tenant), view)

    async def deleted(self, event: Event[ImageDeleted]) -> None:
        """Take note that an image is gone."""
        view = ImageView(
            id=event.data.image_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=event.data.project_id,
            deleted=True,
        )
        await remember(self._collection(event.tenant), view)

    def _collection(self, tenant: str) -> Collection[ImageView]:
        return self._documents.collection(IMAGES, TenantScope(tenant))
