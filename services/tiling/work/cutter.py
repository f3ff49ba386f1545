"""The cutting of queued images: one at a time, leased, so that a killed one starts again."""

import asyncio
import contextlib
import shutil
from pathlib import Path

from services.tiling.domain.planning import refusal_of
from services.tiling.handlers.images import CUT, heard_project
from services.tiling.process.cutting import ImageUnreadable, TileFile, cut
from shared.blobs.port import Blobs, blob_key
from shared.contracts.envelope import EventBody
from shared.contracts.image_events import ImageTiled, ImageUploaded, Tile, TilingFailed
from shared.errors import LoupeError, NotFound
from shared.ids import derived_id, new_id
from shared.jobs.holder import holder_name
from shared.jobs.job import Job
from shared.jobs.queue import HEARTBEAT_S, JobQueue, LeaseLost
from shared.projects.directory import ProjectDirectory
from shared.telemetry import logger
from shared.vision.tiles import TilePlan

_RETRY_S = 2.0

log = logger(__name__)


class Cutter:
    """Cuts images and stores their tiles."""

    def __init__(self, blobs: Blobs, projects: ProjectDirectory, *, staging: Path) -> None:
        self._blobs = blobs
        self._projects = projects
        self._staging = staging

    async def cut_image(self, job: Job) -> ImageTiled | TilingFailed | None:
        """Cut the image of a job and store its tiles; None when its project is gone.

        The same image and plan give the same tile ids and bytes, so a second run changes nothing.
        """
        image = ImageUploaded.model_validate(job.payload)
        project = await heard_project(self._projects, job.tenant, image.project_id)
        if project is None or project.tile_plan is None:
            return None
        plan = project.tile_plan
        refusal = refusal_of(plan, image.width, image.height)
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


async def cut_forever(
    cutter: Cutter, queue: JobQueue, work_waits: asyncio.Event, *, look_every_s: float
) -> None:
    """Cut images as they are queued, until cancelled."""
    worker = holder_name()
    while True:
        job = await queue.claim([CUT], worker)
        if job is not None:
            await _work(cutter, queue, job)
            continue
        await queue.reap(failure_of)
        work_waits.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(work_waits.wait(), look_every_s)


async def _work(cutter: Cutter, queue: JobQueue, job: Job) -> None:
    beat = asyncio.create_task(_heartbeat(queue, job))
    try:
        said = await cutter.cut_image(job)
        events: list[EventBody] = [] if said is None else [said]
        await queue.finish(job, "succeeded", events=events)
    except LeaseLost as lost:
        log.warning("cut.lease_lost", image=job.id, cause=lost.detail)
    except LoupeError as error:
        log.warning("cut.failed", image=job.id, cause=error.detail, retry=error.retryable)
        with contextlib.suppress(LeaseLost):
            if error.retryable:
                await asyncio.sleep(_RETRY_S)
                await queue.release(job)
            else:
                await queue.finish(job, "failed", error=error.detail, events=failure_of(job))
    finally:
        beat.cancel()


async def _heartbeat(queue: JobQueue, job: Job) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        with contextlib.suppress(LoupeError):
            await queue.heartbeat(job)


def failure_of(job: Job) -> list[TilingFailed]:
    """Return what to say of a job that was given up."""
    return [_failed(ImageUploaded.model_validate(job.payload), "cutting failed several times")]


def _failed(image: ImageUploaded, reason: str) -> TilingFailed:
    return TilingFailed(project_id=image.project_id, parent_id=image.image_id, reason=reason)
