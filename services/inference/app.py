"""The composition root of inference."""

from services.inference.admission import Admission
from services.inference.after_training import AfterTraining
from services.inference.api import routes
from services.inference.deployer import Deployer
from services.inference.handlers import Inference
from services.inference.predicting import Predicting
from services.inference.repository import COLLECTIONS, SERVICE
from services.inference.settings import InferenceSettings
from services.inference.subscriptions import subscriptions
from services.inference.test_runs import TestRunWorker
from services.inference.triton.model_server import ModelServer
from services.inference.triton.reconciler import Reconciler
from shared.jobs.queue import JobQueue
from shared.service import Service
from shared.settings import StoreSettings
from shared.stores import Stores


def build(stores: Stores) -> Service:
    """Wire inference over ``stores``; raise TritonUnavailable where its server cannot run."""
    settings = InferenceSettings()
    server = ModelServer(settings, StoreSettings().data)
    predicting = Predicting(
        server.client,
        Admission(
            concurrency=settings.concurrency,
            queue_length=settings.queue_length,
            memory_bytes=settings.decode_budget_mib * 2**20,
        ),
        concurrency=settings.concurrency,
        retry_budget_s=settings.retry_budget_s,
    )
    jobs = JobQueue(stores.documents, SERVICE)
    inference = Inference(stores.documents, stores.blobs, predicting=predicting, jobs=jobs)
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
    predicting.on_not_ready = reconciler.report
    inference.deployments.wake = reconciler.wake
    worker = TestRunWorker(
        stores.documents, jobs, inference, parallel=max(1, settings.concurrency // 2)
    )

    async def keep_server() -> None:
        await server.run(on_up=reconciler.wake)

    async def keep_models() -> None:
        await reconciler.run(afterwards=deployer.settle)

    return Service(
        name=SERVICE,
        summary="Deployments on Triton, predictions and test runs",
        collections=COLLECTIONS,
        router=routes(inference),
        subscriptions=subscriptions(inference, AfterTraining(stores.documents, inference)),
        background=(keep_server, keep_models, worker.run, worker.reap),
    )
