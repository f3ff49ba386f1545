"""What is known of images and their targets, and the order to cut those that came whole."""

from services.tiling.domain.planning import extremes
from services.tiling.repository import TARGETS, SmallTargets
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.documents.port import Collection, Documents, Remove, TenantScope
from shared.documents.projections import remember
from shared.errors import DependencyDown, NotFound
from shared.images.directory import ImageDirectory
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectDirectory, ProjectView

CUT = "cut"


class Images:
    """Follows images and annotations, behind the directories of projects and images."""

    def __init__(
        self,
        documents: Documents,
        queue: JobQueue,
        *,
        projects: ProjectDirectory,
        images: ImageDirectory,
    ) -> None:
        self._documents = documents
        self._queue = queue
        self._projects = projects
        self._images = images

    async def order_cut(self, event: Event[ImageUploaded]) -> None:
        """Order the cutting of an image that came whole into a tiled project.

        Raises:
            DependencyDown: the project was not heard of yet; the event waits.
        """
        image = event.data
        project = await heard_project(self._projects, event.tenant, image.project_id)
        if project is not None and image.parent_id is None and project.tiling is not None:
            payload = image.model_dump(mode="json")
            await self._queue.enqueue(event.tenant, CUT, image.image_id, payload=payload)

    async def forget_targets(self, event: Event[ImageDeleted]) -> None:
        """Forget the targets of an image that is gone."""
        try:
            await self._targets(event.tenant).change(event.data.image_id, lambda _: Remove())
        except NotFound:
            return

    async def note_targets(self, event: Event[AnnotationSaved]) -> None:
        """Remember the extremes of an image's targets, unless the image was deleted meanwhile."""
        data = event.data
        if await self._images.is_deleted(event.tenant, data.image_id):
            return
        sizes = extremes(data.target_areas, data.target_sides, data.image_area)
        targets = SmallTargets(
            id=data.image_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=data.project_id,
            smallest_area=sizes.smallest_area if sizes else 0.0,
            longest_small_side=sizes.longest_small_side if sizes else 0.0,
        )
        await remember(self._targets(event.tenant), targets)

    def _targets(self, tenant: str) -> Collection[SmallTargets]:
        return self._documents.collection(TARGETS, TenantScope(tenant))


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
