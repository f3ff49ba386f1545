"""A project is deleted at any moment of what runs in it, and nothing of it stays anywhere.

All seven services run as in one process, on embedded stores; trainings compute nothing, and no
model server runs (models are looked at where one runs, in ``tests/adapters/inference``).
"""

import asyncio
import base64
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from services.inference.handlers.deployments import deployment_id
from services.inference.repository import ALIASES, DEPLOYMENTS, Alias, Deployment
from services.standalone import BUILDS
from services.trainer.repository import TRAINING_JOB
from services.trainer.settings import TrainerSettings
from services.trainer.work.attempt_files import AttemptFiles
from services.trainer.work.worker import TrainingWork, ended_events
from shared.clock import utc_now
from shared.contracts.catalogue import all_events, event_class
from shared.contracts.envelope import unpack
from shared.documents.port import EveryTenant, TenantScope
from shared.events.dead_letters import waiting
from shared.events.port import Delivery
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.ids import new_id
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.projects.directory import Deletions, ProjectView
from tests.running import Running, running, until
from tests.unit.trainer.platform import Script

TUS = {"Tus-Resumable": "1.0.0"}
BOUNDARY = "line"


def png(seed: int, side: int = 64) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@dataclass
class House:
    """The running platform with one project."""

    run: Running
    script: Script
    worker: JobWorker
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
        place = House(run, script, worker)
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


async def requested(place: House) -> None:
    await place.annotate()
    await place.client.post(place.at("trainer", "/trainings"), json={"mode": "train"})
    await place.delete()


async def waiting_for_a_worker(place: House) -> None:
    await place.train("queued")
    await place.delete()


async def two_in_line(place: House) -> None:
    await place.train("queued")
    await place.client.post(place.at("trainer", "/trainings"), json={"mode": "train"})
    await place.delete()


async def at_work(place: House) -> None:
    await place.train("queued")
    place.script.pause = asyncio.Event()
    work = asyncio.create_task(place.worker.work_once())
    await place.script.running.wait()
    await place.delete()
    await work  # the lost lease ends it


async def about_to_deliver(place: House) -> None:
    await place.train("queued")
    place.script.pause = asyncio.Event()
    work = asyncio.create_task(place.worker.work_once())
    await place.script.running.wait()
    await place.delete()
    place.script.pause.set()
    await work


async def just_succeeded(place: House) -> None:
    await place.train("queued")
    await place.worker.work_once()
    await place.delete()


async def failed(place: House) -> None:
    await place.train("queued")
    place.script.lives = ["fails"]
    await place.worker.work_once()
    await place.delete()


async def judged(place: House) -> None:
    await place.train("queued")
    await place.worker.work_once()

    async def reported() -> bool:
        return "evaluator.reports" in await place.left()

    await until(reported)
    await place.delete()


async def uploaded(place: House) -> None:
    await place.upload()
    await place.delete()


async def in_the_middle_of_an_upload(place: House) -> None:
    data = png(1)
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=files; filename=a.png\r\n\r\n"
    ).encode()

    async def body() -> AsyncIterator[bytes]:
        yield head + data[:1000]
        await place.delete()
        yield data[1000:] + f"\r\n--{BOUNDARY}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    await place.client.post(place.at("gallery", "/images"), content=body(), headers=headers)


async def begin_resumable(place: House, data: bytes) -> str:
    name = base64.b64encode(b"a.png").decode()
    headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": f"filename {name}"}
    answer = await place.client.post(place.at("gallery", "/uploads"), headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def patch(place: House, where: str, offset: int, data: bytes) -> httpx.Response:
    headers = {**TUS, "Upload-Offset": str(offset)}
    headers["Content-Type"] = "application/offset+octet-stream"
    return await place.client.patch(where, headers=headers, content=data)


async def an_upload_begun(place: House) -> None:
    await begin_resumable(place, png(1))
    await place.delete()


async def half_an_upload(place: House) -> None:
    data = png(1)
    where = await begin_resumable(place, data)
    await patch(place, where, 0, data[:1000])
    await place.delete()
    await patch(place, where, 1000, data[1000:])


async def cut_into_tiles(place: House) -> None:
    await place.upload(2, side=300)
    await place.delete()


def archive() -> bytes:
    voc = (
        "<annotation><filename>0.png</filename><size><width>64</width><height>64</height>"
        "<depth>3</depth></size><object><name>pit</name><bndbox><xmin>5</xmin><ymin>5</ymin>"
        "<xmax>30</xmax><ymax>30</ymax></bndbox></object></annotation>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("0.xml", voc)
    return file.getvalue()


async def imported(place: House) -> None:
    await place.upload()
    files = {"file": ("labels.zip", archive(), "application/zip")}
    answer = await place.client.post(place.at("annotation", "/imports"), files=files)
    assert answer.status_code == 201, answer.text
    await place.delete()


async def in_the_middle_of_an_import(place: House) -> None:
    await place.upload()
    data = archive()
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=file; filename=a.zip\r\n"
        "Content-Type: application/zip\r\n\r\n"
    ).encode()

    async def body() -> AsyncIterator[bytes]:
        yield head + data[:100]
        await place.delete()
        yield data[100:] + f"\r\n--{BOUNDARY}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    await place.client.post(place.at("annotation", "/imports"), content=body(), headers=headers)


async def serve(place: House) -> None:
    """Have a version that answers, as after its deployment."""
    scope, now = TenantScope("default"), utc_now()
    name = deployment_id("default", place.project, "V1")
    served = Deployment(
        id=name,
        tenant="default",
        project_id=place.project,
        training_id="T",
        model_version="V1",
        number=1,
        model_key="m",
        model_manifest_key="j",
        golden_key="g",
        promoted_at=now,
        state="serving",
    )
    documents = place.run.stores.documents
    await documents.collection(DEPLOYMENTS, scope).insert(served)
    alias = Alias(
        id=place.project, tenant="default", current=name, model_version="V1", promoted_at=now
    )
    await documents.collection(ALIASES, scope).insert(alias)


async def a_test_run_in_line(place: House) -> None:
    images = await place.upload()
    await serve(place)
    answer = await place.client.post(
        place.at("inference", "/test-runs"), json={"image_ids": images}
    )
    assert answer.status_code in (201, 202), answer.text
    await place.delete()


Moment = Callable[[House], Awaitable[None]]
PLAIN: tuple[Moment, ...] = (
    requested,
    waiting_for_a_worker,
    two_in_line,
    at_work,
    about_to_deliver,
    just_succeeded,
    failed,
    judged,
    uploaded,
    in_the_middle_of_an_upload,
    an_upload_begun,
    half_an_upload,
    imported,
    in_the_middle_of_an_import,
    a_test_run_in_line,
)


@pytest.mark.parametrize("moment", PLAIN, ids=lambda moment: moment.__name__)
async def test_nothing_of_a_project_outlives_it(
    stores: Stores, tmp_path: Path, moment: Moment
) -> None:
    async with house(stores, tmp_path) as place:
        await moment(place)
        await gone(place)


async def test_nothing_of_a_tiled_project_outlives_it(stores: Stores, tmp_path: Path) -> None:
    async with house(stores, tmp_path, tiled=True) as place:
        await cut_into_tiles(place)
        await gone(place)


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
