"""What leaves is certified, signed, whole, and goes with its project."""

import asyncio
import json
import zipfile
from dataclasses import fields
from io import BytesIO

import pytest

from services.inference.errors import CertificateRefused, ExportNotReady
from services.inference.handlers.exports import EXPORT, ExportWish
from services.inference.repository import JOBS, SERVICE, VERSIONS
from services.inference.work.exports import ExportWork
from shared.contracts.image_events import ImageDeleted
from shared.documents.port import TenantScope
from shared.documents.receipts import KeySpent
from shared.errors import NotFound
from shared.hosting.stores import Stores
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.paging import PageParams
from shared.runtime.tasks.table import TASKS
from shared.sdk import Model, verify
from shared.sdk.comparison import Difference, Limits
from shared.sdk.wheel import NAME
from shared.vision.tiles import TilePlan
from tests.adapters.inference import models
from tests.unit.inference.exporting import (
    PROJECT,
    WHO,
    Exporting,
    exporting,
    hear,
    pictures,
    report,
    stored,
)
from tests.unit.inference.small_models import version_of


@pytest.fixture
async def ready(stores: Stores, tmp_path) -> Exporting:
    """A reported version of a detector, and the worker that exports it."""
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, models.make_version(models.colour_detector()), pictures())
    return ready


async def test_an_sdk_bundle_is_certified_signed_and_predicts(ready: Exporting, tmp_path) -> None:
    export, job = await ready.made()
    assert (job.state, job.error) == ("succeeded", "")
    assert export.certificate is not None
    assert (export.certificate.held_out, export.certificate.images) == (3, 3)
    assert export.certificate.results >= 6
    data = await ready.bytes_of(export)
    assert len(data) == export.size_bytes
    path = tmp_path / "bundle.zip"
    path.write_bytes(data)
    checked = verify(path, fingerprint=export.fingerprint)
    assert checked.faults == ()
    assert checked.images == 3
    found = Model.load(path).predict(pictures()[0]).found
    assert {one.label for one in found} == {"green", "red"}


async def test_images_that_trained_are_no_evidence_and_do_not_travel(
    stores: Stores, tmp_path
) -> None:
    """The trainer stores answers on corrected images of its training, for the regression test."""
    ready = await exporting(stores, tmp_path / "staging")
    version = models.make_version(models.colour_detector())
    await report(stores, version, pictures(5), corrected=2)
    export, _ = await ready.made()
    assert export.certificate is not None
    assert (export.certificate.images, export.certificate.held_out) == (3, 3)
    with zipfile.ZipFile(BytesIO(await ready.bytes_of(export))) as archive:
        certificate = json.loads(archive.read("certificate.json"))
        images = [archive.read(name) for name in archive.namelist() if name.startswith("images/")]
    assert [one["image_id"] for one in certificate["of_images"]] == ["i0", "i1", "i2"]
    assert images == pictures(3)


async def test_images_that_were_deleted_since_are_not_asked_about_and_do_not_travel(
    ready: Exporting, stores: Stores
) -> None:
    await hear(ready.images.subscriptions(), ImageDeleted(project_id=PROJECT, image_id="i1"), "i1")
    export, _ = await ready.made()
    assert export.certificate is not None
    assert (export.certificate.images, export.certificate.held_out) == (2, 3)
    with zipfile.ZipFile(BytesIO(await ready.bytes_of(export))) as archive:
        certificate = archive.read("certificate.json").decode()
        images = [archive.read(name) for name in archive.namelist() if name.startswith("images/")]
    assert [one["image_id"] for one in json.loads(certificate)["of_images"]] == ["i0", "i2"]
    assert images == [pictures()[0], pictures()[2]]
    for place in (0, 2):
        gone = ImageDeleted(project_id=PROJECT, image_id=f"i{place}")
        await hear(ready.images.subscriptions(), gone, gone.image_id)
    _, job = await ready.made()
    assert (job.state, "no held-out image is left" in job.error) == ("failed", True)


