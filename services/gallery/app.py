"""The composition root of the gallery."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from services.gallery.adapters.decoders import Decoders
from services.gallery.adapters.staging import Staging
from services.gallery.api import images, limits, quotas, resumable
from services.gallery.api.roles import ROLES
from services.gallery.handlers.images import Gallery
from services.gallery.handlers.intake import Intake
from services.gallery.handlers.looks import Looks
from services.gallery.handlers.orphan_blobs import OrphanBlobs
from services.gallery.handlers.quota import Quota
from services.gallery.handlers.removal import Removal
from services.gallery.handlers.renditions import Renditions
from services.gallery.handlers.resumable import ResumableUploads
from services.gallery.handlers.statuses import Statuses
from services.gallery.handlers.thumbnails import Thumbnails
from services.gallery.handlers.tiles import Tiles
from services.gallery.handlers.uploads import Uploads
from services.gallery.repository import IMAGES, LIMITS, ORPHANS, PROJECTS, UPLOADS
from services.gallery.settings import GallerySettings
from services.gallery.subscriptions import subscriptions
from shared.hosting.service import Loop, Service
from shared.hosting.stores import Stores
from shared.http.bodies import Pace
from shared.projects.directory import ProjectDirectory
from shared.quotas import Limits
from shared.staging import own_folder

_SWEEP_S = 2.0


def build(stores: Stores) -> Service:
    """Wire the gallery over ``stores``."""
    settings = GallerySettings()
    documents, blobs = stores.documents, stores.blobs
    projects = ProjectDirectory(documents, "gallery")
    staging = Staging(own_folder(settings.staging_folder()))
    pool = _decoders(settings)
    grace = timedelta(hours=settings.grace_h)
    orphans = OrphanBlobs(documents, blobs, projects=projects, grace=grace)
    removal = Removal(documents, orphans)
    renditions = Renditions(documents, blobs, pool)
    told = Limits(documents, "gallery")
    quota = _quota(stores, told, settings)
    intake = Intake(documents, renditions, projects=projects, quota=quota)
    thumbnails = Thumbnails(documents, blobs, pool, staging)
    uploads = Uploads(intake, staging, parallel=2 * settings.decoders)
    resuming = ResumableUploads(
        documents, blobs, staging=staging, uploads=uploads, projects=projects
    )
    return Service(
        name="gallery",
        summary="Images: upload, checks, thumbnails, search and status",
        collections=(IMAGES, UPLOADS, ORPHANS, LIMITS, PROJECTS),
        routers=(images.router, resumable.router, limits.router, quotas.router),
        roles=ROLES,
        use_cases=(
            Gallery(documents, blobs),
            thumbnails,
            uploads,
            resuming,
            removal,
            projects,
            quota,
            Pace(settings.idle_s, settings.min_bytes_per_s),
        ),
        subscriptions=subscriptions(
            projects,
            tiles=Tiles(documents, removal),
            statuses=Statuses(documents),
            limits=told,
        ),
        background=(
            pool.pool.keep,
            Looks(documents, thumbnails).keep,
            _sweep(resuming.take_in_whole, resuming.expire, orphans.collect),
        ),
    )


def _decoders(settings: GallerySettings) -> Decoders:
    return Decoders(
        workers=settings.decoders,
        memory_bytes=settings.decode_memory_mib << 20,
        worker_bytes=settings.decoder_mib << 20,
    )


def _quota(stores: Stores, told: Limits, settings: GallerySettings) -> Quota:
    return Quota(
        stores.documents,
        told,
        max_images=settings.max_images,
        max_bytes=int(settings.max_gib * (1 << 30)),
    )


def _sweep(*steps: Callable[[], Awaitable[int]]) -> Loop:
    """Remove what deleted images and given-up uploads left, a step at a time."""

    async def sweep() -> None:
        while True:
            removed = sum([await step() for step in steps])
            await asyncio.sleep(0 if removed else _SWEEP_S)

    return sweep
