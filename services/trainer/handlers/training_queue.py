"""A project's line of trainings: who runs, who waits, and making the records that follow from it.

The line is the only place where a training starts or ends; everything else is brought in step by
`advance`, which may run at any time and any number of times.
"""

from datetime import datetime, timedelta

from services.trainer.domain.retraining_policy import LONGEST_PAUSE
from services.trainer.errors import TrainingWaits
from services.trainer.repository import (
    ENDED,
    LINES,
    TRAINING_JOB,
    TRAININGS,
    Line,
    Order,
    Training,
    job_id_of,
)
from shared.clock import Clock, utc_now
from shared.contracts.training_events import TrainingRequested
from shared.documents.port import (
    Collection,
    Documents,
    Edit,
    EveryTenant,
    Not,
    Query,
    TenantScope,
    Write,
)
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue

JOB_ATTEMPTS = 30  # each kill of the machine costs one; a training that crashes ends much earlier
RETRY_S = 300.0  # after a failure; doubled with each further one
RETRY_MOST_S = LONGEST_PAUSE.total_seconds()


def placed(line: Line, order: Order, now: datetime) -> Line:
    """The line with an order at its end, unless its training stands there already.

    An order without a number gets the next one.

    Raises:
        TrainingWaits: One runs and one waits already.
    """
    known = (line.running, line.waiting)
    if any(other is not None and other.training_id == order.training_id for other in known):
        return line
    if not order.number:
        order = order.model_copy(update={"number": line.trainings + 1})
        line = line.model_copy(update={"trainings": order.number})
    if line.running is None:
        return _running(line, order, now)
    if line.waiting is None:
        return line.model_copy(update={"waiting": order})
    raise TrainingWaits("this project has a running and a waiting training; cancel one first")


def released(line: Line, training: Training, now: datetime) -> Line:
    """The line without this life of a training, which is over; the one that waited runs.

    A training that failed gives its corrections back, and the policy waits before it tries again.
    """
    if training.version_number is not None:
        line = line.model_copy(update={"versions": max(line.versions, training.version_number)})
    if _stands_for(line.waiting, training):
        line = line.model_copy(update={"waiting": None})
    ended, following = line.running, line.waiting
    if ended is None or not _stands_for(ended, training):
        return line
    # Corrections that came meanwhile are looked at again.
    line = line.model_copy(update={"running": None, "waiting": None, "due_at": now})
    if training.state == "succeeded":
        line = line.model_copy(update={"failures": 0, "not_before": None})
    elif training.state == "failed":
        line = _given_back(line, ended, now)
    return line if following is None else _running(line, following, now)


def _stands_for(order: Order | None, training: Training) -> bool:
    """Whether the order is of this or an earlier life of the training."""
    return (
        order is not None and order.training_id == training.id and order.resumes <= training.resumes
    )


def _running(line: Line, order: Order, now: datetime) -> Line:
    """The line with an order that runs; whatever was corrected up to now is in its dataset."""
    if order.resumes:  # it has its dataset, which holds no new correction
        return line.model_copy(update={"running": order})
    begun = line.round + 1
    order = order.model_copy(update={"round_from": line.counted})
    return line.model_copy(
        update={"running": order, "round": begun, "counted": begun, "counted_to": now}
    )


def _given_back(line: Line, ended: Order, now: datetime) -> Line:
    """The line to which the corrections of a failed training wait again, longer each time."""
    wait_s = min(RETRY_S * 2 ** min(line.failures, 16), RETRY_MOST_S)
    return line.model_copy(
        update={
            "counted": line.counted if ended.resumes else ended.round_from,
            "failures": line.failures + 1,
            "not_before": now + timedelta(seconds=wait_s),
        }
    )