async def test_a_bundle_tells_all_that_a_predictor_needs(ready: Exporting) -> None:
    export, _ = await ready.made()
    with zipfile.ZipFile(BytesIO(await ready.bytes_of(export))) as archive:
        names = set(archive.namelist())
        facts = json.loads(archive.read("bundle.json"))
        certificate = json.loads(archive.read("certificate.json"))
    told = {"model.onnx", "model.json", "certificate.json", "NOTICE.txt", "golden.npz"}
    assert told | {"expected.json", "signature.json", NAME} <= names
    assert facts["project"] == {"id": PROJECT, "name": "pins"}
    assert facts["labels"] == list(models.LABELS)
    assert facts["preprocessing"]["colours"] == "RGB"
    assert {"threshold", "tile_plan", "dataset_hash", "start", "version"} <= facts.keys()
    assert (certificate["held_out"], certificate["images"]) == (3, 3)
    images = certificate["of_images"]
    assert certificate["score"] == max(one["score"] for one in images)
    assert certificate["results"] == sum(one["results"] for one in images) > 0
    limits = Limits(**certificate["limits"])
    for one in images:
        told = {field.name: one[field.name] for field in fields(Difference)}
        assert Difference(**told).within(limits)


async def test_a_plain_export_holds_no_image(ready: Exporting) -> None:
    export, job = await ready.made("onnx")
    assert job.state == "succeeded"
    with zipfile.ZipFile(BytesIO(await ready.bytes_of(export))) as archive:
        names = archive.namelist()
    assert not [name for name in names if name.startswith("images/") or name.endswith(".whl")]


async def test_a_file_that_answers_otherwise_than_its_report_does_not_leave(
    stores: Stores, tmp_path
) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, models.make_version(models.colour_detector()), pictures(), shift=0.5)
    export, job = await ready.made()
    assert job.state == "failed"
    assert "answers otherwise than the reported model on 3 of 3 images" in job.error
    assert "boxes 0.5 px apart" in job.error
    assert not export.blob_key
    with pytest.raises(ExportNotReady):
        await ready.exports.content(WHO, PROJECT, export.id)


async def test_tiles_are_those_of_the_platform(stores: Stores, tmp_path) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    plan = TilePlan(tile_size=(96, 64), overlap_px=16)
    version = models.make_version(models.colour_detector(), tile_plan=plan)
    await report(stores, version, pictures())
    export, job = await ready.made()
    assert (job.state, job.error) == ("succeeded", "")
    assert export.certificate is not None
    assert export.certificate.images == 3


@pytest.mark.parametrize("task", TASKS)
async def test_a_version_of_every_task_leaves(stores: Stores, tmp_path, task) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, version_of(task), pictures())
    export, job = await ready.made()
    assert (job.state, job.error) == ("succeeded", "")
    assert export.certificate is not None
    assert (export.certificate.images, export.certificate.mask_iou) == (3, 1)
    assert export.certificate.results >= 3


async def test_equal_exports_have_equal_bytes_and_one_key(ready: Exporting) -> None:
    first, _ = await ready.made()
    second, _ = await ready.made()
    assert (first.id, first.sha256) != (second.id, "")
    assert (first.sha256, first.fingerprint) == (second.sha256, second.fingerprint)


async def test_an_export_whose_worker_died_is_made_by_the_next(ready: Exporting, tmp_path) -> None:
    asked = await ready.exports.start(WHO, PROJECT, ExportWish("V1", "sdk"), key="one")
    dying = JobQueue(ready.stores.documents, SERVICE, lease_s=0.0)
    assert await dying.claim((EXPORT,), "a worker that is killed now")
    assert await ready.worker.work_once()
    export, job = await ready.exports.get(WHO, PROJECT, asked.id)
    assert (job.state, job.attempt) == ("succeeded", 2)
    assert await ready.bytes_of(export)
    assert list((tmp_path / "staging").iterdir()) == []


