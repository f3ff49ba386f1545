"""The composition root of the trainer."""

from functools import partial

from services.trainer.api import losses, policies, quotas, recipes, trainings, versions
from services.trainer.api.roles import ROLES
from services.trainer.domain.recipe import Recipe
from services.trainer.handlers.gate import Gate
from services.trainer.handlers.next_training import NextTraining
from services.trainer.handlers.offered_losses import OfferedLosses
from services.trainer.handlers.outcomes import TrainingOutcomes
from services.trainer.handlers.quota import TrainingQuota
from services.trainer.handlers.recipes import Recipes
from services.trainer.handlers.retraining import Retraining
from services.trainer.handlers.training_queue import TrainingQueue
from services.trainer.handlers.trainings import Trainings
from services.trainer.handlers.versions import Versions
from services.trainer.repository import (
    HISTORIES,
    IMAGES,
    LIMITS,
    LINES,
    RECEIPTS,
    RECIPES,
    SERVICE,
    TRAINING_JOB,
    TRAININGS,
)
from services.trainer.settings import TrainerSettings
from services.trainer.subscriptions import subscriptions
from services.trainer.work.attempt_files import AttemptFiles
from services.trainer.work.executor import ProcessExecutor
from services.trainer.work.worker import TrainingWork, ended_events
from shared.hosting.service import Loop, Service
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from shared.jobs.job import job_spec
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker, reap_forever
from shared.projects.directory import ProjectDirectory, projects_spec
from shared.quotas import Limits
from shared.staging import own_folder

NAME = SERVICE
REAP_EVERY_S = 2.0


def build(stores: Stores) -> Service:
    """Wire the trainer over ``stores``."""
    settings, documents = TrainerSettings(), stores.documents
    jobs = JobQueue(documents, NAME, lease_s=settings.lease_s)
    projects = ProjectDirectory(documents, NAME)
    queue = TrainingQueue(documents, jobs)
    limits = Limits(documents, NAME)
    quota = TrainingQuota(documents, limits)
    images = ImageDirectory(documents, NAME, round_of=queue.round_of)
    recipe = Recipe(budget_s=settings.budget_s, epochs=settings.epochs, start=settings.start)
    kept = Recipes(
        documents, projects, recipe=recipe, plugins=settings.plugins, weights=settings.weights
    )
    asked = Trainings(documents, jobs, projects, images, queue, kept, quota)
    coming = NextTraining(projects, kept, folder=settings.weights, hub=settings.use_hub)
    retraining = Retraining(documents, projects, images, queue, kept, quota)
    outcomes = TrainingOutcomes(documents, jobs, queue)
    gate = Gate(documents, projects, queue)
    offered = OfferedLosses(projects, folder=settings.plugins)
    chosen = Versions(documents, projects, queue)
    work = TrainingWork(
        documents,
        AttemptFiles(documents, stores.blobs, settings),
        ProcessExecutor(),
        folder=own_folder(settings.staging_folder()),
    )
    worker = JobWorker(jobs, {TRAINING_JOB: work}, ended=ended_events, look_s=settings.poll_s)
    return Service(
        name=NAME,
        summary="Trainings, versions and the retraining policy",
        collections=(
            TRAININGS,
            HISTORIES,
            LINES,
            RECIPES,
            IMAGES,
            RECEIPTS,
            LIMITS,
            job_spec(NAME),
            projects_spec(NAME),
        ),
        routers=(
            trainings.router,
            versions.router,
            policies.router,
            recipes.router,
            losses.router,
            quotas.router,
        ),
        roles=ROLES,
        use_cases=(asked, coming, kept, retraining, chosen, offered, quota),
        subscriptions=(
            *projects.subscriptions(),
            *limits.subscriptions(),
            *images.subscriptions(),
            *images.annotation_subscriptions(),
            *subscriptions(outcomes, retraining, gate),
        ),
        background=(
            retraining.watch,
            partial(reap_forever, jobs, ended_events, every_s=REAP_EVERY_S),
            *_job_makers(stores, settings),
        ),
        work=(_work_of(worker, settings),),
    )


def _work_of(worker: JobWorker, settings: TrainerSettings) -> Loop:
    """Return the worker's loop: for ever, or for one training in a Kubernetes Job."""
    if not settings.one_training:
        return worker.run

    async def work() -> None:
        from services.trainer.work.job_maker import one_training

        await one_training(worker, poll_s=settings.poll_s)

    return work


def _job_makers(stores: Stores, settings: TrainerSettings) -> tuple[Loop, ...]:
    """Return the loop that makes Kubernetes Jobs, where this deployment has a template for them."""
    if settings.job_template is None:
        return ()
    # Its client takes a second to import, and only a cluster has use for it.
    from services.trainer.adapters.kubernetes_jobs import KubernetesCluster
    from services.trainer.work.job_maker import JobMaker, read_template

    template = read_template(settings.job_template)
    cluster = KubernetesCluster(settings.namespace, template["metadata"]["labels"])
    return (JobMaker(stores.documents, cluster, template, most=settings.max_jobs).run,)
