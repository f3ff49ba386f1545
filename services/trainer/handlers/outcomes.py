"""What events do to the records: a dataset is there or refused, a training succeeded or ended."""

from services.trainer.handlers.training_queue import TrainingQueue
from services.trainer.repository import ENDED, TRAININGS, Artefacts, Training, job_id_of
from shared.clock import Clock, utc_now
from shared.contracts.envelope import Event
from shared.contracts.training_events import (
    SnapshotFrozen,
    SnapshotRefused,
    TrainingEnded,
    TrainingSucceeded,
)
from shared.contracts.version_names import version_number
from shared.documents.port import Collection, Documents, Edit, TenantScope, Write
from shared.jobs.queue import JobQueue


class TrainingOutcomes:
    """Trainings as their events tell of them; an event of an unknown training changes nothing."""

    def __init__(
        self,
        documents: Documents,
        jobs: JobQueue,
        queue: TrainingQueue,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._jobs = jobs
        self._queue = queue
        self._clock = clock

    async def dataset_frozen(self, event: Event[SnapshotFrozen]) -> None:
        """The dataset is there: the training waits for a worker."""
        data = event.data

        def edit(training: Training) -> Training | None:
            if training.state != "preparing":
                return None
            return training.model_copy(
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

        training = await self._changed(event.tenant, data.training_id, edit)
        if training is not None and training.state == "queued":
            await self._queue.ensure_job(training)

    async def dataset_refused(self, event: Event[SnapshotRefused]) -> None:
        """No dataset can be made: the training failed, and says why."""
        reason = event.data.reason

        def edit(training: Training) -> Write[Training] | None:
            if training.state != "preparing":
                return None
            ended = TrainingEnded(
                project_id=training.project_id,
                training_id=training.id,
                state="failed",
                reason=reason,
            )
            update = {"state": "failed", "error": reason, "ended_at": self._clock()}
            return Write(training.model_copy(update=update), (ended,))

        await self._released(await self._changed(event.tenant, event.data.training_id, edit))

    async def succeeded(self, event: Event[TrainingSucceeded]) -> None:
        """The job is done: the record gets its version, and the next training its turn."""

        async def edit(training: Training) -> Training | None:
            if training.state in ENDED or event.subject != training.job_id:
                return None
            job = await self._jobs.get(event.tenant, training.job_id)
            update = {
                "state": "succeeded",
                "version_number": version_number(event.data.version),
                "artefacts": Artefacts.model_validate(job.payload["result"]),
                "started_at": job.started_at,
                "ended_at": job.finished_at,
            }
            return training.model_copy(update=update)

        await self._released(await self._changed(event.tenant, event.data.training_id, edit))

    async def ended(self, event: Event[TrainingEnded]) -> None:
        """The training ended without a version; words of an earlier life change nothing."""

        async def edit(training: Training) -> Training | None:
            if training.state in ENDED or event.subject != training.job_id:
                return None
            job = await self._jobs.find(event.tenant, training.job_id)
            update = {
                "state": "terminated" if event.data.state == "terminated" else "failed",
                "error": event.data.reason,
                "started_at": job.started_at if job else None,
                "ended_at": event.time,
            }
            return training.model_copy(update=update)

        await self._released(await self._changed(event.tenant, event.data.training_id, edit))

    async def _changed(
        self, tenant: str, training_id: str, edit: Edit[Training]
    ) -> Training | None:
        trainings = self._trainings(tenant)
        if await trainings.find(training_id) is None:
            return None
        return await trainings.change(training_id, edit)

    async def _released(self, training: Training | None) -> None:
        if training is not None and training.state in ENDED:
            await self._queue.release(training)

    def _trainings(self, tenant: str) -> Collection[Training]:
        return self._documents.collection(TRAININGS, TenantScope(tenant))
