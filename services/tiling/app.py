"""The composition root of tiling."""

from services.tiling.api import plans
from services.tiling.handlers.images import Images
from services.tiling.handlers.plans import Plans
from services.tiling.repository import IMAGES, JOBS, PROJECTS, TARGETS
from services.tiling.settings import TilingSettings
from services.tiling.subscriptions import subscriptions
from services.tiling.work.cutter import Cutter, cut_forever
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectDirectory


def build(stores: Stores) -> Service:
    """Wire tiling over ``stores``."""
    settings = TilingSettings()
    queue = JobQueue(stores.documents, "tiling")
    projects = ProjectDirectory(stores.documents, "tiling")
    images = Images(stores.documents, queue, projects=projects)
    cutter = Cutter(stores.blobs, projects, staging=settings.staging_folder())

    async def cut() -> None:
        await cut_forever(cutter, queue, images.work_waits, look_every_s=settings.look_every_s)

    return Service(
        name="tiling",
        summary="Tile plans, and the cutting of large images",
        collections=(IMAGES, TARGETS, JOBS, PROJECTS),
        routers=(plans.router,),
        use_cases=(Plans(stores.documents, projects),),
        subscriptions=subscriptions(images, projects),
        background=(cut,),
    )
