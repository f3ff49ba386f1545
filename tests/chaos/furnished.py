"""A whole embedded platform that has one of everything, for tools that ask every operation.

    python -m tests.chaos.furnished FOLDER PORT

serves until SIGTERM, and writes ``FOLDER/given.json`` when it has: a project with annotated images,
two judged versions of which one serves, a prediction and a test run. Everything is real but the
training itself: the first two hand over a tiny model that finds red and green cells, later ones
wait for their cancellation.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from services.standalone import BUILDS
from services.trainer.process.work_order import (
    Message,
    ProgressMessage,
    ResultMessage,
    StartMessage,
    WorkOrder,
)
from services.trainer.repository import TRAINING_JOB
from services.trainer.settings import TrainerSettings
from services.trainer.work.attempt_files import AttemptFiles
from services.trainer.work.worker import TrainingWork, ended_events
from services.workspace.domain.api_keys import make_key
from services.workspace.handlers.keys import Keys
from shared.contracts.prediction_columns import PredictionsTable
from shared.contracts.snapshot import Snapshot
from shared.hosting.connections import Connections, bounds_for
from shared.hosting.host import face_of, loops_of, run_forever
from shared.hosting.server import Server
from shared.hosting.stores import Stores
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.runtime.images import decode_rgb
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.settings import HttpSettings, StoreSettings
from tests.adapters.inference.models import colour_detector, make_version, painted, png
from tests.running import credentials, until
from tests.signing import VARIABLES

IMAGES = 24
_FLOOR = 0.01
_CELLS = {"red": (8, 8), "green": (40, 24)}


class QuickTraining:
    """An executor whose first trainings end at once, with a model that needs no training."""

    async def run(self, order: WorkOrder) -> AsyncGenerator[Message, None]:
        """Hand over a version, or report until cancelled."""
        yield StartMessage(backbone_weights="none")
        while order.version not in ("V1", "V2"):
            yield ProgressMessage(stage="training", percent=50, epoch=1, epochs=2, loss=0.5)
            await asyncio.sleep(0.2)
        yield _result_of(order)


def _result_of(order: WorkOrder) -> ResultMessage:
    version = make_version(colour_detector(), name=order.version)
    snapshot = Snapshot.model_validate_json(order.snapshot.read_bytes())
    predictor = Predictor(version.manifest, OnnxSession(version.onnx, threads=1))
    table = PredictionsTable(snapshot.task, version.manifest.labels)
    for image in snapshot.images:
        if image.split == "test":
            pixels = decode_rgb(picture(int(image.name.removesuffix(".png").partition("-")[2])))
            table.add(image.image_id, predictor.predict(pixels, threshold=_FLOOR).columns())
    predicted = table.gathered(order.version, threshold=_FLOOR)
    contents = {
        "model": version.onnx,
        "model_manifest": version.manifest.to_json().encode(),
        "weights": b"weights",
        "predictions": predicted.to_bytes(),
        "golden": version.golden.to_bytes(),
    }
    files = {name: order.folder / name for name in contents}
    for name, data in contents.items():
        files[name].write_bytes(data)
    return ResultMessage(
        **files, backbone_weights="none", started_from="", epochs=2, input_size=(64, 48)
    )


async def furnish(client: httpx.AsyncClient) -> dict[str, str]:
    """Make one of everything by the public API; return the ids by the names of paths."""
    made = await _answer(
        client.post("/api/workspace/projects", json={"name": "Pins", "task": "detection"})
    )
    project = made["id"]
    labels = f"/api/annotation/projects/{project}/labels"
    await until(lambda: _ok(client.get(labels)))
    label_ids = [(await _answer(client.post(labels, json={"name": name})))["id"] for name in _CELLS]
    images = await _upload(client, project)
    for index, image_id in enumerate(images):
        await _annotate(client, project, image_id, "test" if index % 3 == 0 else "train")
    trainings = [await _train(client, project, number) for number in (1, 2)]
    inference = f"/api/inference/projects/{project}"
    await until(lambda: _has(client, f"{inference}/deployments/V1", "state", "serving"))
    predicted = await _answer(client.post(f"{inference}/predictions", json={"image_id": images[1]}))
    tested = await _answer(client.post(f"{inference}/test-runs", json={"image_ids": images[:2]}))
    return {
        "project_id": project,
        "image_id": images[0],
        "label_id": label_ids[0],
        "training_id": trainings[0],
        "version": "V1",
        "prediction_id": predicted["id"],
        "predicted_image_id": images[1],
        "run_id": tested["id"],
        "wanted": "coco",
        "other_version": "V2",
    }


async def _upload(client: httpx.AsyncClient, project: str) -> list[str]:
    files = [
        ("files", (f"part-{number}.png", picture(number), "image/png")) for number in range(IMAGES)
    ]
    answer = await _answer(client.post(f"/api/gallery/projects/{project}/images", files=files))
    return [file["image"]["id"] for file in answer["files"]]


def picture(number: int) -> bytes:
    """A PNG of 64 x 48 px with a red and a green cell; each number makes another one."""
    image = painted(64, 48, {corner: name for name, corner in _CELLS.items()})
    image[0, 0] = np.frombuffer(number.to_bytes(3, "big"), np.uint8)
    return png(image)


async def _annotate(client: httpx.AsyncClient, project: str, image_id: str, split: str) -> None:
    place = f"/api/annotation/projects/{project}/images/{image_id}"
    await until(lambda: _ok(client.get(place)))
    shapes = [
        {"id": label, "kind": "box", "label": label, "points": [[x, y], [x + 8, y + 8]]}
        for label, (x, y) in _CELLS.items()
    ]
    body = {"shapes": shapes, "split": split}
    await _answer(client.put(place, json=body, headers={"If-Match": '"0"'}))


async def _train(client: httpx.AsyncClient, project: str, number: int) -> str:
    trainings = f"/api/trainer/projects/{project}/trainings"
    asked = await until(lambda: _made(client.post(trainings, json={})))
    place = f"/api/evaluator/projects/{project}/versions/V{number}/report"
    await until(lambda: _has(client, f"{trainings}/{asked['id']}", "status", "success"))
    await until(lambda: _ok(client.get(place)))
    return str(asked["id"])


async def _answer(sent: Any) -> Any:
    response = await sent
    if not response.is_success:
        raise SystemExit(f"{response.request.method} {response.request.url}: {response.text}")
    return response.json()


async def _made(sent: Any) -> Any:
    response = await sent
    return response.json() if response.is_success else None


async def _ok(sent: Any) -> bool:
    return bool((await sent).is_success)


async def _has(client: httpx.AsyncClient, place: str, name: str, value: str) -> bool:
    response = await client.get(place)
    return bool(response.is_success and response.json().get(name) == value)


async def serve(folder: Path, port: int) -> None:
    """Serve from ``folder`` until cancelled; write ``given.json`` once everything is there."""
    stores = Stores.of(StoreSettings(stores="embedded", data=folder / "data"))
    services = [build(stores) for build in BUILDS]
    await stores.open([spec for service in services for spec in service.all_collections])
    real = [service for service in services if service.name != "trainer"]
    loops = loops_of(services, stores, ("api", "consume")) | loops_of(real, stores, ("work",))
    loops["trainer"] = _trainer(stores, folder)
    server = Server(
        face_of(services, stores, HttpSettings()),
        ("127.0.0.1", port),
        Connections(bounds_for(1024, per_source=0)),
    )
    ready = asyncio.Event()
    tasks = [asyncio.create_task(run_forever(name, loop)) for name, loop in loops.items()]
    serving = asyncio.create_task(server.run_until_exit(ready.set))
    try:
        await ready.wait()
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=credentials(), timeout=60
        ) as client:
            given = await furnish(client)
        given["api_key"] = await Keys(stores.documents).make_key(
            "default", name="operator", role="admin", is_operator=True
        )
        partial_file = folder / "given.part"
        partial_file.write_text(json.dumps(given))
        partial_file.rename(folder / "given.json")
        await serving
    finally:
        server.should_exit = True
        await serving
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await stores.close()


def _trainer(stores: Stores, folder: Path) -> Callable[[], Any]:
    settings = TrainerSettings()
    jobs = JobQueue(stores.documents, "trainer", lease_s=settings.lease_s)
    work = TrainingWork(
        stores.documents,
        AttemptFiles(stores.documents, stores.blobs, settings),
        QuickTraining(),
        folder=folder / "work",
    )
    return JobWorker(jobs, {TRAINING_JOB: work}, ended=ended_events, look_s=0.1).run


async def _until_signalled(folder: Path, port: int) -> None:
    task = asyncio.create_task(serve(folder, port))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def main() -> None:
    """Serve from the folder, at the port, that the arguments name."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["LOUPE_DATA"] = str(folder / "data")
    os.environ.update(VARIABLES)
    os.environ["LOUPE_WORKSPACE_ADMIN_KEY"] = make_key().text
    asyncio.run(_until_signalled(folder, port))


if __name__ == "__main__":
    main()
