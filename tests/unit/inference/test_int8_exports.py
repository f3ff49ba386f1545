"""A model in 8 bits leaves where it loses nothing; where it would lose, it does not."""

import json
import threading
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from services.inference.domain.accuracy import rows_of
from services.inference.errors import CertificateRefused
from services.inference.handlers.exports import ExportWish
from services.inference.process.quantiser import MODEL
from services.inference.repository import VERSIONS
from services.inference.work import calibration
from services.inference.work.calibration import _LIMITS, _MODULE
from shared.contracts.image_events import ImageDeleted
from shared.contracts.project_events import ProjectCreated
from shared.contracts.shapes import Rle, Shape
from shared.contracts.snapshot import Snapshot
from shared.documents.port import TenantScope
from shared.guarded.pool import GuardedPool
from shared.hosting.stores import Stores
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.tasks.names import TaskName
from shared.sdk import Model, verify
from shared.texts.language import speaking, told
from shared.vision.masks import to_text
from tests.adapters.inference import models
from tests.unit.inference.exporting import PROJECT, WHO, exporting, hear, pictures, report, stored
from tests.unit.inference.small_models import version_of


def of_wide_range() -> models.Version:
    """The colour detector with a channel so loud, and of no effect, that 8 bits hear no other."""
    model = onnx.load_model_from_string(models.colour_detector())
    (weights,) = (one for one in model.graph.initializer if one.name == "w")
    values = numpy_helper.to_array(weights).copy()
    values[0] = 1e3
    weights.CopyFrom(numpy_helper.from_array(values, "w"))
    return models.make_version(model.SerializeToString())


def plates(count: int) -> list[bytes]:
    """Images of one colour each."""
    sides = {"red": (200, 20, 20), "green": (20, 200, 20)}
    colours = [list(sides.values())[k % 2] for k in range(count)]
    return [models.png(np.full((48, 64, 3), colour, np.uint8)) for colour in colours]


def files_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    "task", ["detection", "classification", "semantic_segmentation", "instance_segmentation"]
)
async def test_a_model_in_8_bits_is_certified_label_by_label(
    stores: Stores, tmp_path: Path, task: TaskName
) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    version = version_of(task)
    files = [*pictures(), *pictures(2)] if task != "classification" else plates(5)
    await report(stores, version, files, corrected=2, drawn=True)
    export, job = await ready.made("onnx-int8")
    assert (job.state, job.error) == ("succeeded", "")
    told = export.certificate
    assert told is not None
    assert (told.images, told.held_out, told.degraded) == (3, 3, False)
    assert told.accuracy[0].label == ""
    assert {one.label for one in told.accuracy[1:]} <= set(rows_of(task, models.LABELS))
    assert all(one.exported >= one.reported - 0.01 for one in told.accuracy)
    assert told.agreement >= 0.99
    path = tmp_path / "int8.zip"
    path.write_bytes(await ready.bytes_of(export))
    assert verify(path, fingerprint=export.fingerprint).faults == ()
    found = Model.load(path).predict(files[0]).found
    assert {one.label for one in found} <= {"red", "green"}
    assert found
    inside = files_of(path.read_bytes())
    nodes = onnx.load_model_from_string(inside["model.onnx"]).graph.node
    assert "QuantizeLinear" in {node.op_type for node in nodes}
    assert json.loads(inside["bundle.json"])["precision"] == "int8"
    certificate = json.loads(inside["certificate.json"])
    assert certificate["accuracy"] == [one.model_dump() for one in told.accuracy]
    assert len(certificate["of_images"]) == 3


async def test_a_model_that_8_bits_would_ruin_does_not_leave(
    stores: Stores, tmp_path: Path
) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, of_wide_range(), pictures(5), corrected=2, drawn=True)
    export, job = await ready.made("onnx-int8")
    assert job.state == "failed"
    assert job.error.startswith("in 8 bits the model loses more than a point of F1: all labels")
    with speaking("zh-CN"):
        assert told(job.error).startswith("模型转换为 8 位后 F1 损失超过一个百分点：全部标签")
    assert export.blob_key == ""
    _, exact = await ready.made("onnx")
    assert exact.state == "succeeded"  # in float32 nothing is lost
    assert not any((tmp_path / "staging").iterdir())


