"""The cutting of queued images, one at a time: a killed one starts again."""

import shutil
from pathlib import Path

from services.tiling.domain.planning import refusal_of
from services.tiling.handlers.images import heard_project
from services.tiling.process.tile_files import ImageUnreadable, TileFile, cut
from shared.blobs.content import is_named, lost, put_by_hash
from shared.blobs.port import Blobs
from shared.contracts.image_events import ImageTiled, ImageUploaded, Tile, TilingFailed
from shared.disk import room_on_disk
from shared.errors import NotFound
from shared.ids import derived_id, new_id
from shared.jobs.job import Job
from shared.jobs.worker import Lease
from shared.projects.directory import ProjectDirectory
from shared.vision.tiles import TilePlan


class Cutter:
    """Cuts images and stores their tiles."""

    def __init__(self, blobs: Blobs, projects: ProjectDirectory, *, staging: Path) -> None:
        self._blobs = blobs
        self._projects = projects
        self._staging = staging

    async def cut(self, lease: Lease) -> None:
        """Cut the image of a job; the job ends with what is to be told of it."""
        said = await self._cut(lease)
        await lease.finish(events=() if said is None else (said,))

    async def _cut(self, lease: Lease) -> ImageTiled | TilingFailed | None:
        """Cut an image and store its tiles; None when its project is gone.

        The same image and plan give the same tile ids and bytes, so a second run changes nothing.
        """
        job = lease.job
        image = ImageUploaded.model_validate(job.payload)
        project = await heard_project(self._projects, job.tenant, image.project_id)
        if project is None or project.tile_plan is None:
            return None
        plan = project.tile_plan
        refusal = refusal_of(plan, image.width, image.height)
        if refusal is not None:
            return _failed(image, refusal)
        folder = self._staging / new_id()
        with room_on_disk():
            folder.mkdir(parents=True)
        try:
            async with self._blobs.as_file(image.blob_key) as path:
                if not await lease.in_thread(is_named, image.blob_key, path):
                    return _failed(image, lost(image.name))
                files = await lease.in_thread(cut, path, plan, folder, lease.stopping.is_set)
            tiles = [await self._stored(job.tenant, image, plan, file) for file in files]
        except NotFound:
            return _failed(image, lost(image.name))
        except ImageUnreadable as error:
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
        key = await put_by_hash(
            self._blobs,
            file.path,
            tenant=tenant,
            project_id=image.project_id,
            sha256=file.sha256,
        )
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


def failure_of(job: Job) -> list[TilingFailed]:
    """Return what to say of a job that was given up."""
    reason = job.error or "cutting failed several times"
    return [_failed(ImageUploaded.model_validate(job.payload), reason)]


def _failed(image: ImageUploaded, reason: str) -> TilingFailed:
    return TilingFailed(project_id=image.project_id, parent_id=image.image_id, reason=reason)
