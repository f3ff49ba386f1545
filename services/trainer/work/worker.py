"""The worker: leases trainings, runs each in a process of its own, and delivers what it made.

The lease is renewed by a task beside the computation. Every write carries the attempt, so a worker
that lost its lease changes nothing; what it left in the blob store nobody points to.
"""

import asyncio
import contextlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from services.trainer.process.work_order import (
    CheckpointMessage,
    FailureMessage,
    Message,
    ProgressMessage,
    ResultMessage,
    WorkOrder,
)
from services.trainer.repository import TRAINING_JOB, TRAININGS, Training
from services.trainer.settings import TrainerSettings
from services.trainer.work.attempt_files import AttemptFiles
from services.trainer.work.executor import Executor, TrainingProcessDied
from shared.contracts.training_events import TrainingEnded, TrainingSucceeded
from shared.documents.port import Documents, TenantScope
from shared.errors import LoupeError, NotFound
from shared.jobs.job import Job, JobState, Progress
from shared.jobs.queue import JobQueue, LeaseLost
from shared.telemetry import logger

CRASHES = 3  # ends of the training process without progress before the training has failed
HEARTBEATS_A_LEASE = 6
PROGRESS_EVERY_S = 0.5

log = logger(__name__)


@dataclass
class Attempt:
    """What the parts of one attempt share.

    Attributes:
        job: The lease, as last renewed.
        folder: Local files of this attempt alone.
        stop: Set when the computation must end: cancelled, or the lease is lost.
        lost: Whether the lease is lost.
    """

    job: Job
    folder: Path
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False

    def note(self, job: Job) -> None:
        """Takes the renewed lease; a wish to cancel ends the computation."""
        self.job = job
        if job.cancel_requested:
            self.stop.set()