async def test_it_is_calibrated_on_images_that_trained_and_are_still_there(
    stores: Stores, tmp_path: Path
) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, version_of("detection"), pictures(4), corrected=1, drawn=True)
    gone = ImageDeleted(project_id=PROJECT, image_id="i3")
    await hear(ready.images.subscriptions(), gone, "i3")
    _, job = await ready.made("onnx-int8")
    assert (job.state, "left to calibrate on" in job.error) == ("failed", True)


async def test_no_model_is_loaded_where_requests_wait(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded_in: list[threading.Thread] = []

    def load(onnx: bytes) -> OnnxSession:
        loaded_in.append(threading.current_thread())
        return OnnxSession(onnx)

    monkeypatch.setattr(calibration, "OnnxSession", load)
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, version_of("detection"), pictures(), drawn=True)
    _, job = await ready.made("onnx-int8")  # none of its images trained
    assert (job.state, len(loaded_in)) == ("failed", 1)
    assert loaded_in[0] is not threading.current_thread()


async def test_without_labels_on_held_out_images_nothing_is_judged(
    stores: Stores, tmp_path: Path
) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, version_of("detection"), pictures(5), corrected=2)
    _, job = await ready.made("onnx-int8")
    assert (job.state, "no held-out image shows a label" in job.error) == ("failed", True)


async def test_a_model_of_ocr_is_refused_before_any_work(stores: Stores, tmp_path: Path) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    created = ProjectCreated(project_id="O", name="texts", task="ocr")
    await hear(ready.projects.subscriptions(), created, "O")
    with pytest.raises(CertificateRefused, match="OCR is not turned into 8 bits"):
        await ready.exports.start(WHO, "O", ExportWish("V1", "onnx-int8"), key=None)


async def test_a_certificate_in_float32_tells_of_labels_too(stores: Stores, tmp_path: Path) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, version_of("detection"), pictures(), drawn=True)
    export, _ = await ready.made("onnx")
    assert export.certificate is not None
    told = {one.label: (one.reported, one.exported) for one in export.certificate.accuracy}
    assert told == {"": (1.0, 1.0), "red": (1.0, 1.0), "green": (1.0, 1.0)}
    assert export.certificate.agreement == 1.0
    assert np.isfinite(export.certificate.score)


async def test_what_cannot_be_turned_says_why_and_not_that_memory_is_short(tmp_path: Path) -> None:
    pool = GuardedPool(_MODULE, workers=1, limits=_LIMITS, keep=False)
    (tmp_path / MODEL).write_bytes(b"no model")
    (told,) = await pool.ask({"folder": str(tmp_path)})
    assert "reason" in told
    assert pool.pids == []


async def test_a_shape_that_does_not_fit_its_image_judges_nothing_and_stops_no_export(
    stores: Stores, tmp_path: Path
) -> None:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, version_of("semantic_segmentation"), pictures(), drawn=True)
    version = await ready.version()
    snapshot = Snapshot.model_validate_json(await stores.blobs.read(version.manifest_key))
    first, *others = snapshot.images
    wrong = Shape(label="red", kind="mask", rle=Rle(size=(2, 2), counts=to_text(np.array([4]))))
    images = (first.model_copy(update={"shapes": (wrong,)}), *others)
    changed = snapshot.model_copy(update={"images": images}).model_dump_json().encode()
    update = {"manifest_key": await stored(stores, changed)}
    versions = stores.documents.collection(VERSIONS, TenantScope("default"))
    await versions.change(version.id, lambda now: now.model_copy(update=update))
    export, job = await ready.made("onnx")
    assert (job.state, job.error) == ("succeeded", "")
    assert export.certificate is not None
    assert export.certificate.images == 3
    drawn = sum(shape.label == "red" for image in others for shape in image.shapes)
    assert drawn > 0
    assert "red" in {one.label for one in export.certificate.accuracy}
