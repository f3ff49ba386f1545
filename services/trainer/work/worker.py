"""The work on one leased training: run it in a process of its own and deliver what it made.

The lease is the job worker's. Every write carries the attempt, so a worker that lost its lease
changes nothing; what it left in the blob store nobody points to.
"""

import asyncio
import contextlib
import shutil
from pathlib import Path
from typing import Any

from services.trainer.process.work_order import (
    CheckpointMessage,
    FailureMessage,
    Message,
    ProgressMessage,
    ResultMessage,
    StartMessage,
    WorkOrder,
)
from services.trainer.repository import TRAININGS, Training
from services.trainer.work.attempt_files import AttemptFiles
from services.trainer.work.executor import (
    Executor,
    TrainingProcessDied,
    TrainingProcessKilled,
)
from services.trainer.work.history_writer import HistoryWriter
from shared.contracts.training_events import TrainingEnded, TrainingSucceeded
from shared.documents.port import Documents, TenantScope
from shared.errors import LoupeError, NotFound
from shared.jobs.job import Job, JobState, Progress
from shared.jobs.worker import Lease

FIGURES = {"epoch", "epochs", "loss", "validation", "validation_low", "validation_high"}
CRASHES = 3  # ends of the training process without progress before the training has failed


class TrainingWork:
    """Works on a leased training to its end."""

    def __init__(
        self, documents: Documents, files: AttemptFiles, executor: Executor, *, folder: Path
    ) -> None:
        """``folder`` is this process's own, for the files of each attempt while it lasts."""
        self._documents = documents
        self._files = files
        self._executor = executor
        self._folder = folder

    async def __call__(self, lease: Lease) -> None:
        """Take the training to its end; cancelled, the training process is ended, too."""
        job = lease.job
        folder = self._folder / f"{job.id}-{job.attempt}"
        await asyncio.to_thread(_fresh_folder, folder)
        try:
            await self._attempt(lease, folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _attempt(self, lease: Lease, folder: Path) -> None:
        training = await self._training(lease.job)
        if training is None:
            await _end(lease, "failed", "the training's record is gone")
            return
        history = HistoryWriter(self._documents, training, lease.job)
        history.note(f"attempt {lease.job.attempt} begins")
        try:
            async with contextlib.AsyncExitStack() as files:
                order = await self._files.order(training, lease.job, folder, files)
                last = await self._compute(lease, order, history)
                if isinstance(last, ResultMessage):
                    await self._deliver(lease, training, last)
                elif isinstance(last, FailureMessage):
                    await _end(lease, "failed", last.reason)
        except TrainingProcessDied as error:
            history.note(error.detail)
            await history.keep()
            await self._crashed(lease, error)
        except (NotFound, ValueError) as error:
            await _end(lease, "failed", f"the dataset cannot be read: {error}")
        except LoupeError as error:
            if error.retryable and not lease.lost:
                history.note(f"it waits and tries again: {error.detail}")
                with contextlib.suppress(LoupeError):
                    await history.keep()
            raise

    async def _compute(
        self, lease: Lease, order: WorkOrder, history: HistoryWriter
    ) -> Message | None:
        """Follows the computation to its last message."""
        last: Message | None = None
        async with contextlib.aclosing(self._executor.run(order)) as messages:
            async for message in messages:
                last = message
                await history.heed(message)
                await self._heed(lease, message, history)
                if lease.job.finish_requested:
                    await asyncio.to_thread(order.finish.touch)
        await history.keep()
        return last

    async def _heed(self, lease: Lease, message: Message, history: HistoryWriter) -> None:
        if isinstance(message, ProgressMessage):
            known = message.model_dump(include=FIGURES, exclude_none=True)
            figures = {name: float(value) for name, value in known.items()}
            progress = Progress(
                percent=message.percent,
                stage=message.stage,
                seconds_left=message.seconds_left,
                figures=figures,
            )
            await lease.report(progress)
        elif isinstance(message, CheckpointMessage):
            await history.keep()  # who goes on from here has the whole curve
            await self._keep_checkpoint(lease, message)
        elif isinstance(message, StartMessage):
            await lease.remember(backbone_weights=message.backbone_weights)

    async def _keep_checkpoint(self, lease: Lease, message: CheckpointMessage) -> None:
        """Stores a checkpoint, points the job to it, then drops the one before."""
        before = lease.job.payload.get("checkpoint")
        keys = await self._files.store_checkpoint(lease.job, message)
        await lease.remember(checkpoint=keys, crashes=0)
        if before != keys:
            await self._files.drop(before)

    async def _deliver(self, lease: Lease, training: Training, made: ResultMessage) -> None:
        """Stores the artefacts, then ends the job with the event that makes them a version."""
        artefacts = await self._files.store_result(
            made, tenant=training.tenant, project_id=training.project_id
        )
        await lease.remember(result=artefacts.model_dump(mode="json"))
        event = TrainingSucceeded(
            project_id=training.project_id,
            training_id=training.id,
            version=await self._files.next_version(training),
            manifest_key=training.manifest_key,
            predictions_key=artefacts.predictions_key,
            model_key=artefacts.model_key,
            model_manifest_key=artefacts.model_manifest_key,
            golden_key=artefacts.golden_key,
            input_plan_hash=artefacts.input_plan_hash,
            pretrained=artefacts.backbone_weights != "none",
            champion=await self._files.champion(training),
        )
        checkpoint: dict[str, Any] | None = lease.job.payload.get("checkpoint")
        await lease.finish(events=[event])
        await self._files.drop(checkpoint)

    async def _crashed(self, lease: Lease, error: TrainingProcessDied) -> None:
        """Gives the training another attempt, unless it was the last or it keeps crashing.

        Of one that was killed since memory ran out, with half the images a step from now on.
        """
        job = lease.job
        crashes = int(job.payload.get("crashes", 0)) + 1
        if crashes >= CRASHES or job.attempt >= job.max_attempts:
            often = f"the training process ended {crashes} times: {error.detail}"
            last = f"the training process ended in attempt {job.attempt}, the last: {error.detail}"
            await _end(lease, "failed", often if crashes >= CRASHES else last)
            return
        halved = isinstance(error, TrainingProcessKilled) or bool(job.payload.get("halved"))
        await lease.remember(crashes=crashes, halved=halved)
        await lease.give_back(counted=True)

    async def _training(self, job: Job) -> Training | None:
        trainings = self._documents.collection(TRAININGS, TenantScope(job.tenant))
        return await trainings.find(str(job.payload["training_id"]))


async def _end(lease: Lease, state: JobState, reason: str) -> None:
    over = lease.job.model_copy(update={"state": state, "error": reason})
    await lease.finish(state, error=reason, events=ended_events(over))


def ended_events(job: Job) -> list[TrainingEnded]:
    """What is told of a training that ended without a version."""
    return [
        TrainingEnded(
            project_id=str(job.payload.get("project_id", "")),
            training_id=str(job.payload.get("training_id", "")),
            state="terminated" if job.state == "cancelled" else "failed",
            reason=job.error,
        )
    ]


def _fresh_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
