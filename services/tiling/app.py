"""The composition root of tiling."""

from services.tiling.api import routes
from services.tiling.cutter import cut_forever
from services.tiling.handlers import Tiling
from services.tiling.repository import IMAGES, JOBS, PROJECTS, TARGETS
from services.tiling.settings import TilingSettings
from services.tiling.subscriptions import subscriptions
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectDirectory


def build(stores: Stores) -> Service:
    """Wire tiling over ``stores``."""
    settings = TilingSettings()
    queue = JobQueue(stores.documents, "tiling")
    projects = ProjectDirectory(stores.documents, "tiling")
    tiling = Tiling(
        stores.documents,
        stores.blobs,
        queue,
        projects=projects,
        staging=settings.staging_folder(),
    )

    async def cut() -> None:
        await cut_forever(tiling, queue, look_every_s=settings.look_every_s)

    return Service(
        name="tiling",
        summary="Tile plans, and the cutting of large images",
        collections=(IMAGES, TARGETS, JOBS, PROJECTS),
        routers=(routes(tiling),),
        subscriptions=subscriptions(tiling, projects),
        background=(cut,),
    )
