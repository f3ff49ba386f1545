"""The trainer with what its neighbours would do: frozen datasets, and a scripted executor."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.trainer.domain.recipe import Recipe
from services.trainer.handlers.gate import Gate
from services.trainer.handlers.outcomes import TrainingOutcomes
from services.trainer.handlers.quota import TrainingQuota
from services.trainer.handlers.recipes import Recipes
from services.trainer.handlers.retraining import Retraining
from services.trainer.handlers.training_queue import TrainingQueue
from services.trainer.handlers.trainings import Trainings
from services.trainer.handlers.versions import Versions
from services.trainer.process.work_order import (
    CheckpointFiles,
    CheckpointMessage,
    FailureMessage,
    Message,
    ProgressMessage,
    ResultMessage,
    StartMessage,
    WorkOrder,
)
from services.trainer.repository import (
    HISTORIES,
    IMAGES,
    LIMITS,
    LINES,
    RECEIPTS,
    RECIPES,
    TRAINING_JOB,
    TRAININGS,
    Training,
)
from services.trainer.settings import TrainerSettings
from services.trainer.subscriptions import subscriptions
from services.trainer.work.attempt_files import AttemptFiles
from services.trainer.work.executor import TrainingProcessDied, TrainingProcessKilled
from services.trainer.work.worker import TrainingWork, ended_events
from shared.callers import Caller
from shared.contracts.envelope import Event, EventBody, EventStamp, pack, unpack
from shared.contracts.predictions import Detection, ImagePredictions, StoredPredictions
from shared.contracts.project_events import ProjectCreated
from shared.contracts.snapshot import Snapshot
from shared.contracts.training_events import SnapshotFrozen
from shared.documents.port import Collection, Query, Sort, TenantScope
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from shared.jobs.job import job_spec
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.projects.clearing import Clearing
from shared.projects.directory import ProjectDirectory, projects_spec
from shared.quotas import Limits
from shared.runtime.tasks.names import TaskName
from tests.unit.trainer.pictures import PROJECT, write_snapshot

COLLECTIONS = (
    TRAININGS, HISTORIES, LINES, RECIPES, IMAGES, RECEIPTS, LIMITS,
    job_spec("trainer"), projects_spec("trainer"),
)  # fmt: skip
WHO = Caller("default", "key-1", "admin")
PLAN_HASH = "ab" * 32
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


class Time:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Script:
    """An executor that says what a test wants, without computing anything.

    One that ``goes_on`` does so until it is asked to finish.
    """

    lives: list[str] = field(default_factory=lambda: ["result"])
    backbone_weights: str = "package:backbones==1.0@ab"
    orders: list[WorkOrder] = field(default_factory=list)
    pause: asyncio.Event | None = None
    goes_on: bool = False
    running: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, order: WorkOrder) -> AsyncGenerator[Message, None]:
        self.orders.append(order)
        life = self.lives[min(len(self.orders), len(self.lives)) - 1]
        yield StartMessage(backbone_weights=self.backbone_weights)
        yield ProgressMessage(stage="training", percent=50, epoch=1, epochs=2, loss=0.5)
        yield CheckpointMessage(epoch=1, files=checkpoint(order.folder))
        self.running.set()
        if self.pause is not None:
            await self.pause.wait()
        while self.goes_on and not order.finish.exists():
            await asyncio.sleep(0.01)
            yield ProgressMessage(stage="training", percent=60, epoch=1, epochs=2, loss=0.4)
        if life == "dies":
            raise TrainingProcessDied("exit status 137")
        if life == "is killed":
            raise TrainingProcessKilled("it was killed")
        if life == "fails":
            yield FailureMessage(reason="the loss is not a number")
            return
        yield result(order, self.backbone_weights)


def checkpoint(folder: Path) -> CheckpointFiles:
    files = CheckpointFiles(tensors=folder / "c.safetensors", document=folder / "c.json")
    files.tensors.write_bytes(b"tensors")
    files.document.write_text("{}")
    return files


def found_as_drawn(order: WorkOrder) -> StoredPredictions:
    """Predictions that find every box of the held-out images, and nothing else."""
    snapshot = Snapshot.model_validate_json(order.snapshot.read_bytes())
    return StoredPredictions(
        version=order.version,
        labels=snapshot.labels,
        threshold=0.0,
        images=tuple(
            ImagePredictions(
                image_id=image.image_id,
                detections=tuple(
                    Detection(
                        label=shape.label, score=0.9, box=(*shape.points[0], *shape.points[1])
                    )
                    for shape in image.shapes
                ),
            )
            for image in snapshot.images
            if image.split == "test"
        ),
    )


def result(order: WorkOrder, backbone_weights: str = "none") -> ResultMessage:
    files = {
        name: order.folder / name
        for name in ("model", "model_manifest", "weights", "predictions", "golden")
    }
    for name, file in files.items():
        file.write_bytes(f"{name} of {order.version}".encode())
    files["predictions"].write_text(found_as_drawn(order).model_dump_json())
    return ResultMessage(
        **files,
        backbone_weights=backbone_weights,
        backbone_licence="MIT",
        started_from=order.start.version if order.start else "",
        epochs=2,
        input_size=(96, 96),
        input_plan_hash=PLAN_HASH,
    )


class Place:
    """A trainer over embedded stores whose events and time a test moves by hand."""

    def __init__(self, stores: Stores, folder: Path, *, clock: Callable[[], datetime]) -> None:
        self.stores, self.folder, self.clock = stores, folder, clock
        documents = stores.documents
        self.jobs = JobQueue(documents, "trainer", clock=clock)
        self.projects = ProjectDirectory(documents, "trainer", wait_s=0)
        self.queue = TrainingQueue(documents, self.jobs, clock=clock)
        self.images = ImageDirectory(documents, "trainer", wait_s=0, round_of=self.queue.round_of)
        self.recipes = Recipes(documents, self.projects, recipe=Recipe(), clock=clock)
        self.limits = Limits(documents, "trainer")
        self.quota = TrainingQuota(documents, self.limits, clock=clock)
        self.trainings = Trainings(
            documents,
            self.jobs,
            self.projects,
            self.images,
            self.queue,
            self.recipes,
            self.quota,
            clock=clock,
            news_wait_s=0,
        )
        self.outcomes = TrainingOutcomes(documents, self.jobs, self.queue, clock=clock)
        self.retraining = Retraining(
            documents,
            self.projects,
            self.images,
            self.queue,
            self.recipes,
            self.quota,
            clock=clock,
        )
        self.gate = Gate(documents, self.projects, self.queue, clock=clock)
        self.versions = Versions(documents, self.projects, self.queue, clock=clock)
        self.clearing = Clearing(
            documents,
            stores.blobs,
            service="trainer",
            collections=COLLECTIONS,
            clock=clock,
        )
        self.script = Script()
        self.delivered: list[Event[Any]] = []

    async def open(self, task: TaskName = "detection") -> None:
        await self.stores.open(COLLECTIONS)
        created = ProjectCreated(project_id=PROJECT, name="pins", task=task)
        await self.hear(self.event(created, PROJECT))

    def event(self, body: EventBody, subject: str, sequence: int = 1) -> Event[Any]:
        """An event said now."""
        stamp = EventStamp(tenant="default", subject=subject, sequence=sequence, time=self.clock())
        (packed,) = pack([body], stamp)
        return unpack(type(body), packed.value_bytes())

    async def hear(self, event: Event[Any]) -> None:
        """Hands an event to all that listen to it, in order."""
        table = (
            *self.projects.subscriptions(),
            *self.limits.subscriptions(),
            *self.images.subscriptions(),
            *self.images.annotation_subscriptions(),
            *subscriptions(self.outcomes, self.retraining, self.gate),
        )
        for line in table:
            if line.event.type == event.type:
                await line.handler(event)

    def worker(self) -> JobWorker:
        files = AttemptFiles(self.stores.documents, self.stores.blobs, TrainerSettings())
        work = TrainingWork(self.stores.documents, files, self.script, folder=self.folder / "work")
        return JobWorker(self.jobs, {TRAINING_JOB: work}, ended=ended_events, pause_s=0.0)

    async def said(self) -> list[Event[Any]]:
        """Events in the outboxes that were not handed out before, oldest first, delivered."""
        boxes = await self.stores.documents.outboxes(
            ["trainer.trainings", "trainer.jobs", "trainer.lines"], 1000
        )
        await self.stores.documents.drain(boxes)
        from shared.contracts.catalogue import event_class

        found = []
        for box in boxes:
            for pending in box.events:
                body = event_class(pending.type)
                assert body is not None
                found.append(unpack(body, pending.value_bytes()))
        self.delivered += found
        return found

    async def settle(self, splits: str = "ttve") -> None:
        """Hands events around until nobody says anything more; the desk freezes datasets."""
        handlers: dict[str, Callable[[Event[Any]], Awaitable[None]]] = {
            "training.requested": lambda event: self.freeze(event, splits),
            "training.succeeded": self.outcomes.succeeded,
            "training.ended": self.outcomes.ended,
            "model.promoted": self.gate.promoted,
        }
        while events := await self.said():
            for event in events:
                if event.type in handlers:
                    await handlers[event.type](event)

    async def freeze(self, event: Event[Any], splits: str = "ttve") -> None:
        manifest_key, snapshot = await self.store_snapshot(splits)
        frozen = SnapshotFrozen(
            project_id=PROJECT,
            training_id=event.data.training_id,
            manifest_key=manifest_key,
            dataset_hash=snapshot.dataset_hash,
            images=len(snapshot.images),
            total_images=len(snapshot.images) + 3,
            labels=snapshot.labels,
        )
        await self.outcomes.dataset_frozen(self.event(frozen, event.data.training_id))

    async def store_snapshot(self, splits: str) -> tuple[str, Snapshot]:
        snapshot, files = write_snapshot(self.folder / "pictures", splits)
        for image in snapshot.images:
            await self.stores.blobs.put(image.blob_key, files[image.image_id].read_bytes())
        data = snapshot.model_dump_json().encode()
        key = f"t/default/{hashlib.sha256(data).hexdigest()}"
        await self.stores.blobs.put(key, data)
        return key, snapshot

    async def line(self):
        return await self.queue.line("default", PROJECT)

    def trainings_of(self, tenant: str) -> Collection[Training]:
        return self.stores.documents.collection(TRAININGS, TenantScope(tenant))

    async def records(self) -> list[Training]:
        return await self.trainings_of("default").query(Query(sort=Sort("number")))
