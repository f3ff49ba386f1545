"""The composition root of tiling."""

from functools import partial

from services.tiling.api import plans
from services.tiling.api.roles import ROLES
from services.tiling.handlers.images import CUT, Images
from services.tiling.handlers.plans import Plans
from services.tiling.repository import IMAGES, JOBS, PROJECTS, TARGETS
from services.tiling.settings import TilingSettings
from services.tiling.subscriptions import subscriptions
from services.tiling.work.cutter import Cutter, failure_of
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker, reap_forever
from shared.projects.directory import ProjectDirectory
from shared.staging import own_folder

NAME = "tiling"


def build(stores: Stores) -> Service:
    """Wire tiling over ``stores``."""
    settings = TilingSettings()
    documents = stores.documents
    queue = JobQueue(documents, NAME)
    projects = ProjectDirectory(documents, NAME)
    directory = ImageDirectory(documents, NAME)
    images = Images(documents, queue, projects=projects, images=directory)
    cutter = Cutter(stores.blobs, projects, staging=own_folder(settings.staging_folder()))
    worker = JobWorker(queue, {CUT: cutter.cut}, ended=failure_of, look_s=settings.look_every_s)
    return Service(
        name=NAME,
        summary="Tile plans, and the cutting of large images",
        collections=(IMAGES, TARGETS, JOBS, PROJECTS),
        routers=(plans.router,),
        roles=ROLES,
        use_cases=(Plans(documents, projects, directory),),
        subscriptions=subscriptions(projects, directory, images=images),
        background=(worker.run, partial(reap_forever, queue, failure_of)),
    )