class TrainingQueue:
    """The lines of all projects, over the document store."""

    def __init__(self, documents: Documents, jobs: JobQueue, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._jobs = jobs
        self._clock = clock

    async def line(self, tenant: str, project_id: str) -> Line:
        """The project's line; a new one, not yet stored, for a project without."""
        return await self._lines(tenant).find(project_id) or Line(id=project_id, tenant=tenant)

    async def knows(self, tenant: str, project_id: str, training_id: str) -> bool:
        """Whether a training has a place in its project's line, or had one."""
        line = await self.line(tenant, project_id)
        places = {order.training_id for order in (line.running, line.waiting) if order}
        return training_id in places or await self._trainings(tenant).find(training_id) is not None

    async def round_of(self, tenant: str, project_id: str) -> int:
        """How many datasets of the project were asked for."""
        return (await self.line(tenant, project_id)).round

    async def change(
        self,
        tenant: str,
        project_id: str,
        edit: Edit[Line],
        *,
        expected: int | None = None,
    ) -> Line:
        """Gives the line its next state; raises VersionConflict unless it is the expected one."""
        new = Line(id=project_id, tenant=tenant)
        return await self._lines(tenant).change(project_id, edit, new=new, expected=expected)

    async def place(self, tenant: str, project_id: str, order: Order) -> None:
        """Puts an order in line once, whatever happens in between, and starts what can start.

        Raises:
            TrainingWaits: One runs and one waits already.
        """
        await self.change(tenant, project_id, lambda line: placed(line, order, self._clock()))
        await self.advance(tenant, project_id)

    async def release(self, training: Training) -> None:
        """Takes a training that is over out of the line; the next one has its turn."""
        await self._let_go(training)
        await self.advance(training.tenant, training.project_id)

    async def advance(self, tenant: str, project_id: str) -> None:
        """Makes the records and jobs that the line asks for; safe to repeat."""
        while not await self._in_step(tenant, project_id):
            pass  # an order of a training that is over went; there are at most two

    async def advance_all(self) -> None:
        """Heals every line whose records lag behind, as after a kill between two writes."""
        lines = self._documents.collection(LINES, EveryTenant())
        async for line in lines.walk(Query(where={"running.training_id": Not(None)})):
            await self.advance(line.tenant, line.id)

    async def ensure_job(self, training: Training) -> None:
        """The job of a queued training; the last life that had one hands over its checkpoint."""
        payload: dict[str, object] = {
            "training_id": training.id,
            "project_id": training.project_id,
            "manifest_key": training.manifest_key,
        }
        earlier = await self._with_checkpoint(training)
        if earlier is not None:
            payload["checkpoint"] = earlier.payload["checkpoint"]
        await self._jobs.enqueue(
            training.tenant,
            TRAINING_JOB,
            training.job_id,
            payload=payload,
            max_attempts=JOB_ATTEMPTS,
        )
        if earlier is not None:
            await self._jobs.forget(earlier, "checkpoint")

    async def _with_checkpoint(self, training: Training) -> Job | None:
        """The job of the last life that has a checkpoint; one that only waited had no job."""
        for life in reversed(range(training.resumes)):
            earlier = await self._jobs.find(training.tenant, job_id_of(training.id, life))
            if earlier is not None and "checkpoint" in earlier.payload:
                return earlier
        return None

    async def _in_step(self, tenant: str, project_id: str) -> bool:
        """Brings the records in step with the line; False when that changed the line itself."""
        line = await self.line(tenant, project_id)
        training = None
        for order in filter(None, (line.waiting, line.running)):
            training = await self._ensure_record(tenant, project_id, order)
            if training.state in ENDED:
                await self._let_go(training)
                return False
        if training is not None and line.running is not None:
            await self._ensure_started(training)
        return True

    async def _let_go(self, training: Training) -> None:
        await self.change(
            training.tenant,
            training.project_id,
            lambda line: released(line, training, self._clock()),
        )

    async def _ensure_record(self, tenant: str, project_id: str, order: Order) -> Training:
        """The order's training, in the life that stands in line."""

        def edit(training: Training) -> Training:
            if training.state in ENDED and training.resumes < order.resumes:
                return _resumed(training, order.resumes)
            return training

        new = Training(
            id=order.training_id,
            tenant=tenant,
            project_id=project_id,
            number=order.number,
            mode=order.mode,
            trigger=order.trigger,
            recipe=order.recipe,
            recipe_from=order.recipe_from,
            state="waiting",
            requested_at=order.requested_at,
            requested_by=order.requested_by,
        )
        return await self._trainings(tenant).change(order.training_id, edit, new=new)

    async def _ensure_started(self, training: Training) -> None:
        """The training whose turn it is asks for its dataset, or has its job."""

        def edit(training: Training) -> Write[Training] | None:
            if training.state != "waiting":
                return None
            if training.manifest_key:
                return Write(training.model_copy(update={"state": "queued"}))
            asked = TrainingRequested(project_id=training.project_id, training_id=training.id)
            return Write(training.model_copy(update={"state": "preparing"}), (asked,))

        training = await self._trainings(training.tenant).change(training.id, edit)
        if training.state == "queued":
            await self.ensure_job(training)

    def _lines(self, tenant: str) -> Collection[Line]:
        return self._documents.collection(LINES, TenantScope(tenant))

    def _trainings(self, tenant: str) -> Collection[Training]:
        return self._documents.collection(TRAININGS, TenantScope(tenant))


def _resumed(training: Training, resumes: int) -> Training:
    return training.model_copy(
        update={
            "state": "waiting",
            "resumes": resumes,
            "job_id": job_id_of(training.id, resumes),
            "error": "",
            "ended_at": None,
        }
    )
