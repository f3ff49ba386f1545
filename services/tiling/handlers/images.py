"""What is known of images and their targets, and the order to cut those that came whole."""

import asyncio

from services.tiling.domain.planning import extremes
from services.tiling.repository import IMAGES, TARGETS, ImageSize, Targets
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.documents.port import Collection, Documents, TenantScope
from shared.documents.projections import remember
from shared.errors import DependencyDown, NotFound
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectDirectory, ProjectView

CUT = "cut"


class Images:
    """Follows images and annotations; ``work_waits`` is set when a cut was ordered here."""

    def __init__(
        self, documents: Documents, queue: JobQueue, *, projects: ProjectDirectory
    ) -> None:
        self._documents = documents
        self._queue = queue
        self._projects = projects
        self.work_waits = asyncio.Event()

    async def note_image(self, event: Event[ImageUploaded]) -> None:
        """Remember an image's size; order the cutting of one that came whole into a tiled project.

        Raises:
            DependencyDown: the project was not heard of yet; the event waits.
        """
        image = event.data
        if image.parent_id is not None:
            return
        project = await heard_project(self._projects, event.tenant, image.project_id)
        if project is None:
            return
        size = ImageSize(
            id=image.image_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=image.project_id,
            width=image.width,
            height=image.height,
            area=image.width * image.height,
        )
        await remember(self._images(event.tenant), size)
        if project.tiling is not None:
            payload = image.model_dump(mode="json")
            await self._queue.enqueue(event.tenant, CUT, image.image_id, payload=payload)
            self.work_waits.set()

    async def forget_image(self, event: Event[ImageDeleted]) -> None:
        """Forget an image and its targets."""
        gone = ImageSize(
            id=event.data.image_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=event.data.project_id,
            deleted=True,
        )
        await remember(self._images(event.tenant), gone)
        targets = self._documents.collection(TARGETS, TenantScope(event.tenant))
        known = await targets.find(event.data.image_id)
        if known is not None:
            await targets.delete(known)

    async def note_targets(self, event: Event[AnnotationSaved]) -> None:
        """Remember the extremes of an image's targets, unless the image was deleted meanwhile."""
        data = event.data
        image = await self._images(event.tenant).find(data.image_id)
        if image is not None and image.deleted:
            return
        sizes = extremes(data.target_areas, data.target_sides, data.image_area)
        targets = Targets(
            id=data.image_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=data.project_id,
            smallest_area=sizes.smallest_area if sizes else 0.0,
            longest_small_side=sizes.longest_small_side if sizes else 0.0,
        )
        await remember(self._documents.collection(TARGETS, TenantScope(event.tenant)), targets)

    def _images(self, tenant: str) -> Collection[ImageSize]:
        return self._documents.collection(IMAGES, TenantScope(tenant))


async def heard_project(
    projects: ProjectDirectory, tenant: str, project_id: str
) -> ProjectView | None:
    """Return a living project, None for a deleted one; raise DependencyDown for an unknown one."""
    try:
        return await projects.require(tenant, project_id)
    except NotFound as error:
        if await projects.is_deleted(tenant, project_id):
            return None
        raise DependencyDown(f"project {project_id} was not heard of yet") from error
