"""The whole platform in one process, with one project that a test deletes; and what is left of it.

Trainings compute nothing, and no model server runs (models are looked at where one runs, in
``tests/adapters/inference``).
"""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from services.standalone import BUILDS
from services.trainer.repository import TRAINING_JOB
from services.trainer.settings import TrainerSettings
from services.trainer.work.attempt_files import AttemptFiles
from services.trainer.work.worker import TrainingWork, ended_events
from shared.contracts.catalogue import all_events, event_class
from shared.contracts.envelope import unpack
from shared.documents.port import EveryTenant
from shared.events.dead_letters import waiting
from shared.events.port import Delivery
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.ids import new_id
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.projects.directory import Deletions, ProjectView
from tests.running import Running, running, until, worker_of
from tests.unit.trainer.platform import Script


def png(seed: int, side: int = 64) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@dataclass
class House:
    """The running platform with one project, whose trainings and judgements a test works off."""

    run: Running
    script: Script
    worker: JobWorker
    judge: JobWorker
    project: str = ""

    @property
    def client(self) -> httpx.AsyncClient:
        return self.run.client

    def at(self, service: str, path: str = "") -> str:
        return f"/api/{service}/projects/{self.project}{path}"

    async def upload(self, number: int = 4, *, side: int = 64) -> list[str]:
        files = [("files", (f"{n}.png", png(n, side))) for n in range(number)]
        answer = await self.client.post(self.at("gallery", "/images"), files=files)
        return [file["image"]["id"] for file in answer.json()["files"]]

    async def annotate(self) -> None:
        box = {"label": "pit", "kind": "box", "points": [[5, 5], [30, 30]]}
        for image in await self.upload():
            answer = await self.client.put(
                self.at("annotation", f"/images/{image}"), json={"shapes": [box]}
            )
            assert answer.status_code == 200, answer.text

    async def train(self, state: str) -> None:
        """Ask for a training and wait until it is in ``state``."""
        await self.annotate()
        answer = await self.client.post(self.at("trainer", "/trainings"), json={"mode": "train"})
        assert answer.status_code in (201, 202), answer.text

        async def reached() -> bool:
            found = await self.client.get(self.at("trainer", "/trainings"))
            return any(item["status"] == state for item in found.json()["items"])

        await until(reached)

    async def delete(self) -> None:
        answer = await self.client.delete(f"/api/workspace/projects/{self.project}")
        assert answer.status_code == 204

    async def left(self) -> dict[str, int]:
        """How many documents and blobs of projects there are, by where they are."""
        counts = {
            spec.name: await self.run.stores.documents.collection(spec, EveryTenant()).count()
            for service in self.run.services
            for spec in service.collections
            if spec.project_path is not None
        }
        counts["blobs"] = len([blob async for blob in self.run.stores.blobs.walk("t/")])
        return {name: count for name, count in counts.items() if count}

    async def read(self, suffix: str = "") -> list[Delivery]:
        """Everything that stands in the topics."""
        topics = sorted({event.topic + suffix for event in all_events()})
        consumer = await self.run.stores.events.consumer(f"look-{new_id()}", topics)
        found = [delivery async for delivery in waiting(consumer)]
        await consumer.close()
        return found

    async def is_quiet(self) -> bool:
        """Whether every event was published, and heard by all who listen and must."""
        names = [spec.name for service in self.run.services for spec in service.collections]
        if await self.run.stores.documents.outbox_depth(names):
            return False
        return all([await self.is_heard(delivery) for delivery in await self.read()])

    async def is_heard(self, delivery: Delivery) -> bool:
        body = event_class(delivery.headers["ce_type"])
        assert body is not None
        event = unpack(body, delivery.value)
        missing = {
            service.name
            for service in self.run.services
            if any(line.event is body for line in service.subscriptions)
        } - self.run.heard.by.get(event.id, set())
        documents = self.run.stores.documents
        return all([await Deletions(documents, name).concern(event) for name in missing])


@asynccontextmanager
async def house(stores: Stores, folder: Path, *, tiled: bool = False) -> AsyncIterator[House]:
    services: list[Service] = []
    for build in BUILDS:
        service = build(stores)
        if service.name == "inference":  # without its model server
            service = replace(service, background=())
        services.append(service)
    script = Script()
    work = TrainingWork(
        stores.documents,
        AttemptFiles(stores.documents, stores.blobs, TrainerSettings()),
        script,
        folder=folder / "work",
    )
    queue = JobQueue(stores.documents, "trainer")
    worker = JobWorker(queue, {TRAINING_JOB: work}, ended=ended_events, look_s=0.05, pause_s=0.05)
    async with running(stores, services) as run:
        (evaluator,) = [service for service in services if service.name == "evaluator"]
        place = House(run, script, worker, worker_of(evaluator))
        body: dict[str, Any] = {"name": "pins", "task": "detection"}
        if tiled:
            body["tiling"] = {"rows": 2, "columns": 2}
        made = await run.client.post("/api/workspace/projects", json=body)
        place.project = made.json()["id"]
        for service in ("gallery", "annotation", "trainer", "inference"):
            marks = stores.documents.collection(
                next(
                    spec
                    for one in services
                    if one.name == service
                    for spec in one.collections
                    if spec.model is ProjectView
                ),
                EveryTenant(),
            )
            await until(lambda marks=marks: _counted(marks.count()))
        yield place


async def _counted(counting: Awaitable[int]) -> bool:
    return await counting > 0


Moment = Callable[[House], Awaitable[None]]


async def gone(place: House) -> None:
    """Wait until all that was said is heard and nothing is left; no letter is dead."""

    async def empty() -> bool:
        return not await place.left()

    await until(place.is_quiet)
    try:
        await until(empty)
    except TimeoutError:
        pytest.fail(f"left: {await place.left()}")
    assert [letter.headers for letter in await place.read(".dlq")] == []
