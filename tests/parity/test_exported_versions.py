"""A version of each task that trains leaves the platform, certified against its own report."""

from pathlib import Path

import pytest

from services.inference.handlers.deployments import deployment_id
from services.inference.repository import VERSIONS, Version
from services.inference.work.exports import MOST_SHOWN
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.runtime.tasks.table import TASKS
from shared.sdk import Model, verify
from tests.unit.inference.exporting import PROJECT, exporting, stored
from tests.unit.trainer.trained import LESSONS, Trainings


@pytest.mark.slow
@pytest.mark.timeout(900)  # a whole training, beside whatever else runs
@pytest.mark.parametrize("task", TASKS)
async def test_a_trained_version_leaves_and_answers_as_its_report(
    stores: Stores, tmp_path: Path, trainings: Trainings, task: str
) -> None:
    trained = trainings.of(task)
    made, files = trained.result, trained.files
    ready = await exporting(stores, tmp_path / "staging")
    keys = {name: await stored(stores, path.read_bytes()) for name, path in files.items()}
    images = tuple(
        one.model_copy(update={"blob_key": keys[one.image_id]}) for one in trained.snapshot.images
    )
    snapshot = trained.snapshot.model_copy(update={"images": images})
    version = Version(
        id=deployment_id("default", PROJECT, "V1"),
        tenant="default",
        project_id=PROJECT,
        training_id="T",
        name="V1",
        number=1,
        model_key=await stored(stores, made.model.read_bytes()),
        model_manifest_key=await stored(stores, made.model_manifest.read_bytes()),
        golden_key=await stored(stores, made.golden.read_bytes()),
        manifest_key=await stored(stores, snapshot.model_dump_json().encode()),
        predictions_key=await stored(stores, made.predictions.read_bytes()),
    )
    await stores.documents.collection(VERSIONS, TenantScope("default")).insert(version)
    export, job = await ready.made()
    assert (job.state, job.error) == ("succeeded", "")
    assert export.certificate is not None
    held_out = LESSONS[task].held_out
    assert export.certificate.images == held_out
    (tmp_path / "bundle.zip").write_bytes(await ready.bytes_of(export))
    checked = verify(tmp_path / "bundle.zip", fingerprint=export.fingerprint)
    assert (checked.faults, checked.images) == ((), min(held_out, MOST_SHOWN))
    model = Model.load(tmp_path / "bundle.zip")
    assert model.task == task
    model.predict(files[images[0].image_id])
