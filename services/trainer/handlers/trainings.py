"""Use cases of trainings: request, read, finish early, cancel, resume."""

from dataclasses import dataclass, replace

from services.trainer.domain.recipe import Recipe, RecipeSource
from services.trainer.errors import NoAnnotations, NoImages, NotFinishable, NotResumable
from services.trainer.handlers.quota import TrainingQuota
from services.trainer.handlers.recipes import Chosen, Recipes
from services.trainer.handlers.training_queue import TrainingQueue
from services.trainer.repository import (
    ENDED,
    HISTORIES,
    SERVICE,
    TRAININGS,
    History,
    Mode,
    Order,
    Training,
)
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.training_events import TrainingEnded
from shared.documents.hearing import until
from shared.documents.port import Collection, Documents, Not, Sort, TenantScope, Where, Write
from shared.documents.receipts import Keyed, Receipts
from shared.errors import NotFound
from shared.ids import derived_id, new_id
from shared.images.directory import ImageDirectory
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.paging import Page, PageParams, page_of
from shared.projects.directory import ProjectDirectory, ProjectView

NEWS_WAIT_S = 3.0  # an annotation saved a moment ago may still be on its way here
TREND = 10  # C-090


@dataclass(frozen=True, slots=True)
class Standing:
    """A training and, while it is not over, its job."""

    training: Training
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; without a recipe the project's own holds, or its task's defaults."""

    mode: Mode = "train"
    recipe: Recipe | None = None


class Trainings:
    """Trainings over the document store and the job queue."""

    def __init__(
        self,
        documents: Documents,
        jobs: JobQueue,
        projects: ProjectDirectory,
        images: ImageDirectory,
        queue: TrainingQueue,
        recipes: Recipes,
        quota: TrainingQuota,
        *,
        clock: Clock = utc_now,
        news_wait_s: float = NEWS_WAIT_S,
    ) -> None:
        self._documents = documents
        self._jobs = jobs
        self._projects = projects
        self._images = images
        self._queue = queue
        self._recipes = recipes
        self._quota = quota
        self._clock = clock
        self._news_wait_s = news_wait_s
        self._receipts = Receipts(documents, SERVICE)

    async def request(
        self, who: Caller, project_id: str, wish: Wish, *, key: str | None = None
    ) -> Standing:
        """Puts a training in the project's line; the same key again returns the first one.

        Raises:
            KeyReused: The key came with another wish before.
            NotFound: No such project.
            InvalidInput: The recipe is of another task, or names losses that it cannot use.
            NoImages: It is empty.
            NoAnnotations: None of its images is annotated.
            TrainingWaits: It has a running and a waiting training.
            QuotaExceeded: The tenant may not have another one now.
        """
        project = await self._projects.require(who.tenant, project_id)
        chosen = await self._chosen(project, who.tenant, wish.recipe)
        training_id = derived_id(who.tenant, project_id, "training", key) if key else new_id()

        async def make() -> Training:
            await self._require_annotations(who.tenant, project_id)
            if not await self._queue.knows(who.tenant, project_id, training_id):
                await self._quota.admit(who.tenant)
            order = Order(
                training_id=training_id,
                mode=wish.mode,
                trigger="person",
                recipe=chosen.recipe,
                recipe_from=chosen.source,
                requested_at=self._clock(),
                requested_by=who.subject,
            )
            await self._queue.place(who.tenant, project_id, order)
            return (await self.get(who, project_id, training_id)).training

        if key is None:
            return await self._standing(await make())
        asked = Keyed(who.tenant, training_id, wish, project_id)
        things = self._trainings(who.tenant)
        made = await self._receipts.make_once(asked, things=things, make=make)
        return await self._standing(made)

    async def get(self, who: Caller, project_id: str, training_id: str) -> Standing:
        """A training of the project; raises NotFound."""
        training = await self._trainings(who.tenant).get(training_id)
        if training.project_id != project_id:
            raise NotFound(f"no training {training_id}")
        return await self._standing(training)

    async def history(self, who: Caller, project_id: str, training_id: str) -> History:
        """How the training goes or went, empty where nothing is known; raises NotFound."""
        training = (await self.get(who, project_id, training_id)).training
        histories = self._documents.collection(HISTORIES, TenantScope(who.tenant))
        nothing = History(id=training.id, tenant=who.tenant, project_id=project_id)
        return await histories.find(training.id) or nothing

    async def list_page(self, who: Caller, project_id: str, paging: PageParams) -> Page[Standing]:
        """One page of the project's trainings, newest first."""
        await self._projects.require(who.tenant, project_id)
        trainings, where = self._trainings(who.tenant), {"project_id": project_id}
        page = await page_of(trainings, paging, where=where, sort=Sort("number", -1))
        standings = {training.id: await self._standing(training) for training in page.items}
        return page.map(lambda training: standings[training.id])

    async def versions(self, who: Caller, project_id: str, paging: PageParams) -> Page[Training]:
        """One page of the project's versions, newest first."""
        await self._projects.require(who.tenant, project_id)
        where: Where = {"project_id": project_id, "version_number": Not(None)}
        return await page_of(
            self._trainings(who.tenant), paging, where=where, sort=Sort("version_number", -1)
        )

    async def trend(self, who: Caller, project_id: str) -> list[Training]:
        """The last ten versions, oldest of them first."""
        page = await self.versions(who, project_id, PageParams(page_size=TREND))
        return list(reversed(page.items))

    async def cancel(self, who: Caller, project_id: str, training_id: str) -> Standing:
        """Ends a training that waits, asks one that runs to stop; one that is over stays so."""
        training = (await self.get(who, project_id, training_id)).training
        if training.state in ENDED:  # unless it was resumed a moment ago
            training = (await self._in_step(who, project_id, training_id)).training
        ended = TrainingEnded(project_id=project_id, training_id=training_id, state="terminated")

        def end(training: Training) -> Write[Training] | None:
            if training.state in ENDED or training.state == "queued":
                return None
            over = training.model_copy(update={"state": "terminated", "ended_at": self._clock()})
            return Write(over, (ended,))

        training = await self._trainings(who.tenant).change(training.id, end)
        if training.state == "queued":
            await self._queue.ensure_job(training)
            await self._jobs.cancel(who.tenant, training.job_id, events=[ended])
        else:
            await self._queue.release(training)
        return await self.get(who, project_id, training_id)

    async def finish(self, who: Caller, project_id: str, training_id: str) -> Standing:
        """Asks a training to end with what it has learnt; one that is over stays as it is.

        Raises:
            NotFinishable: It waits still, or is being stopped.
        """
        standing = await self.get(who, project_id, training_id)
        if standing.training.state in ENDED:
            return standing
        job = standing.job
        if job is None or not job.attempt or job.cancel_requested:
            raise NotFinishable("only a training that runs can be finished early")
        await self._jobs.ask_to_finish(who.tenant, job.id)
        return await self.get(who, project_id, training_id)

    async def resume(self, who: Caller, project_id: str, training_id: str) -> Standing:
        """Goes on with a failed or terminated training from its last checkpoint, same dataset.

        Raises:
            NotResumable: It is not over, it succeeded, or it never got a dataset.
            TrainingWaits: The line is full.
            QuotaExceeded: The tenant may not have another one now.
        """
        training = (await self._in_step(who, project_id, training_id)).training
        await self._projects.require(who.tenant, project_id)
        if training.state not in ("failed", "terminated") or not training.manifest_key:
            raise NotResumable("only a failed or terminated training with a dataset can go on")
        await self._quota.admit(who.tenant)
        order = Order(
            training_id=training.id,
            number=training.number,
            mode=training.mode,
            trigger=training.trigger,
            recipe=training.recipe,
            recipe_from=training.recipe_from,
            requested_at=training.requested_at,
            requested_by=who.subject,
            resumes=training.resumes + 1,
        )
        await self._queue.place(who.tenant, project_id, order)
        return await self.get(who, project_id, training_id)

    async def _chosen(self, project: ProjectView, tenant: str, asked: Recipe | None) -> Chosen:
        """The recipe that was asked for, or the project's; raises InvalidInput."""
        if asked is None:
            chosen = await self._recipes.default(tenant, project.id, project.task)
        else:
            chosen = Chosen(asked, RecipeSource(kind="request"))
        return replace(chosen, recipe=await self._recipes.checked(project.task, chosen.recipe))

    async def _in_step(self, who: Caller, project_id: str, training_id: str) -> Standing:
        """The training once its record is in step with the line; raises NotFound."""
        await self.get(who, project_id, training_id)
        await self._queue.advance(who.tenant, project_id)
        return await self.get(who, project_id, training_id)

    async def _require_annotations(self, tenant: str, project_id: str) -> None:
        there: Where = {"project_id": project_id, "annotated": True}

        async def annotated() -> bool | None:
            return await self._images.of(tenant).count(there) > 0 or None

        if await until(annotated, wait_s=self._news_wait_s):
            return
        if await self._images.count(tenant, project_id):
            raise NoAnnotations("annotate images before the first training")
        raise NoImages("upload images and annotate them before the first training")

    async def _standing(self, training: Training) -> Standing:
        if training.state in ENDED or not training.job_id:
            return Standing(training)
        return Standing(training, await self._jobs.find(training.tenant, training.job_id))

    def _trainings(self, tenant: str) -> Collection[Training]:
        return self._documents.collection(TRAININGS, TenantScope(tenant))