class Worker:
    """Works on one training at a time."""

    def __init__(
        self,
        documents: Documents,
        queue: JobQueue,
        files: AttemptFiles,
        executor: Executor,
        *,
        settings: TrainerSettings,
        work_folder: Path,
        name: str,
    ) -> None:
        self._documents = documents
        self._queue = queue
        self._files = files
        self._executor = executor
        self._settings = settings
        self._folder = work_folder
        self._name = name

    async def run(self) -> None:
        """Works until cancelled; a training under way then goes back to the queue."""
        while True:
            if not await self.work_once():
                await asyncio.sleep(self._settings.poll_s)

    async def work_once(self) -> bool:
        """Takes one training, if one waits, to its end; returns whether there was one."""
        job = await self._queue.claim([TRAINING_JOB], self._name)
        if job is None:
            return False
        log.info("training.leased", job=job.id, attempt=job.attempt)
        folder = self._folder / f"{job.id}-{job.attempt}"
        await asyncio.to_thread(_fresh_folder, folder)
        attempt = Attempt(job, folder)
        heart = asyncio.create_task(self._beat(attempt))
        try:
            await self._attempt(attempt)
        except LeaseLost:
            log.warning("training.lease_lost", job=job.id, attempt=job.attempt)
        except asyncio.CancelledError:
            with contextlib.suppress(LoupeError):
                await asyncio.shield(self._queue.release(attempt.job))
            raise
        finally:
            heart.cancel()
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return True

    async def _beat(self, attempt: Attempt) -> None:
        """Renews the lease; ends the computation when that fails for two thirds of a lease."""
        interval_s = self._settings.lease_s / HEARTBEATS_A_LEASE
        loop = asyncio.get_running_loop()
        renewed_at = loop.time()
        while not attempt.stop.is_set():
            await asyncio.sleep(interval_s)
            try:
                attempt.note(await self._queue.heartbeat(attempt.job))
                renewed_at = loop.time()
            except LeaseLost:
                attempt.lost = True
            except LoupeError as error:
                log.warning("training.heartbeat_failed", job=attempt.job.id, reason=error.detail)
                attempt.lost = loop.time() - renewed_at > self._settings.lease_s * 2 / 3
            if attempt.lost:
                attempt.stop.set()

    async def _attempt(self, attempt: Attempt) -> None:
        training = await self._training(attempt.job)
        if training is None:
            await self._end(attempt, "failed", "the training's record is gone")
            return
        try:
            async with contextlib.AsyncExitStack() as files:
                order = await self._files.order(training, attempt.job, attempt.folder, files)
                last = await self._compute(attempt, order)
                await self._conclude(attempt, training, last)
        except TrainingProcessDied as error:
            await self._crashed(attempt, error)
        except (NotFound, ValueError) as error:
            await self._end(attempt, "failed", f"the dataset cannot be read: {error}")

    async def _conclude(self, attempt: Attempt, training: Training, last: Message | None) -> None:
        if attempt.lost:
            raise LeaseLost(f"attempt {attempt.job.attempt} at {attempt.job.id} is over")
        if isinstance(last, ResultMessage) and not attempt.job.cancel_requested:
            await self._deliver(attempt, training, last)
        elif isinstance(last, FailureMessage):
            await self._end(attempt, "failed", last.reason)
        else:
            await self._end(attempt, "cancelled", "")

    async def _compute(self, attempt: Attempt, order: WorkOrder) -> Message | None:
        """Follows the computation; its last message, or None when it was stopped."""
        stop = asyncio.create_task(attempt.stop.wait())
        messages = self._executor.run(order)
        last: Message | None = None
        step: asyncio.Future[Message | None] | None = None
        try:
            while True:
                step = asyncio.ensure_future(anext(messages, None))
                await asyncio.wait({step, stop}, return_when=asyncio.FIRST_COMPLETED)
                if not step.done():
                    return None
                if (message := step.result()) is None:
                    return last
                last = message
                await self._heed(attempt, message)
        finally:
            stop.cancel()
            if step is not None and not step.done():
                step.cancel()  # an iterator can only be closed once its step is over
                await asyncio.wait({step})
            if (close := getattr(messages, "aclose", None)) is not None:
                await close()

    async def _heed(self, attempt: Attempt, message: Message) -> None:
        if isinstance(message, ProgressMessage):
            figures = {"epoch": float(message.epoch), "epochs": float(message.epochs)}
            if message.loss is not None:
                figures["loss"] = message.loss
            progress = Progress(
                percent=message.percent,
                stage=message.stage,
                seconds_left=message.seconds_left,
                figures=figures,
            )
            attempt.note(await self._queue.report(attempt.job, progress))
        elif isinstance(message, CheckpointMessage):
            await self._keep_checkpoint(attempt, message)

    async def _keep_checkpoint(self, attempt: Attempt, message: CheckpointMessage) -> None:
        """Stores a checkpoint, points the job to it, then drops the one before."""
        before = attempt.job.payload.get("checkpoint")
        keys = await self._files.store_checkpoint(attempt.job, message)
        attempt.note(await self._queue.update_payload(attempt.job, checkpoint=keys, crashes=0))
        if before != keys:
            await self._files.drop(before)

    async def _deliver(self, attempt: Attempt, training: Training, made: ResultMessage) -> None:
        """Stores the artefacts, then ends the job with the event that makes them a version."""
        artefacts = await self._files.store_result(
            made, tenant=training.tenant, project_id=training.project_id
        )
        job = await self._queue.update_payload(
            attempt.job, result=artefacts.model_dump(mode="json")
        )
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
        )
        await self._queue.finish(job, "succeeded", events=[event])
        await self._files.drop(job.payload.get("checkpoint"))

    async def _end(self, attempt: Attempt, state: JobState, reason: str) -> None:
        await self._queue.finish(
            attempt.job, state, error=reason, events=ended_events(attempt.job, state, reason)
        )

    async def _crashed(self, attempt: Attempt, error: TrainingProcessDied) -> None:
        """Gives the training another attempt unless it keeps crashing without progress."""
        crashes = int(attempt.job.payload.get("crashes", 0)) + 1
        if crashes >= CRASHES:
            reason = f"the training process ended {crashes} times: {error.detail}"
            await self._end(attempt, "failed", reason)
            return
        job = await self._queue.update_payload(attempt.job, crashes=crashes)
        await self._queue.release(job)

    async def _training(self, job: Job) -> Training | None:
        trainings = self._documents.collection(TRAININGS, TenantScope(job.tenant))
        return await trainings.find(str(job.payload["training_id"]))


def ended_events(job: Job, state: JobState, reason: str) -> list[TrainingEnded]:
    """The event of a training that ended without a version."""
    return [
        TrainingEnded(
            project_id=str(job.payload.get("project_id", "")),
            training_id=str(job.payload.get("training_id", "")),
            state="terminated" if state == "cancelled" else "failed",
            reason=reason,
        )
    ]


def _fresh_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