async def test_an_export_can_be_cancelled(ready: Exporting, tmp_path) -> None:
    asked = await ready.exports.start(WHO, PROJECT, ExportWish("V1", "sdk"), key=None)
    reached, going = asyncio.Event(), asyncio.Event()

    class Waiting(ExportWork):
        async def _read(self, lease, export):
            reached.set()
            await going.wait()
            return await super()._read(lease, export)

    waiting = Waiting(
        ready.stores.documents,
        ready.stores.blobs,
        projects=ready.projects,
        images=ready.images,
        staging=tmp_path,
    )
    jobs = JobQueue(ready.stores.documents, SERVICE)
    worker = asyncio.create_task(JobWorker(jobs, {EXPORT: waiting.work}, look_s=0.02).work_once())
    await reached.wait()
    await ready.exports.cancel(WHO, PROJECT, asked.id)
    await worker
    export, job = await ready.exports.get(WHO, PROJECT, asked.id)
    assert job.state == "cancelled"
    assert not export.blob_key


async def test_a_key_makes_one_export(ready: Exporting) -> None:
    wish = ExportWish("V1", "onnx")
    first = await ready.exports.start(WHO, PROJECT, wish, key="k")
    second = await ready.exports.start(WHO, PROJECT, wish, key="k")
    assert first.id == second.id


async def test_only_known_versions_are_exported(ready: Exporting) -> None:
    with pytest.raises(NotFound):
        await ready.exports.start(WHO, PROJECT, ExportWish("V9", "onnx"), key=None)


async def test_a_version_of_an_earlier_release_is_refused_in_words(
    stores: Stores, tmp_path
) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, models.make_version(models.colour_detector()), pictures(1))
    versions = stores.documents.collection(VERSIONS, TenantScope("default"))
    known = await ready.version()
    await versions.replace(known.model_copy(update={"predictions_key": ""}))
    with pytest.raises(CertificateRefused, match="earlier release"):
        await ready.exports.start(WHO, PROJECT, ExportWish("V1", "onnx"), key=None)


async def test_a_damaged_blob_fails_the_export_in_words(ready: Exporting, stores: Stores) -> None:
    await stores.blobs.delete((await ready.version()).golden_key)
    _, job = await ready.made()
    assert job.state == "failed"
    assert "an artefact is missing" in job.error


async def test_a_damaged_image_certifies_nothing(ready: Exporting, stores: Stores) -> None:
    """Not even one that would be answered as the report says: no dot of it where a person looks."""
    first = pictures()[0]
    key = await stored(stores, first)
    await stores.blobs.put(key, first + b"\0")
    export, job = await ready.made()
    assert (job.state, job.error) == ("succeeded", "")
    assert export.certificate is not None
    assert (export.certificate.images, export.certificate.held_out) == (2, 3)


async def test_a_graph_that_cannot_be_loaded_fails_the_export_at_once(
    ready: Exporting, stores: Stores
) -> None:
    await stores.blobs.put((await ready.version()).model_key, b"no graph")
    _, job = await ready.made()
    assert (job.state, job.attempt) == ("failed", 1)
    assert job.error.startswith("an artefact is damaged: model.onnx cannot be loaded")


async def test_a_removed_export_leaves_no_job_and_its_key_makes_no_other(ready: Exporting) -> None:
    wish = ExportWish("V1", "onnx")
    asked = await ready.exports.start(WHO, PROJECT, wish, key="k")
    with pytest.raises(ExportNotReady, match="under way"):
        await ready.exports.remove(WHO, PROJECT, asked.id)
    assert await ready.worker.work_once()
    await ready.exports.remove(WHO, PROJECT, asked.id)
    with pytest.raises(NotFound):
        await ready.exports.get(WHO, PROJECT, asked.id)
    jobs = ready.stores.documents.collection(JOBS, TenantScope("default"))
    assert await jobs.find(asked.id) is None
    with pytest.raises(KeySpent):
        await ready.exports.start(WHO, PROJECT, wish, key="k")


async def test_who_looks_at_an_export_that_is_being_removed_does_not_queue_it_anew(
    ready: Exporting,
) -> None:
    export, _ = await ready.made("onnx")
    jobs = JobQueue(ready.stores.documents, SERVICE)
    await jobs.drop("default", export.id)  # as whoever read the document just before finds it
    with pytest.raises(NotFound):
        await ready.exports.get(WHO, PROJECT, export.id)
    assert (await ready.exports.page(WHO, PROJECT, PageParams())).items == ()
    assert await jobs.find("default", export.id) is None
