"""Use cases of inference: test one image, test many, look at what came of it."""

import asyncio
import contextlib

from services.inference.deployments import Deployments
from services.inference.errors import ModelNotReady
from services.inference.gallery_images import GalleryImages
from services.inference.predicting import Outcome, Predicting, Question
from services.inference.repository import (
    FAILURES,
    PREDICTIONS,
    TEST_RUNS,
    Deployment,
    ImageFailure,
    ImageView,
    Prediction,
    TestRun,
)
from services.inference.schemas import PredictionCreate, PredictionUpload, TestRunCreate
from shared.blobs.port import Blobs
from shared.clock import Clock, utc_now
from shared.contracts.annotation_events import CorrectionSaved
from shared.contracts.envelope import Event
from shared.contracts.model_events import PredictionCompleted
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    Query,
    Sort,
    TenantScope,
    Where,
)
from shared.errors import AlreadyExists, NotFound, VersionConflict
from shared.http.paging import PageParams
from shared.http.tokens import Principal
from shared.ids import derived_id, new_id
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectDirectory, ProjectView

TEST_RUN = "test_run"
_SHOWN_FAILURES = 100


class Inference:
    """Predictions and test runs over deployments and the gallery's images."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        predicting: Predicting,
        jobs: JobQueue,
        clock: Clock = utc_now,
    ) -> None:
        """Bind the stores and the predictor pool."""
        self._documents = documents
        self._blobs = blobs
        self._predicting = predicting
        self._jobs = jobs
        self._clock = clock
        self.projects = ProjectDirectory(documents, "inference")
        self.deployments = Deployments(documents)
        self.images = GalleryImages(documents)

    async def predict_image(
        self, who: Principal, project_id: str, wanted: PredictionCreate, *, key: str | None
    ) -> Prediction:
        """Test one image of the gallery.

        Raises:
            NotFound: No such project or image.
            NoDeployment: The project, or the named version, is not served.
        """
        await self.projects.require(who.tenant, project_id)
        prediction_id = _id_of(who, project_id, key)
        if key and (known := await self._predictions(who.tenant).find(prediction_id)):
            return known
        image = await self.images.require(who.tenant, project_id, wanted.image_id)
        return await self.test_image(
            image,
            version=wanted.version,
            prediction_id=prediction_id,
            threshold=wanted.threshold,
        )

    async def predict_file(
        self,
        who: Principal,
        project_id: str,
        wanted: PredictionUpload,
        *,
        file: tuple[str, bytes],
        key: str | None,
    ) -> Prediction:
        """Test an image file that is not in the gallery: only its shapes are kept.

        Raises:
            NotAnImage: The file is no image within the limits.
        """
        project = await self.projects.require(who.tenant, project_id)
        prediction_id = _id_of(who, project_id, key)
        if key and (known := await self._predictions(who.tenant).find(prediction_id)):
            return known
        name, data = file
        question = Question(prediction_id, data, wanted.threshold, wanted.tile_plan_hash)
        made = await self._ask(project, wanted.version, question)
        return await self._keep(made.model_copy(update={"name": name}))

    async def test_image(
        self,
        image: ImageView,
        *,
        version: str | None,
        prediction_id: str,
        threshold: float | None,
        test_run_id: str | None = None,
    ) -> Prediction:
        """Predict one image of the gallery and tell everybody; repeating it changes nothing."""
        project = await self.projects.require(image.tenant, image.project_id)
        data = await self._blobs.read(image.blob_key)
        question = Question(prediction_id, data, threshold, image.plan_hash)
        made = await self._ask(project, version, question, patient=test_run_id is not None)
        made = made.model_copy(
            update={"image_id": image.id, "name": image.name, "test_run_id": test_run_id}
        )
        event = PredictionCompleted(
            project_id=made.project_id,
            prediction_id=made.id,
            image_id=image.id,
            version=made.model_version,
            labels=tuple(shape.label for shape in made.shapes),
        )
        return await self._keep(made, event)

    async def get_prediction(
        self, who: Principal, project_id: str, prediction_id: str
    ) -> Prediction:
        """Return a prediction; raise NotFound."""
        found = await self._predictions(who.tenant).get(prediction_id)
        if found.project_id != project_id:
            raise NotFound(f"no prediction {prediction_id}")
        return found

    async def list_predictions(
        self, who: Principal, project_id: str, paging: PageParams, *, where: Where
    ) -> tuple[list[Prediction], int]:
        """Return one page of predictions, newest first, and how many match."""
        await self.projects.require(who.tenant, project_id)
        predictions = self._predictions(who.tenant)
        where = {"project_id": project_id, **where}
        return await predictions.query(_newest(where, paging)), await predictions.count(where)

    async def start_test_run(
        self, who: Principal, project_id: str, wanted: TestRunCreate, *, key: str | None
    ) -> TestRun:
        """Queue a test of many images; raise NoDeployment when nothing is served."""
        await self.projects.require(who.tenant, project_id)
        runs = self._runs(who.tenant)
        run_id = derived_id(who.tenant, TEST_RUN, project_id, key) if key else new_id()
        run = await runs.find(run_id) if key else None
        if run is None:
            deployment = await self.deployments.answering(who.tenant, project_id, wanted.version)
            run = TestRun(
                id=run_id,
                tenant=who.tenant,
                project_id=project_id,
                image_ids=tuple(dict.fromkeys(wanted.image_ids)),
                model_version=deployment.model_version,
                threshold=wanted.threshold,
                created_at=self._clock(),
                created_by=who.subject,
            )
            try:
                run = await runs.insert(run)
            except AlreadyExists:
                run = await runs.get(run_id)
        await self._queue(run)
        return run

    async def queue_left(self) -> None:
        """Queue the test runs that a kill kept from it."""
        runs = self._documents.collection(TEST_RUNS, EveryTenant())
        for run in await runs.query(Query(where={"queued": False})):
            await self._queue(run)

    async def get_test_run(
        self, who: Principal, project_id: str, run_id: str
    ) -> tuple[TestRun, Job, list[ImageFailure]]:
        """Return a test run, its job and its first failures; raise NotFound."""
        run = await self._runs(who.tenant).get(run_id)
        if run.project_id != project_id:
            raise NotFound(f"no test run {run_id}")
        failures = self._documents.collection(FAILURES, TenantScope(who.tenant))
        query = Query(where={"test_run_id": run_id}, limit=_SHOWN_FAILURES)
        return run, await self._job(run), await failures.query(query)

    async def list_test_runs(
        self, who: Principal, project_id: str, paging: PageParams
    ) -> tuple[list[tuple[TestRun, Job]], int]:
        """Return one page of test runs, newest first, and how many there are."""
        await self.projects.require(who.tenant, project_id)
        runs, where = self._runs(who.tenant), {"project_id": project_id}
        found = await runs.query(_newest(where, paging))
        jobs = [await self._job(run) for run in found]
        return list(zip(found, jobs, strict=True)), await runs.count(where)

    async def cancel_test_run(self, who: Principal, project_id: str, run_id: str) -> None:
        """Stop a test run; what was tested stays tested."""
        await self.get_test_run(who, project_id, run_id)
        await self._jobs.cancel(who.tenant, run_id)

    async def mark_corrected(self, event: Event[CorrectionSaved]) -> None:
        """Remember that a person corrected what the model said."""
        predictions = self._predictions(event.tenant)
        found = await predictions.find(event.data.prediction_id)
        if found is not None and not found.corrected:
            await predictions.replace(found.model_copy(update={"corrected": True}))

    async def _ask(
        self,
        project: ProjectView,
        version: str | None,
        question: Question,
        *,
        patient: bool = False,
    ) -> Prediction:
        """Ask the version that answers; if it is replaced while we wait, ask its successor."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._predicting.retry_budget_s
        while True:
            deployment = await self.deployments.answering(project.tenant, project.id, version)
            try:
                outcome = await self._predicting.ask(deployment, question, patient=patient)
            except ModelNotReady:
                if clock() > deadline:
                    raise
            else:
                return self._prediction(deployment, question, outcome)

    def _prediction(
        self, deployment: Deployment, question: Question, outcome: Outcome
    ) -> Prediction:
        return Prediction(
            id=question.prediction_id,
            tenant=deployment.tenant,
            project_id=deployment.project_id,
            model_version=deployment.model_version,
            number=deployment.number,
            threshold=outcome.threshold,
            width=outcome.width,
            height=outcome.height,
            shapes=outcome.shapes,
            elapsed_ms=outcome.elapsed_ms,
            created_at=self._clock(),
        )

    async def _keep(self, made: Prediction, *events: PredictionCompleted) -> Prediction:
        predictions = self._predictions(made.tenant)
        try:
            return await predictions.insert(made, events=events)
        except AlreadyExists:
            return await predictions.get(made.id)

    async def _job(self, run: TestRun) -> Job:
        """Return the run's job; one that a kill kept from the queue is queued now."""
        return await self._jobs.find(run.tenant, run.id) or await self._queue(run)

    async def _queue(self, run: TestRun) -> Job:
        payload = {"project_id": run.project_id}
        job = await self._jobs.enqueue(run.tenant, TEST_RUN, run.id, payload=payload)
        if not run.queued:
            with contextlib.suppress(VersionConflict):  # somebody else queued it, too
                await self._runs(run.tenant).replace(run.model_copy(update={"queued": True}))
        return job

    def _predictions(self, tenant: str) -> Collection[Prediction]:
        return self._documents.collection(PREDICTIONS, TenantScope(tenant))

    def _runs(self, tenant: str) -> Collection[TestRun]:
        return self._documents.collection(TEST_RUNS, TenantScope(tenant))


def _id_of(who: Principal, project_id: str, key: str | None) -> str:
    return derived_id(who.tenant, "prediction", project_id, key) if key else new_id()


def _newest(where: Where, paging: PageParams) -> Query:
    return Query(
        where=where,
        sort=Sort("created_at", -1),
        skip=paging.skip,
        limit=paging.page_size,
        after=paging.after,
    )
