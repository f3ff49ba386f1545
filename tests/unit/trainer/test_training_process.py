"""The training process itself: what it says, what it makes, and that a kill loses nothing."""

import asyncio
import os
import signal
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import orjson
import pytest
import torch

from services.trainer.domain.recipe import Merge, Recipe
from services.trainer.handlers.trainings import Wish
from services.trainer.process.runner import Run
from services.trainer.process.work_order import (
    Message,
    ResultMessage,
    StartMessage,
    StartVersion,
    WorkOrder,
)
from services.trainer.repository import TRAININGS
from services.trainer.work.executor import ProcessExecutor
from shared.clock import utc_now
from shared.contracts.prediction_columns import PredictionColumns
from shared.contracts.snapshot import Snapshot
from shared.documents.port import TenantScope
from shared.errors import InvalidInput
from shared.hosting.stores import Stores
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.texts.language import speaking, told
from shared.vision.merging import MergeMethod, Overlap
from tests.unit.trainer.pictures import LABELS, PROJECT, write_snapshot
from tests.unit.trainer.platform import WHO, Place
from tests.unit.trainer.test_dataset import GRID, tiled
from tests.unit.trainer.test_trainings import annotate
from tests.unit.trainer.trained import Trainings
from tests.unit.trainer.whole import said_here

ROOT = Path(__file__).resolve().parents[3]
TINY = Recipe(
    epochs=3, batch_size=4, channels=16, pretrained=False, input_width=96, input_height=96
)

RULE = Merge(rule=MergeMethod.GREEDYNMM, metric=Overlap.IOS, threshold=0.7)
BEGUN = "package:backbones==1.0@ab"


def order(folder: Path, splits: str, recipe: Recipe = TINY) -> WorkOrder:
    snapshot, files = write_snapshot(folder / "pictures", splits)
    path = folder / "snapshot.json"
    path.write_text(snapshot.model_dump_json())
    (folder / "work").mkdir()
    return WorkOrder(
        recipe=recipe,
        snapshot=path,
        images=files,
        version="V1",
        folder=folder / "work",
        checkpoint_every_s=0,
        threads=1,
    )


