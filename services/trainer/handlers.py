"""Use cases of trainings: request, read, cancel, resume, and what events do to the records."""

import asyncio
import time
from dataclasses import dataclass

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.records import version_name
from services.trainer.errors import NoAnnotations, NoImages, NotResumable
from services.trainer.lines import Lines, job_id_of, placed
from services.trainer.repository import (
    ENDED,
    IMAGES,
    TRAININGS,
    Artefacts,
    Line,
    Mode,
    Order,
    Training,
    Trigger,
)
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.envelope import Event
from shared.contracts.training_events import (
    SnapshotFrozen,
    SnapshotRefused,
    TrainingEnded,
    TrainingSucceeded,
)
from shared.documents.port import Collection, Documents, Not, Query, Sort, TenantScope, Where
from shared.errors import NotFound, VersionConflict
from shared.ids import derived_id, new_id
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.paging import PageParams
from shared.projects.directory import ProjectDirectory

NEWS_WAIT_S = 3.0  # an annotation saved a moment ago may still be on its way here
NEWS_LOOK_S = 0.05
TREND = 10  # C-090


@dataclass(frozen=True, slots=True)
class Standing:
    """A training and, while it is not over, its job."""

    training: Training
    job: Job | None = None


class Trainings:
    """Trainings over the document store and the job queue."""

    def __init__(
        self,
        documents: Documents,
        queue: JobQueue,
        projects: ProjectDirectory,
        *,
        clock: Clock = utc_now,
        news_wait_s: float = NEWS_WAIT_S,
    ) -> None:
        self.projects = projects
        self.lines = Lines(documents, queue, clock=clock)
        self._documents = documents
        self._queue = queue
        self._clock = clock
        self._news_wait_s = news_wait_s

    async def request(
        self, who: Caller, project_id: str, *, mode: Mode, recipe: Recipe, key: str | None
    ) -> Standing:
        """Puts a training in the project's line; the same key again returns the first one.

        Raises:
            NotFound: No such project.
            NoImages: It is empty.
            NoAnnotations: None of its images is annotated.
            TrainingWaits: It has a running and a waiting training.
        """
        await self.projects.require(who.tenant, project_id)
        training_id = derived_id(who.tenant, project_id, "training", key) if key else new_id()
        if key and (known := await self._trainings(who.tenant).find(training_id)):
            return await self._standing(known)
        await self._require_annotations(who.tenant, project_id)
        await self.order(
            who.tenant,
            project_id,
            training_id,
            mode=mode,
            recipe=recipe,
            trigger="person",
            by=who.subject,
        )
        return await self.get(who, project_id, training_id)

    async def order(
        self,
        tenant: str,
        project_id: str,
        training_id: str,
        *,
        mode: Mode,
        recipe: Recipe,
        trigger: Trigger,
        by: str = "",
    ) -> None:
        """Places an order once, whatever happens in between, and starts what can start."""
        order = Order(
            training_id=training_id,
            mode=mode,
            trigger=trigger,
            recipe=recipe,
            requested_at=self._clock(),
            requested_by=by,
        )
        await self._place(tenant, project_id, order)

    async def get(self, who: Caller, project_id: str, training_id: str) -> Standing:
        """A training of the project; raises NotFound."""
        training = await self._trainings(who.tenant).get(training_id)
        if training.project_id != project_id:
            raise NotFound(f"no training {training_id}")
        return await self._standing(training)

    async def list_page(
        self, who: Caller, project_id: str, paging: PageParams
    ) -> tuple[list[Standing], int]:
        """One page of the project's trainings, newest first, and how many there are."""
        await self.projects.require(who.tenant, project_id)
        trainings = self._trainings(who.tenant)
        where = {"project_id": project_id}
        query = Query(
            where=where,
            sort=Sort("number", -1),
            skip=paging.skip,
            limit=paging.page_size,
            after=paging.after,
        )
        page = await trainings.query(query)
        return [await self._standing(training) for training in page], await trainings.count(where)

    async def versions(
        self, who: Caller, project_id: str, paging: PageParams
    ) -> tuple[list[Training], int]:
        """One page of the project's versions, newest first, and how many there are."""
        await self.projects.require(who.tenant, project_id)
        trainings = self._trainings(who.tenant)
        where: Where = {"project_id": project_id, "version_number": Not(None)}
        query = Query(
            where=where,
            sort=Sort("version_number", -1),
            skip=paging.skip,
            limit=paging.page_size,
            after=paging.after,
        )
        return await trainings.query(query), await trainings.count(where)

    async def trend(self, who: Caller, project_id: str) -> list[Training]:
        """The last ten versions, oldest of them first."""
        found, _ = await self.versions(who, project_id, PageParams(page_size=TREND))
        return found[::-1]

    async def cancel(self, who: Caller, project_id: str, training_id: str) -> Standing:
        """Ends a training that waits, asks one that runs to stop; one that is over stays so."""
        standing = await self.get(who, project_id, training_id)
        if standing.training.state in ENDED:  # unless it was resumed a moment ago
            standing = await self._in_step(who, project_id, training_id)
        training = standing.training
        if training.state in ENDED:
            return standing
        ended = TrainingEnded(project_id=project_id, training_id=training_id, state="terminated")
        if training.state == "queued":
            await self.lines.ensure_job(training)
            await self._queue.cancel(who.tenant, training.job_id, events=[ended])
        else:
            over = training.model_copy(update={"state": "terminated", "ended_at": self._clock()})
            try:
                await self._trainings(who.tenant).replace(over, events=[ended])
            except VersionConflict:  # it just got its dataset or its turn
                return await self.cancel(who, project_id, training_id)
            await self.lines.release(training)
        return await self.get(who, project_id, training_id)

    async def resume(self, who: Caller, project_id: str, training_id: str) -> Standing:
        """Goes on with a failed or terminated training from its last checkpoint, same dataset.

        Raises:
            NotResumable: It is not over, it succeeded, or it never got a dataset.
            TrainingWaits: The line is full.
        """
        training = (await self._in_step(who, project_id, training_id)).training
        if training.state not in ("failed", "terminated") or not training.manifest_key:
            raise NotResumable("only a failed or terminated training with a dataset can go on")
        order = Order(
            training_id=training.id,
            number=training.number,
            mode=training.mode,
            trigger=training.trigger,
            recipe=training.recipe,
            requested_at=training.requested_at,
            requested_by=who.subject,
            resumes=training.resumes + 1,
        )
        await self._place(who.tenant, project_id, order)
        return await self.get(who, project_id, training_id)

    async def dataset_frozen(self, event: Event[SnapshotFrozen]) -> None:
        """The dataset is there: the training waits for a worker."""
        data, trainings = event.data, self._trainings(event.tenant)
        training = await trainings.find(data.training_id)
        if training is None:
            return
        if training.state == "preparing":
            training = await trainings.replace(
                training.model_copy(
                    update={
                        "state": "queued",
                        "job_id": job_id_of(training.id, 0),
                        "manifest_key": data.manifest_key,
                        "dataset_hash": data.dataset_hash,
                        "annotated_images": data.images,
                        "total_images": data.total_images,
                        "labels": data.labels,
                        "corrections": data.corrections,
                        "warnings": data.warnings,
                    }
                )
            )
        if training.state == "queued":
            await self.lines.ensure_job(training)

    async def dataset_refused(self, event: Event[SnapshotRefused]) -> None:
        """No dataset can be made: the training failed, and says why."""
        trainings = self._trainings(event.tenant)
        training = await trainings.find(event.data.training_id)
        if training is None:
            return
        if training.state == "preparing":
            reason = event.data.reason
            ended = TrainingEnded(
                project_id=training.project_id,
                training_id=training.id,
                state="failed",
                reason=reason,
            )
            update = {"state": "failed", "error": reason, "ended_at": self._clock()}
            training = await trainings.replace(training.model_copy(update=update), events=[ended])
        if training.state in ENDED:
            await self.lines.release(training)

    async def succeeded(self, event: Event[TrainingSucceeded]) -> None:
        """The job is done: the record gets its version, and the next training its turn."""
        trainings = self._trainings(event.tenant)
        training = await trainings.find(event.data.training_id)
        if training is None:
            return
        if training.state not in ENDED and event.subject == training.job_id:
            job = await self._queue.get(event.tenant, training.job_id)
            update = {
                "state": "succeeded",
                "version_number": int(event.data.version.removeprefix("V")),
                "artefacts": Artefacts.model_validate(job.payload["result"]),
                "started_at": job.started_at,
                "ended_at": job.finished_at,
            }
            training = await trainings.replace(training.model_copy(update=update))
        if training.state in ENDED:
            await self.lines.release(training)

    async def ended(self, event: Event[TrainingEnded]) -> None:
        """The training ended without a version; words of an earlier life change nothing."""
        trainings = self._trainings(event.tenant)
        training = await trainings.find(event.data.training_id)
        if training is None:
            return
        if training.state not in ENDED and event.subject == training.job_id:
            job = await self._queue.find(event.tenant, training.job_id)
            update = {
                "state": "terminated" if event.data.state == "terminated" else "failed",
                "error": event.data.reason,
                "started_at": job.started_at if job else None,
                "ended_at": event.time,
            }
            training = await trainings.replace(training.model_copy(update=update))
        if training.state in ENDED:
            await self.lines.release(training)

    async def next_version(self, tenant: str, project_id: str) -> str:
        """Name of the version that the project's running training will make."""
        line = await self.lines.get(tenant, project_id)
        return version_name(line.versions + 1)

    async def _place(self, tenant: str, project_id: str, order: Order) -> None:
        def step(line: Line) -> Line:
            return placed(line, order, self._clock())

        await self.lines.change(tenant, project_id, step)
        await self.lines.advance(tenant, project_id)

    async def _in_step(self, who: Caller, project_id: str, training_id: str) -> Standing:
        """The training once its record is in step with the line; raises NotFound."""
        await self.get(who, project_id, training_id)
        await self.lines.advance(who.tenant, project_id)
        return await self.get(who, project_id, training_id)

    async def _require_annotations(self, tenant: str, project_id: str) -> None:
        images = self._documents.collection(IMAGES, TenantScope(tenant))
        deadline = time.monotonic() + self._news_wait_s
        while not await images.count({"project_id": project_id, "annotated": True}):
            if time.monotonic() >= deadline:
                living: Where = {"project_id": project_id, "known": True, "deleted": False}
                if await images.count(living):
                    raise NoAnnotations("annotate images before the first training")
                raise NoImages("upload images and annotate them before the first training")
            await asyncio.sleep(NEWS_LOOK_S)

    async def _standing(self, training: Training) -> Standing:
        if training.state in ENDED or not training.job_id:
            return Standing(training)
        return Standing(training, await self._queue.find(training.tenant, training.job_id))

    def _trainings(self, tenant: str) -> Collection[Training]:
        return self._documents.collection(TRAININGS, TenantScope(tenant))
