"""A project's line of trainings: who runs, who waits, and making the records that follow from it.

The line is the only place where a training starts or ends; everything else is brought in step by
`advance`, which may run at any time and any number of times.
"""

from collections.abc import Callable
from datetime import datetime

from services.trainer.errors import TrainingWaits
from services.trainer.repository import ENDED, LINES, TRAININGS, Line, Order, Training
from shared.clock import Clock, utc_now
from shared.contracts.training_events import TrainingRequested
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    Not,
    Query,
    TenantScope,
)
from shared.errors import AlreadyExists, NotFound, VersionConflict
from shared.jobs.queue import JobQueue

JOB_KIND = "training"
JOB_ATTEMPTS = 30  # each kill of the machine costs one; a training that crashes ends much earlier
_RACES = 50


def placed(line: Line, order: Order, now: datetime) -> Line:
    """The line with an order at its end; whatever was corrected before it starts is learnt by it.

    An order without a number gets the next one.

    Raises:
        TrainingWaits: One runs and one waits already.
    """
    if not order.number:
        order = order.model_copy(update={"number": line.trainings + 1})
        line = line.model_copy(update={"trainings": order.number})
    if line.running is None:
        return line.model_copy(update={"running": order, "counted_to": now})
    if line.waiting is None:
        return line.model_copy(update={"waiting": order})
    raise TrainingWaits("this project has a running and a waiting training; cancel one first")


def released(line: Line, training_id: str, *, now: datetime, version: int | None) -> Line:
    """The line without a training that ended; the one that waited runs.

    The dataset of the next one is asked for now, so it holds every correction up to now.
    """
    update: dict[str, object] = {}
    if version is not None:
        update["versions"] = max(line.versions, version)
    if line.running is not None and line.running.training_id == training_id:
        update |= {"running": line.waiting, "waiting": None}
        if line.waiting is not None and not line.waiting.resumes:
            update["counted_to"] = now
        update["due_at"] = now  # corrections that came meanwhile are looked at again
    elif line.waiting is not None and line.waiting.training_id == training_id:
        update["waiting"] = None
    return line.model_copy(update=update)


class Lines:
    """The lines of all projects, over the document store."""

    def __init__(self, documents: Documents, queue: JobQueue, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._queue = queue
        self._clock = clock

    async def get(self, tenant: str, project_id: str) -> Line:
        """The project's line; a new one, not yet stored, for a project without."""
        found = await self._lines(tenant).find(project_id)
        return found or Line(id=project_id, tenant=tenant)

    async def change(self, tenant: str, project_id: str, step: Callable[[Line], Line]) -> Line:
        """Stores ``step`` of the line, again and again until nobody interfered."""
        lines = self._lines(tenant)
        for _ in range(_RACES):
            old = await self.get(tenant, project_id)
            new = step(old)
            if new == old:
                return old
            try:
                return await (lines.replace(new) if old.version else lines.insert(new))
            except (VersionConflict, AlreadyExists, NotFound):
                continue
        raise VersionConflict(f"the line of project {project_id} changes too fast")

    async def advance(self, tenant: str, project_id: str) -> None:
        """Makes the records and jobs that the line asks for; safe to repeat."""
        line = await self.get(tenant, project_id)
        if line.waiting is not None:
            await self._ensure_record(tenant, project_id, line.waiting)
        if line.running is not None:
            await self._ensure_record(tenant, project_id, line.running)
            await self._ensure_started(tenant, line.running)

    async def advance_all(self) -> None:
        """Heals every line whose records lag behind, as after a kill between two writes."""
        lines = self._documents.collection(LINES, EveryTenant())
        for line in await lines.query(Query(where={"running.training_id": Not(None)}, limit=1000)):
            await self.advance(line.tenant, line.id)

    async def _ensure_record(self, tenant: str, project_id: str, order: Order) -> None:
        trainings = self._trainings(tenant)
        if await trainings.find(order.training_id) is not None:
            return
        record = Training(
            id=order.training_id,
            tenant=tenant,
            project_id=project_id,
            number=order.number,
            mode=order.mode,
            trigger=order.trigger,
            recipe=order.recipe,
            state="waiting",
            requested_at=order.requested_at,
            requested_by=order.requested_by,
        )
        try:
            await trainings.insert(record)
        except AlreadyExists:
            return

    async def _ensure_started(self, tenant: str, order: Order) -> None:
        """The running order's training asks for its dataset, or has its job."""
        trainings = self._trainings(tenant)
        training = await trainings.get(order.training_id)
        if training.state == "waiting":
            asked = TrainingRequested(project_id=training.project_id, training_id=training.id)
            await trainings.replace(
                training.model_copy(update={"state": "preparing"}), events=[asked]
            )
            return
        if training.state in ENDED and training.resumes < order.resumes:
            training = await trainings.replace(_resumed(training, order.resumes))
        if training.state == "queued":
            await self.ensure_job(training)

    async def ensure_job(self, training: Training) -> None:
        """The job of a queued training; the job of an earlier life hands over its checkpoint."""
        payload: dict[str, object] = {
            "training_id": training.id,
            "project_id": training.project_id,
            "manifest_key": training.manifest_key,
        }
        if training.resumes:
            earlier = await self._queue.find(
                training.tenant, job_id_of(training.id, training.resumes - 1)
            )
            if earlier is not None and "checkpoint" in earlier.payload:
                payload["checkpoint"] = earlier.payload["checkpoint"]
        await self._queue.enqueue(
            training.tenant, JOB_KIND, training.job_id, payload=payload, max_attempts=JOB_ATTEMPTS
        )

    def _lines(self, tenant: str) -> Collection[Line]:
        return self._documents.collection(LINES, TenantScope(tenant))

    def _trainings(self, tenant: str) -> Collection[Training]:
        return self._documents.collection(TRAININGS, TenantScope(tenant))


def job_id_of(training_id: str, resumes: int) -> str:
    """The id of the job of a training's n-th life."""
    return f"{training_id}-r{resumes}" if resumes else training_id


def _resumed(training: Training, resumes: int) -> Training:
    return training.model_copy(
        update={
            "state": "queued",
            "resumes": resumes,
            "job_id": job_id_of(training.id, resumes),
            "error": "",
            "ended_at": None,
        }
    )
