"""Use cases of tiling: plans, what is known of images and targets, and cutting."""

import asyncio
import shutil
from pathlib import Path

import numpy as np

from services.tiling.cutting import ImageUnreadable, TileFile, cut
from services.tiling.domain.planning import Planned, TargetSizes, plan_image
from services.tiling.repository import IMAGES, PROJECTS, TARGETS, ImageSize, Targets
from services.tiling.schemas import PlanQuestion
from shared.blobs.port import Blobs, blob_key
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import (
    ImageDeleted,
    ImageTiled,
    ImageUploaded,
    Tile,
    TilingFailed,
)
from shared.documents.port import Collection, Documents, Query, Range, Sort, TenantScope, Where
from shared.documents.projections import remember
from shared.errors import DependencyDown, NotFound
from shared.ids import derived_id, new_id
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectDirectory, ProjectView
from shared.vision.tile_advice import RECOGNISED_RATIO, within_tile_bounds
from shared.vision.tiles import TilePlan

CUT = "cut"


class Tiling:
    """Plans and cuts over the document and blob stores."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        queue: JobQueue,
        *,
        projects: ProjectDirectory,
        staging: Path,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._queue = queue
        self._projects = projects
        self._staging = staging
        self.work_waits = asyncio.Event()

    async def plan(self, tenant: str, project_id: str, asked: PlanQuestion) -> Planned:
        """Return the plan of a project, or the one asked for, on its largest image; or NotFound."""
        project = await self._projects.require(tenant, project_id)
        plan = asked.plan() or project.tile_plan or TilePlan()
        size = await self._size(tenant, project_id, asked)
        return plan_image(plan, size, await self._targets(tenant, project_id, asked))

    async def note_image(self, event: Event[ImageUploaded]) -> None:
        """Remember an image's size; queue the cutting of one that came whole into a tiled project.

        Raises:
            DependencyDown: the project was not heard of yet; the event waits.
        """
        image = event.data
        if image.parent_id is not None:
            return
        project = await self._project(event.tenant, image.project_id)
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

    async def cut_image(self, job: Job) -> ImageTiled | TilingFailed | None:
        """Cut the image of a job and store its tiles; None when its project is gone.

        The same image and plan give the same tile ids and bytes, so a second run changes nothing.
        """
        image = ImageUploaded.model_validate(job.payload)
        project = await self._project(job.tenant, image.project_id)
        if project is None or project.tile_plan is None:
            return None
        plan = project.tile_plan
        refusal = _refusal(plan, image)
        if refusal is not None:
            return _failed(image, refusal)
        folder = self._staging / new_id()
        folder.mkdir(parents=True)
        try:
            async with self._blobs.as_file(image.blob_key) as path:
                files = await asyncio.to_thread(cut, path, plan, folder)
            tiles = [await self._stored(job.tenant, image, plan, file) for file in files]
        except (ImageUnreadable, NotFound) as error:
            return _failed(image, error.detail)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return ImageTiled(
            project_id=image.project_id,
            parent_id=image.image_id,
            parent_name=image.name,
            plan_hash=plan.hash,
            tiles=tuple(tiles),
        )

    async def _stored(
        self, tenant: str, image: ImageUploaded, plan: TilePlan, file: TileFile
    ) -> Tile:
        key = blob_key(tenant, file.sha256)
        await self._blobs.put_file(key, file.path)
        window = file.window
        place = (str(window.row), str(window.column))
        return Tile(
            image_id=derived_id(tenant, "tile", image.image_id, plan.hash, *place),
            row=window.row,
            column=window.column,
            x=window.x,
            y=window.y,
            width=window.width,
            height=window.height,
            blob_key=key,
            sha256=file.sha256,
            content_type=file.content_type,
            size_bytes=file.size_bytes,
        )

    async def _project(self, tenant: str, project_id: str) -> ProjectView | None:
        """Return a living project, None for a deleted one; raise DependencyDown for an unknown."""
        try:
            return await self._projects.require(tenant, project_id)
        except NotFound as error:
            views = self._documents.collection(PROJECTS, TenantScope(tenant))
            view = await views.find(project_id)
            if view is not None and view.deleted:
                return None
            raise DependencyDown(f"project {project_id} was not heard of yet") from error

    async def _size(
        self, tenant: str, project_id: str, asked: PlanQuestion
    ) -> tuple[int, int] | None:
        if asked.width and asked.height:
            return asked.width, asked.height
        where: Where = {"project_id": project_id, "deleted": False}
        largest = await self._images(tenant).query(
            Query(where=where, sort=Sort("area", -1), limit=1)
        )
        return (largest[0].width, largest[0].height) if largest else None

    async def _targets(
        self, tenant: str, project_id: str, asked: PlanQuestion
    ) -> TargetSizes | None:
        if asked.min_target_area is not None:
            side = asked.max_target_side or asked.min_target_area**0.5
            return TargetSizes(asked.min_target_area, side)
        targets = self._documents.collection(TARGETS, TenantScope(tenant))
        where: Where = {"project_id": project_id, "smallest_area": Range(gt=0)}
        smallest = await targets.query(Query(where=where, sort=Sort("smallest_area"), limit=1))
        if not smallest:
            return None
        where = {"project_id": project_id}
        longest = await targets.query(
            Query(where=where, sort=Sort("longest_small_side", -1), limit=1)
        )
        side = asked.max_target_side or longest[0].longest_small_side
        return TargetSizes(smallest[0].smallest_area, side)

    def _images(self, tenant: str) -> Collection[ImageSize]:
        return self._documents.collection(IMAGES, TenantScope(tenant))


def extremes(
    areas: tuple[float, ...], sides: tuple[float, ...], image_area: int
) -> TargetSizes | None:
    """Return the smallest area and the longest side of the small targets; None without targets.

    A target is small when its image holds it more than 1000 times. `areas` and `sides` belong
    together, one of each a target.

    >>> extremes((100.0, 90000.0), (12.0, 300.0), 1_000_000)
    TargetSizes(smallest_area=100.0, longest_small_side=12.0)
    """
    area, side = np.array(areas, dtype=np.float64), np.array(sides, dtype=np.float64)
    real = area > 0
    if not real.any():
        return None
    small = real & (image_area > RECOGNISED_RATIO * area)
    longest = float(side[small].max()) if small.any() and len(side) == len(area) else 0.0
    return TargetSizes(float(area[real].min()), longest)


def _refusal(plan: TilePlan, image: ImageUploaded) -> str | None:
    try:
        windows = plan.windows(image.width, image.height)
    except ValueError as error:
        return str(error)
    for window in windows:
        if not within_tile_bounds(window.width, window.height):
            return f"a tile of {window.width}×{window.height} px is out of bounds"
    return None


def failure_of(job: Job) -> list[TilingFailed]:
    """Return what to say of a job that was given up."""
    return [_failed(ImageUploaded.model_validate(job.payload), "cutting failed several times")]


def _failed(image: ImageUploaded, reason: str) -> TilingFailed:
    return TilingFailed(project_id=image.project_id, parent_id=image.image_id, reason=reason)
