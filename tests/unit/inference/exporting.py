"""A version that was trained and reported, in the stores of inference, and its exports."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.inference.handlers.deployments import deployment_id
from services.inference.handlers.exports import EXPORT, Exports, ExportWish
from services.inference.repository import COLLECTIONS, SERVICE, VERSIONS, Export, Target, Version
from services.inference.work.exports import ExportWork
from shared.blobs.content import content_key
from shared.callers import Caller
from shared.contracts.envelope import EventBody, EventStamp, pack, unpack
from shared.contracts.prediction_columns import PredictionsTable
from shared.contracts.project_events import ProjectCreated
from shared.contracts.shapes import Rle, Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.documents.port import TenantScope
from shared.events.subscriptions import Subscription
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.projects.directory import ProjectDirectory
from shared.runtime.images import decode_rgb
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.spec import Drawn
from shared.runtime.tasks.table import spec_of
from tests.adapters.inference import models

WHO = Caller("default", "key-1", "admin")
PROJECT = "P"


@dataclass
class Exporting:
    """Inference's exports and the worker that makes them."""

    stores: Stores
    projects: ProjectDirectory
    images: ImageDirectory
    exports: Exports
    work: ExportWork
    worker: JobWorker

    async def made(self, target: Target = "sdk") -> tuple[Export, Job]:
        """Ask for an export and work on it to its end."""
        asked = await self.exports.start(WHO, PROJECT, ExportWish("V1", target), key=None)
        assert await self.worker.work_once()
        return await self.exports.get(WHO, PROJECT, asked.id)

    async def version(self) -> Version:
        versions = self.stores.documents.collection(VERSIONS, TenantScope("default"))
        return await versions.get(deployment_id("default", PROJECT, "V1"))

    async def bytes_of(self, export: Export) -> bytes:
        _, chunks = await self.exports.content(WHO, PROJECT, export.id)
        return b"".join([chunk async for chunk in chunks])


async def exporting(stores: Stores, folder) -> Exporting:
    """The use cases and the worker, on open stores that know the project."""
    await stores.open(COLLECTIONS)
    projects = ProjectDirectory(stores.documents, SERVICE)
    images = ImageDirectory(stores.documents, SERVICE)
    created = ProjectCreated(project_id=PROJECT, name="pins", task="detection")
    await hear(projects.subscriptions(), created, PROJECT)
    jobs = JobQueue(stores.documents, SERVICE)
    exports = Exports(stores.documents, stores.blobs, jobs=jobs, projects=projects)
    work = ExportWork(
        stores.documents, stores.blobs, projects=projects, images=images, staging=folder
    )
    return Exporting(stores, projects, images, exports, work, JobWorker(jobs, {EXPORT: work.work}))


async def hear(table: Sequence[Subscription], body: EventBody, subject: str) -> None:
    """Let the one handler of an event have it."""
    (packed,) = pack([body], EventStamp.of("default", subject, 1))
    (line,) = (line for line in table if line.event is type(body))
    await line.handler(unpack(type(body), packed.value_bytes()))


async def stored(stores: Stores, data: bytes) -> str:
    key = content_key("default", PROJECT, hashlib.sha256(data).hexdigest())
    await stores.blobs.put(key, data)
    return key


async def report(
    stores: Stores,
    version: models.Version,
    files: Sequence[bytes],
    *,
    shift: float = 0.0,
    corrected: int = 0,
    drawn: bool = False,
) -> None:
    """Store a version as the trainer would, with its answers on ``files``, ``shift`` px beside.

    The last ``corrected`` of them trained: their answers are kept for the regression test. Where
    people have ``drawn``, it is what the version finds.
    """
    manifest, task = version.manifest, version.manifest.task
    predictor = Predictor(manifest, OnnxSession(version.onnx, threads=1))
    table = PredictionsTable(task, manifest.labels)
    threshold = manifest.score_floor if spec_of(task).tells_scores else manifest.threshold
    images = []
    judging = len(files) - corrected
    for place, file in enumerate(files):
        pixels = decode_rgb(file)
        columns = dict(predictor.predict(pixels, threshold=threshold).columns())
        found = predictor.predict(pixels).drawn() if drawn else ()
        if shift and "box" in columns:
            columns["box"] = columns["box"] + np.float32(shift)
        table.add(f"i{place}", columns)
        images.append(
            SnapshotImage(
                image_id=f"i{place}",
                name=f"{place}.png",
                blob_key=await stored(stores, file),
                width=pixels.shape[1],
                height=pixels.shape[0],
                split="test" if place < judging else "train",
                group="g",
                shapes=tuple(_shape(one, manifest.labels) for one in found),
                corrected=place >= judging,
            )
        )
    snapshot = Snapshot(project_id=PROJECT, task=task, labels=manifest.labels, images=tuple(images))
    known = Version(
        id=deployment_id("default", PROJECT, "V1"),
        tenant="default",
        project_id=PROJECT,
        training_id="T",
        name="V1",
        number=1,
        model_key=await stored(stores, version.onnx),
        model_manifest_key=await stored(stores, manifest.to_json().encode()),
        golden_key=await stored(stores, version.golden.to_bytes()),
        manifest_key=await stored(stores, snapshot.model_dump_json().encode()),
        predictions_key=await stored(stores, table.gathered("V1", threshold=threshold).to_bytes()),
    )
    await stores.documents.collection(VERSIONS, TenantScope("default")).insert(known)


def _shape(one: Drawn, labels: Sequence[str]) -> Shape:
    rle = one.mask and Rle(size=one.mask.size, counts=one.mask.counts)
    return Shape(label=labels[one.label_index], kind=one.kind, points=one.points, rle=rle)


def pictures(count: int = 3) -> list[bytes]:
    """Images of another size than the model's, in which the colour detector finds blocks."""
    found = []
    for k in range(count):
        image = np.full((96, 128 + 32 * k, 3), 90, np.uint8)
        image[16:48, 16:48], image[48:80, 64:96] = (255, 0, 0), (0, 255, 0)
        found.append(models.png(image))
    return found