@pytest.fixture(scope="module")
def second_version(trainings: Trainings, tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """What a training on tiles said that went on from another version and was to finish at once."""
    start = StartVersion(
        version="V1",
        labels=LABELS,
        weights=trainings.of("detection").result.weights,
        backbone_weights=BEGUN,
        backbone_licence="MIT",
    )
    wanted = order(
        tmp_path_factory.mktemp("second"), "tttee", TINY.model_copy(update={"merge": RULE})
    )
    snapshot = tiled(Snapshot.model_validate_json(wanted.snapshot.read_bytes()))
    wanted.snapshot.write_text(snapshot.model_dump_json())
    wanted.finish.touch()
    return said_here(wanted.model_copy(update={"start": start}))


def delivered(said: list[Message]) -> ResultMessage:
    assert isinstance(said[-1], ResultMessage), said
    return said[-1]


def test_a_training_delivers_a_model_and_says_what_it_does(trainings: Trainings) -> None:
    trained = trainings.of("detection")
    assert {"reading", "training", "exporting"} <= {m.stage for m in trained.progress}
    result = trained.result
    manifest = ModelManifest.from_json(result.model_manifest.read_bytes())
    assert (manifest.labels, manifest.version, manifest.backbone_weights) == (LABELS, "V1", "none")
    stored = PredictionColumns.from_bytes(result.predictions.read_bytes())
    header = stored.header
    held_out = tuple(image.image_id for image in trained.snapshot.images if image.split == "test")
    assert header.image_ids == held_out
    assert (header.task, header.version, header.labels) == ("detection", "V1", LABELS)
    assert header.threshold == manifest.score_floor
    assert stored.columns["box"].shape == (stored.rows, 4)
    assert (stored.elapsed_ms > 0).all()
    answers_as_it_says(result.model.read_bytes(), result.golden.read_bytes())


def answers_as_it_says(model: bytes, golden: bytes) -> None:
    """An exported model gives the golden answer that was made of the trained one."""
    with np.load(BytesIO(golden), allow_pickle=False) as told:
        outputs = OnnxSession(model).run(told["image"])
        np.testing.assert_allclose(outputs["scores"], told["scores"], atol=1e-4)
        np.testing.assert_allclose(outputs["boxes"], told["boxes"], atol=0.1)


def test_a_version_that_goes_on_from_another_began_where_that_one_did(
    second_version: list[Message],
) -> None:
    second = delivered(second_version)
    assert (second.started_from, second.backbone_weights) == ("V1", BEGUN)
    assert StartMessage(backbone_weights=BEGUN) in second_version
    manifest = ModelManifest.from_json(second.model_manifest.read_bytes())
    assert (manifest.backbone_weights, manifest.backbone_licence) == (BEGUN, "MIT")


def test_a_training_that_is_to_finish_ends_after_its_first_epoch_and_says_so(
    second_version: list[Message],
) -> None:
    result = delivered(second_version)
    assert result.epochs == 1
    assert result.choices[-1] == "finished early, as was asked for: 1 of 3 epochs"
    with speaking("zh-CN"):
        assert told(result.choices[-1]) == "已按要求提前完成：共 3 轮，训练了 1 轮"


def test_a_model_trained_on_tiles_names_their_plan_and_is_judged_on_tiles(
    second_version: list[Message],
) -> None:
    result = delivered(second_version)
    manifest = ModelManifest.from_json(result.model_manifest.read_bytes())
    assert (manifest.input_plan, manifest.tile_plan) == (GRID, None)
    assert manifest.merge_rule == RULE.as_rule()
    assert result.input_plan_hash == GRID.hash
    stored = PredictionColumns.from_bytes(result.predictions.read_bytes())
    assert len(stored.header.image_ids) == 2


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    wanted = order(tmp_path, "tte")
    wanted.images["I001"].write_bytes(b"no image")
    same = wanted.model_copy(update={"threads": torch.get_num_threads()})  # of this process
    with pytest.raises(InvalidInput, match=r"1\.png"):
        Run(same).run()


def test_an_image_with_other_bytes_than_were_stored_is_named_and_teaches_nothing(
    tmp_path: Path,
) -> None:
    """Another picture of the same size is none that anybody annotated."""
    wanted = order(tmp_path, "tte")
    wanted.images["I001"].write_bytes(wanted.images["I002"].read_bytes())
    same = wanted.model_copy(update={"threads": torch.get_num_threads()})  # of this process
    with pytest.raises(InvalidInput, match=r"stored file of '.*1\.png' is lost or damaged"):
        Run(same).run()


async def test_a_process_begins_with_the_detectors_start_and_leaves_none_when_it_is_stopped(
    tmp_path: Path,
) -> None:
    recipe = Recipe(epochs=900, batch_size=4, input_width=96, input_height=96, task="detection")
    messages = ProcessExecutor().run(order(tmp_path, "ttte", recipe))
    said = []
    async for message in messages:
        said.append(message)
        if message.kind == "checkpoint":
            break
    await messages.aclose()
    (begun,) = [message for message in said if isinstance(message, StartMessage)]
    assert begun.backbone_weights.startswith("start:detector-mobilenet_v2@")
    assert str(tmp_path) not in _command_lines()


@pytest.mark.timeout(1200)  # a hang: two workers start and train, on a machine that may be busy
async def test_a_worker_killed_in_the_middle_resumes_from_its_checkpoint(
    stores: Stores, tmp_path: Path
) -> None:
    """kill -9 of the real worker process, then another one: one version, from the checkpoint."""
    place = Place(stores, tmp_path, clock=utc_now)
    await place.open()
    await annotate(place)
    recipe = TINY.model_copy(update={"epochs": 6})
    asked = await place.trainings.request(WHO, PROJECT, Wish(recipe=recipe))
    await place.settle("tttvnee")
    first = await _start_worker(place)
    job = await _until(place, first, asked.training.id, lambda job: "checkpoint" in job.payload)
    assert job.attempt == 1
    first.send_signal(signal.SIGKILL)
    await first.wait()
    second = await _start_worker(place)
    try:
        job = await _until(place, second, asked.training.id, lambda job: job.state == "succeeded")
    finally:
        second.kill()
        await second.wait()
    await place.settle()
    trainings = place.stores.documents.collection(TRAININGS, TenantScope("default"))
    record = await trainings.get(asked.training.id)
    assert (job.attempt, record.version_number) == (2, 1)
    assert record.artefacts is not None
    assert 0 < record.artefacts.resumed_at_epoch <= 6
    succeeded = [event for event in place.delivered if event.type == "training.succeeded"]
    assert len(succeeded) == 1
    model, golden = record.artefacts.model_key, record.artefacts.golden_key
    answers_as_it_says(await stores.blobs.read(model), await stores.blobs.read(golden))
    assert str(place.folder) not in _command_lines()


async def _start_worker(place: Place) -> asyncio.subprocess.Process:
    environment = os.environ | {
        "LOUPE_DATA": str(place.folder / "data"),
        "LOUPE_TRAINER_LEASE_S": "3600",  # what takes over here is not the end of a lease
        "LOUPE_TRAINER_CHECKPOINT_EVERY_S": "0",
        "LOUPE_TRAINER_POLL_S": "0.1",
        "LOUPE_TRAINER_USE_HUB": "false",
        "LOUPE_TRAINER_WORK_FOLDER": str(place.folder / "work"),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.trainer", "work", cwd=ROOT, env=environment
    )


async def _until(place: Place, worker: asyncio.subprocess.Process, job_id: str, done):
    """Wait for the job while the worker lives, however busy the machine is."""
    while True:
        job = await place.jobs.get("default", job_id)
        if done(job):
            return job
        where = f"the job stands at {orjson.dumps(job.model_dump(mode='json'))!r}"
        assert job.state in ("queued", "running"), where
        assert worker.returncode is None, where
        await asyncio.sleep(0.05)


def _command_lines() -> str:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(lines)
