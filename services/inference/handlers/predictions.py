"""Predictions: test one image, look at what came of it, hear that a person corrected it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

from services.inference.adapters.answers import Answers, Outcome, Question
from services.inference.domain.terms import ImageFile, PredictionTerms, PredictionWish, ProposalWish
from services.inference.errors import ModelNotReady
from services.inference.handlers.deployments import Deployments
from services.inference.handlers.doubts import Doubts
from services.inference.repository import PREDICTIONS, SERVICE, Deployment, Prediction
from shared.blobs.content import lost, read_content
from shared.blobs.port import Blobs
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.annotation_events import CorrectionSaved
from shared.contracts.envelope import Event
from shared.contracts.model_events import PredictionCompleted
from shared.contracts.shapes import Shape
from shared.documents.port import Collection, Documents, Sort, TenantScope, Where
from shared.documents.receipts import Keyed, Receipts
from shared.errors import NotFound
from shared.ids import derived_id, new_id
from shared.images.directory import ImageDirectory, ImageView
from shared.paging import Page, PageParams, page_of
from shared.projects.directory import ProjectDirectory, ProjectView

_PAUSE_S = 0.1


class Predictions:
    """Predictions of deployed versions about the gallery's images and about files."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        answers: Answers,
        projects: ProjectDirectory,
        deployments: Deployments,
        images: ImageDirectory,
        doubts: Doubts,
        clock: Clock = utc_now,
    ) -> None:
        """Bind the stores, the models, and what is known of projects and images."""
        self._documents = documents
        self._blobs = blobs
        self._answers = answers
        self._projects = projects
        self._deployments = deployments
        self._images = images
        self._doubts = doubts
        self._clock = clock
        self._receipts = Receipts(documents, SERVICE)

    async def predict_image(
        self,
        who: Caller,
        project_id: str,
        image_id: str,
        *,
        terms: PredictionTerms,
        key: str | None,
        proposal: bool = False,
    ) -> Prediction:
        """Test one image of the gallery; of a ``proposal``, for who annotates it, nobody is told.

        Raises:
            NotFound: No such project or image.
            NoDeployment: The project, or the named version, is not served.
            KeyReused: The key came with another request before.
        """
        await self._projects.require(who.tenant, project_id)

        async def make(prediction_id: str) -> Prediction:
            image = await self._images.require(who.tenant, project_id, image_id)
            if not proposal:
                return await self.test_image(image, prediction_id, terms=terms)
            made = await self._of_image(image, prediction_id, terms=terms)
            return await self._kept(made.model_copy(update={"proposal": True}))

        wish = (ProposalWish if proposal else PredictionWish)((image_id,), terms)
        return await self._once(who, project_id, key, wish=wish, make=make)

    async def predict_file(
        self,
        who: Caller,
        project_id: str,
        file: ImageFile,
        *,
        terms: PredictionTerms,
        key: str | None,
    ) -> Prediction:
        """Test an image file that is not in the gallery: only its shapes are kept.

        Raises:
            NotAnImage: The file is no image within the limits.
            KeyReused: The key came with another request before.
        """
        project = await self._projects.require(who.tenant, project_id)

        async def make(prediction_id: str) -> Prediction:
            question = Question(prediction_id, file.path, terms.threshold, file.tile_plan_hash)
            made = await self._ask(project, terms.version, question)
            return await self._of(made.tenant).ensure(made.model_copy(update={"name": file.name}))

        wish = await asyncio.to_thread(file.wish, terms)
        return await self._once(who, project_id, key, wish=wish, make=make)

    async def _once(
        self,
        who: Caller,
        project_id: str,
        key: str | None,
        *,
        wish: PredictionWish,
        make: Callable[[str], Awaitable[Prediction]],
    ) -> Prediction:
        """Return what ``make`` makes under the id that it is given; with a key, only once."""
        if key is None:
            return await make(new_id())
        prediction_id = derived_id(who.tenant, "prediction", project_id, key)
        return await self._receipts.make_once(
            Keyed(who.tenant, prediction_id, wish, project_id),
            things=self._of(who.tenant),
            make=lambda: make(prediction_id),
        )

    async def test_image(
        self,
        image: ImageView,
        prediction_id: str,
        *,
        terms: PredictionTerms,
        test_run_id: str | None = None,
    ) -> Prediction:
        """Predict one image of the gallery and tell everybody; repeating it changes nothing."""
        patient = test_run_id is not None
        made = await self._of_image(image, prediction_id, terms=terms, patient=patient)
        made = made.model_copy(update={"test_run_id": test_run_id})
        event = PredictionCompleted(
            project_id=made.project_id,
            prediction_id=made.id,
            image_id=image.id,
            version=made.model_version,
            labels=tuple(shape.label for shape in made.shapes),
        )
        return await self._kept(made, event)

    async def opinion(
        self, image: ImageView, opinion_id: str, *, terms: PredictionTerms
    ) -> tuple[Shape, ...]:
        """Return what a version finds on an image of the gallery; nothing of it is kept or told."""
        made = await self._of_image(image, opinion_id, terms=terms, patient=True)
        return made.shapes

    async def _kept(self, made: Prediction, *events: PredictionCompleted) -> Prediction:
        kept = await self._of(made.tenant).ensure(made, events=events)
        await self._doubts.note(kept)
        return kept

    async def _of_image(
        self,
        image: ImageView,
        prediction_id: str,
        *,
        terms: PredictionTerms,
        patient: bool = False,
    ) -> Prediction:
        project = await self._projects.require(image.tenant, image.project_id)
        plan_hash = image.plan_hash if image.parent_id else None
        read = partial(self._file_of, image)
        question = Question(prediction_id, read, terms.threshold, plan_hash)
        made = await self._ask(project, terms.version, question, patient=patient)
        return made.model_copy(update={"image_id": image.id, "name": image.name})

    async def get(self, who: Caller, project_id: str, prediction_id: str) -> Prediction:
        """Return a prediction; raise NotFound."""
        found = await self._of(who.tenant).get(prediction_id)
        if found.project_id != project_id:
            raise NotFound(f"no prediction {prediction_id}")
        return found

    async def page(
        self, who: Caller, project_id: str, paging: PageParams, *, where: Where
    ) -> Page[Prediction]:
        """Return one page of predictions, newest first."""
        await self._projects.require(who.tenant, project_id)
        where = {"project_id": project_id, **where}
        return await page_of(self._of(who.tenant), paging, where=where, sort=Sort("created_at", -1))

    async def corrected(self, event: Event[CorrectionSaved]) -> None:
        """Remember that a person corrected what the model said."""
        with contextlib.suppress(NotFound):  # removed, or of a project that was
            await self._of(event.tenant).change(
                event.data.prediction_id, lambda made: made.model_copy(update={"corrected": True})
            )

    async def _file_of(self, image: ImageView) -> bytes:
        """Read the image's stored file; raise NotFound, which names it, for a damaged one, too."""
        try:
            return await read_content(self._blobs, image.blob_key)
        except NotFound as error:
            raise NotFound(lost(image.name)) from error

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
        deadline = clock() + self._answers.retry_budget_s
        while True:
            try:
                deployment = await self._deployments.answering(project.tenant, project.id, version)
                outcome = await self._answers.ask(deployment, question, patient=patient)
            except ModelNotReady:
                if clock() > deadline:
                    raise
                await asyncio.sleep(_PAUSE_S)
            else:
                await self._projects.require(project.tenant, project.id)  # deleted meanwhile?
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

    def _of(self, tenant: str) -> Collection[Prediction]:
        return self._documents.collection(PREDICTIONS, TenantScope(tenant))
