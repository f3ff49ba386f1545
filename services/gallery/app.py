"""The composition root of the gallery."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from fastapi import APIRouter

from services.gallery import api, resumable_api
from services.gallery.bodies import Pace
from services.gallery.decode_pool import DecodePool
from services.gallery.handlers import Gallery
from services.gallery.intake import Intake
from services.gallery.leftovers import Leftovers
from services.gallery.quota import Quota
from services.gallery.repository import CLEARINGS, IMAGES, LEFTOVERS, PROJECTS, UPLOADS
from services.gallery.resumable import ResumableUploads
from services.gallery.settings import GallerySettings
from services.gallery.staging import Staging
from services.gallery.subscriptions import subscriptions
from services.gallery.uploads import Uploads
from shared.hosting.service import Loop, Service
from shared.hosting.stores import Stores
from shared.projects.directory import ProjectDirectory

_SWEEP_S = 2.0


def build(stores: Stores) -> Service:
    """Wire the gallery over ``stores``."""
    settings = GallerySettings()
    staging = Staging(settings.staging_folder())
    staging.clear_abandoned()
    pool = DecodePool(
        workers=settings.decoders,
        memory_bytes=settings.decode_memory_mib << 20,
        worker_bytes=settings.decoder_mib << 20,
    )
    quota = Quota(
        stores.documents,
        max_images=settings.max_images,
        max_bytes=int(settings.max_gib * (1 << 30)),
    )
    intake = Intake(stores.documents, stores.blobs, pool, quota=quota)
    uploads = Uploads(intake, staging, parallel=2 * settings.decoders)
    resumable = ResumableUploads(stores.documents, stores.blobs, staging=staging, uploads=uploads)
    grace = timedelta(hours=settings.grace_h)
    leftovers = Leftovers(stores.documents, stores.blobs, grace=grace)
    gallery = Gallery(stores.documents, stores.blobs, pool, staging, leftovers=leftovers)
    projects = ProjectDirectory(stores.documents, "gallery")
    router = APIRouter()
    pace = Pace(settings.idle_s, settings.min_bytes_per_s)
    router.include_router(api.routes(gallery, uploads, projects, pace=pace))
    router.include_router(resumable_api.routes(resumable, projects, pace=pace))
    return Service(
        name="gallery",
        summary="Images: upload, checks, thumbnails, search and status",
        collections=(IMAGES, UPLOADS, CLEARINGS, LEFTOVERS, PROJECTS),
        routers=(router,),
        subscriptions=subscriptions(gallery, projects),
        background=(
            _keep_decoders(pool),
            _sweep(gallery.clear_projects, resumable.expire, leftovers.collect),
        ),
    )


def _keep_decoders(pool: DecodePool) -> Loop:
    """Start a decoder ahead, and stop all with the service."""

    async def keep() -> None:
        try:
            await pool.open()
            await asyncio.Event().wait()
        finally:
            await pool.close()

    return keep


def _sweep(*steps: Callable[[], Awaitable[int]]) -> Loop:
    """Remove what deleted projects and images and given-up uploads left, a step at a time."""

    async def sweep() -> None:
        while True:
            removed = sum([await step() for step in steps])
            await asyncio.sleep(0 if removed else _SWEEP_S)

    return sweep
