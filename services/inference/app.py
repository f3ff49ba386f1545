"""The composition root of inference."""

from dataclasses import dataclass
from functools import partial

from services.inference.adapters.admission import Admission, too_many_clicks
from services.inference.adapters.answers import Answers
from services.inference.adapters.files import ForeignFiles
from services.inference.adapters.pictures import Pictures
from services.inference.adapters.triton.model_server import ModelServer
from services.inference.api import (
    deployments,
    exports,
    outlines,
    predictions,
    quotas,
    second_opinions,
    test_runs,
)
from services.inference.api.image_body import ImageBody
from services.inference.api.roles import ROLES
from services.inference.handlers.deployments import Deployments
from services.inference.handlers.doubts import Doubts
from services.inference.handlers.exports import EXPORT, Exports
from services.inference.handlers.follow_ups import FollowUps
from services.inference.handlers.outlines import ClickOutlines
from services.inference.handlers.predictions import Predictions
from services.inference.handlers.quota import PredictionQuota
from services.inference.handlers.second_opinions import SECOND_OPINION, SecondOpinions
from services.inference.handlers.test_runs import TEST_RUN, TestRuns
from services.inference.repository import (
    COLLECTIONS,
    PREDICTIONS_TERM,
    SERVICE,
    TEST_RUNS_TERM,
)
from services.inference.settings import InferenceSettings
from services.inference.subscriptions import subscriptions
from services.inference.work.deployer import Deployer
from services.inference.work.exports import ExportWork
from services.inference.work.reconciler import Reconciler
from services.inference.work.second_opinions import SecondOpinionWork
from services.inference.work.test_runs import TestRunWork
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker, reap_forever
from shared.projects.directory import ProjectDirectory
from shared.quotas import Limits
from shared.settings import StoreSettings
from shared.staging import own_folder


@dataclass(frozen=True)
class UseCases:
    """What requests and events may ask of inference."""

    projects: ProjectDirectory
    images: ImageDirectory
    deployments: Deployments
    predictions: Predictions
    doubts: Doubts
    runs: TestRuns
    opinions: SecondOpinions
    exports: Exports
    follow_ups: FollowUps


def use_cases(stores: Stores, jobs: JobQueue, answers: Answers) -> UseCases:
    """Wire the use cases."""
    documents = stores.documents
    projects = ProjectDirectory(documents, SERVICE)
    images = ImageDirectory(documents, SERVICE)
    served = Deployments(documents, projects)
    doubts = Doubts(documents, projects=projects, deployments=served, images=images)
    made = Predictions(
        documents,
        stores.blobs,
        answers=answers,
        projects=projects,
        deployments=served,
        images=images,
        doubts=doubts,
    )
    runs = TestRuns(documents, jobs=jobs, projects=projects, deployments=served)
    opinions = SecondOpinions(documents, jobs=jobs, projects=projects, deployments=served)
    follow_ups = FollowUps(documents, projects=projects, images=images, runs=runs)
    exported = Exports(documents, stores.blobs, jobs=jobs, projects=projects)
    return UseCases(projects, images, served, made, doubts, runs, opinions, exported, follow_ups)


def build(stores: Stores) -> Service:
    """Wire inference over ``stores``; raise TritonUnavailable where its server cannot run."""
    settings = InferenceSettings()
    server = ModelServer(settings, StoreSettings().data)
    staging = own_folder(settings.staging_folder())
    files = ForeignFiles(
        staging,
        workers=settings.decoders,
        memory_bytes=settings.decoder_mib << 20,
    )
    admission = _admission(settings)
    answers = _answers(server, files, settings, admission)
    jobs = JobQueue(stores.documents, SERVICE)
    cases = use_cases(stores, jobs, answers)
    limits = Limits(stores.documents, SERVICE)
    deployer = Deployer(
        stores.documents,
        stores.blobs,
        server.store,
        server.client,
        keep_versions=settings.keep_versions,
    )
    reconciler = Reconciler(
        server.client, deployer.wanted, deployer.ensure_published, period_s=settings.reconcile_s
    )
    answers.on_not_ready = reconciler.report
    cases.deployments.wake = reconciler.wake
    outlined = ClickOutlines(
        stores.documents,
        stores.blobs,
        projects=cases.projects,
        images=cases.images,
        deployments=cases.deployments,
        pictures=_clicked(settings, admission),
    )
    testing = TestRunWork(
        stores.documents,
        predictions=cases.predictions,
        images=cases.images,
        parallel=max(1, settings.concurrency // 2),
    )
    looking = SecondOpinionWork(
        stores.blobs,
        predictions=cases.predictions,
        deployments=cases.deployments,
        projects=cases.projects,
        images=cases.images,
        parallel=max(1, settings.concurrency // 2),
    )
    exporting = ExportWork(
        stores.documents,
        stores.blobs,
        projects=cases.projects,
        images=cases.images,
        staging=staging / "exports",
    )

    async def keep_server() -> None:
        await server.run(on_up=reconciler.wake)

    async def keep_models() -> None:
        await reconciler.run(afterwards=deployer.settle)

    return Service(
        name=SERVICE,
        summary="Deployments on Triton, predictions, test runs and second opinions",
        collections=COLLECTIONS,
        routers=(
            predictions.router,
            outlines.router,
            test_runs.router,
            second_opinions.router,
            deployments.router,
            exports.router,
            quotas.router,
        ),
        roles=ROLES,
        use_cases=(
            cases.predictions,
            cases.doubts,
            outlined,
            ImageBody(staging),
            cases.runs,
            cases.opinions,
            cases.deployments,
            cases.exports,
            PredictionQuota(limits),
        ),
        subscriptions=limits.subscriptions()
        + subscriptions(
            cases.projects,
            cases.images,
            deployments=cases.deployments,
            predictions=cases.predictions,
            doubts=cases.doubts,
            follow_ups=cases.follow_ups,
        ),
        background=(
            keep_server,
            keep_models,
            files.pool.keep,
            JobWorker(jobs, {TEST_RUN: testing.work}).run,
            JobWorker(jobs, {SECOND_OPINION: looking.work}).run,
            JobWorker(jobs, {EXPORT: exporting.work}).run,
            partial(reap_forever, jobs),
            cases.runs.keep_queueing,
            cases.exports.keep_queueing,
        ),
        terms=(
            TEST_RUNS_TERM.asking(cases.runs.goes),
            PREDICTIONS_TERM,
        ),
    )


def _admission(settings: InferenceSettings) -> Admission:
    return Admission(
        concurrency=settings.concurrency,
        queue_length=settings.queue_length,
        memory_bytes=settings.decode_budget_mib * 2**20,
    )


def _clicked(settings: InferenceSettings, admission: Admission) -> Pictures:
    """The pictures that are clicked on: a line of their own, the memory of all."""
    line = Admission(
        concurrency=1, queue_length=settings.queue_length, memory_bytes=0, full=too_many_clicks
    )
    return Pictures(line, admission.memory, size_bytes=settings.clicked_mib << 20)


def _answers(
    server: ModelServer, files: ForeignFiles, settings: InferenceSettings, admission: Admission
) -> Answers:
    return Answers(
        server.client,
        admission,
        files,
        concurrency=settings.concurrency,
        retry_budget_s=settings.retry_budget_s,
    )
