"""The composition root of the trainer."""

import asyncio
from pathlib import Path

from services.trainer.api import routes
from services.trainer.domain.recipe import Recipe
from services.trainer.executor import ProcessExecutor
from services.trainer.handlers import Trainings
from services.trainer.promotion import Promotion
from services.trainer.repository import IMAGES, LINES, TRAININGS
from services.trainer.retraining import Retraining
from services.trainer.settings import TrainerSettings
from services.trainer.subscriptions import subscriptions
from services.trainer.worker import Worker, ended_events
from shared.hosting.service import Loop, Service
from shared.hosting.stores import Stores
from shared.jobs.holder import holder_name
from shared.jobs.job import job_spec
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectDirectory, projects_spec
from shared.settings import StoreSettings

NAME = "trainer"
REAP_EVERY_S = 2.0


def build(stores: Stores) -> Service:
    """Wire the trainer over ``stores``."""
    settings = TrainerSettings()
    queue = JobQueue(stores.documents, NAME, lease_s=settings.lease_s)
    trainings = Trainings(stores.documents, queue, ProjectDirectory(stores.documents, NAME))
    recipe = Recipe(budget_s=settings.budget_s)
    retraining = Retraining(stores.documents, trainings, recipe=recipe)
    promotion = Promotion(stores.documents, trainings.lines)
    worker = Worker(
        stores.documents,
        stores.blobs,
        queue,
        ProcessExecutor(),
        settings=settings,
        work_folder=settings.work_folder or Path(StoreSettings().data) / "work" / NAME,
        name=settings.worker or holder_name(),
    )
    return Service(
        name=NAME,
        summary="Trainings, versions and the retraining policy",
        collections=(TRAININGS, LINES, IMAGES, job_spec(NAME), projects_spec(NAME)),
        routers=(routes(trainings, retraining, recipe=recipe),),
        subscriptions=subscriptions(trainings, retraining, promotion),
        background=(retraining.watch, _reaper(queue), *_job_makers(stores, settings)),
        work=(_work_of(worker, settings),),
    )


def _work_of(worker: Worker, settings: TrainerSettings) -> Loop:
    """Return the worker's loop: for ever, or for one training in a Kubernetes Job."""
    if not settings.one_training:
        return worker.run

    async def work() -> None:
        from services.trainer.kubernetes_jobs import one_training

        await one_training(worker, poll_s=settings.poll_s)

    return work


def _job_makers(stores: Stores, settings: TrainerSettings) -> tuple[Loop, ...]:
    """Return the loop that makes Kubernetes Jobs, where this deployment has a template for them."""
    if settings.job_template is None:
        return ()
    # Its client takes a second to import, and only a cluster has use for it.
    from services.trainer.kubernetes_jobs import JobMaker, KubernetesCluster, read_template

    template = read_template(settings.job_template)
    cluster = KubernetesCluster(settings.namespace, template["metadata"]["labels"])
    return (JobMaker(stores.documents, cluster, template, most=settings.max_jobs).run,)


def _reaper(queue: JobQueue) -> Loop:
    """End the jobs that no worker will finish, and say so."""

    async def reap() -> None:
        while True:
            await queue.reap(lambda job: ended_events(job, job.state, job.error))
            await asyncio.sleep(REAP_EVERY_S)

    return reap
