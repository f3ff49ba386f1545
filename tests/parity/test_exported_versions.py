"""A version of each task that trains leaves the platform, certified against its own report."""

from pathlib import Path

import pytest

from services.inference.handlers.deployments import deployment_id
from services.inference.repository import VERSIONS, Version
from services.trainer.domain.recipe import Recipe
from shared.contracts.snapshot import Snapshot
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.runtime.tasks.table import TASKS
from shared.sdk import Model, verify
from tests.unit.inference.exporting import PROJECT, exporting, stored
from tests.unit.trainer.marks import write_marked
from tests.unit.trainer.parts import write_parts
from tests.unit.trainer.pictures import write_snapshot
from tests.unit.trainer.whole import delivered

DETECTION = Recipe(
    epochs=3, batch_size=4, channels=16, pretrained=False, input_width=96, input_height=96
)
PARTS = Recipe(epochs=1, batch_size=8, input_width=64, input_height=64, backbone="mobilenet_v2")
MARKS = Recipe(epochs=2, batch_size=4, input_width=128, input_height=96, budget_s=10, channels=16)
INSTANCES = Recipe(
    epochs=2, batch_size=4, input_width=128, input_height=96, channels=16, pretrained=False
)


def write_objects(folder: Path, splits: str) -> tuple[Snapshot, dict[str, Path]]:
    """Each mark as an object."""
    snapshot, files = write_marked(folder, splits)
    return snapshot.model_copy(update={"task": "instance_segmentation"}), files


TRAININGS = {
    "detection": (DETECTION, write_snapshot, "t" * 8 + "v" * 4 + "e" * 6),
    "classification": (PARTS.of_task("classification"), write_parts, "t" * 12 + "v" * 4 + "e" * 6),
    "semantic_segmentation": (
        MARKS.of_task("semantic_segmentation"),
        write_marked,
        "t" * 8 + "v" * 4 + "e" * 6,
    ),
    "instance_segmentation": (
        INSTANCES.of_task("instance_segmentation"),
        write_objects,
        "t" * 8 + "v" * 4 + "e" * 6,
    ),
}


@pytest.mark.slow
@pytest.mark.timeout(900)  # a whole training, beside whatever else runs
@pytest.mark.parametrize("task", [name for name, spec in TASKS.items() if spec.is_trainable])
async def test_a_trained_version_leaves_and_answers_as_its_report(
    stores: Stores, tmp_path, task: str
) -> None:
    recipe, write, splits = TRAININGS[task]
    given = write(tmp_path / "pictures", splits)
    _, made, _ = await delivered(tmp_path, recipe, given)
    ready = await exporting(stores, tmp_path / "staging")
    _, files = given
    keys = {name: await stored(stores, path.read_bytes()) for name, path in files.items()}
    images = tuple(
        one.model_copy(update={"blob_key": keys[one.image_id]}) for one in given[0].images
    )
    snapshot = given[0].model_copy(update={"images": images})
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
    assert export.certificate.images == splits.count("e")
    (tmp_path / "bundle.zip").write_bytes(await ready.bytes_of(export))
    checked = verify(tmp_path / "bundle.zip", fingerprint=export.fingerprint)
    assert (checked.faults, checked.images) == ((), 6)
    model = Model.load(tmp_path / "bundle.zip")
    assert model.task == task
    model.predict(files[given[0].images[0].image_id])
