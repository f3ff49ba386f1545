"""One hash from the upload to the refusal: a model looks only at tiles cut like those it learnt."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from services.annotation.app import build as build_annotation
from services.annotation.repository import SNAPSHOTS
from services.gallery.app import build as build_gallery
from services.inference.domain.model_config import ServedModel, render_config
from services.tiling.app import build as build_tiling
from services.trainer.domain.recipe import Recipe
from services.trainer.process.work_order import ResultMessage, WorkOrder
from services.trainer.settings import TrainerSettings
from services.trainer.work.attempt_files import AttemptFiles
from services.trainer.work.executor import ProcessExecutor
from services.workspace.app import build as build_workspace
from shared.contracts.envelope import EventStamp, pack
from shared.contracts.snapshot import Snapshot
from shared.contracts.training_events import TrainingRequested
from shared.documents.port import TenantScope
from shared.events.port import Record
from shared.hosting.stores import Stores
from shared.ids import new_id
from shared.runtime.cuts import PlanRefused
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.table import spec_of
from shared.vision.tiles import TilePlan
from tests.running import Running, running, until
from tests.unit.annotation.platform import packed

GRID = {"rows": 1, "columns": 2, "overlap_px": 8}
PLAN = TilePlan(grid=(1, 2), overlap_px=8)
OTHER = TilePlan(grid=(1, 2))
TINY = Recipe(
    epochs=1, batch_size=4, channels=16, pretrained=False, input_width=96, input_height=96
)


def board(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(90, 150, (96, 184, 3), np.uint8)
    pixels[30:50, 20:40] = 240
    return cv2.imencode(".png", pixels)[1].tobytes()


async def labelled_tiles(run: Running, project: str) -> list[dict[str, Any]]:
    """Upload three boards, then labels named after them; return the tiles once they have them."""
    gallery = f"/api/gallery/projects/{project}/images"
    files = [("files", (f"{n}.png", board(n), "image/png")) for n in range(3)]
    assert (await run.client.post(gallery, files=files)).status_code == 201
    shape = {"label": "pit", "points": [[20, 30], [40, 50]], "shape_type": "rectangle"}
    archive = packed({f"{n}.json": {"shapes": [shape]} for n in range(3)})
    upload = {"file": ("labels.zip", archive, "application/zip")}
    answer = await run.client.post(f"/api/annotation/projects/{project}/imports", files=upload)
    assert answer.status_code == 201, answer.text

    async def look() -> list[dict[str, Any]]:
        found = (await run.client.get(gallery, params={"page_size": 50})).json()["items"]
        done = len(found) == 6 and all(image["status"] == "labelled" for image in found)
        return found if done else []

    return list(await until(look))


async def frozen(stores: Stores, project: str) -> Snapshot:
    body = TrainingRequested(project_id=project, training_id="t1")
    (event,) = pack([body], EventStamp.of("default", "t1", 1))
    record = Record(event.topic, event.key, event.value_bytes(), event.headers())
    await stores.events.publish([record])
    snapshots = stores.documents.collection(SNAPSHOTS, TenantScope("default"))
    found = await until(lambda: snapshots.find("t1"))
    assert found.manifest_key, found.refused
    return Snapshot.model_validate_json(await stores.blobs.read(found.manifest_key))


async def trained(stores: Stores, snapshot: Snapshot, folder: Path) -> ResultMessage:
    path = folder / "snapshot.json"
    path.write_text(snapshot.model_dump_json())
    images = {}
    for image in snapshot.images:
        images[image.image_id] = folder / image.name
        images[image.image_id].write_bytes(await stores.blobs.read(image.blob_key))
    (folder / "work").mkdir()
    task = WorkOrder(
        recipe=TINY,
        snapshot=path,
        images=images,
        version="V1",
        folder=folder / "work",
        threads=1,
    )
    said = [message async for message in ProcessExecutor().run(task)]
    assert isinstance(said[-1], ResultMessage), said[-1]
    return said[-1]


async def test_one_hash_goes_from_the_upload_to_the_refusal(stores: Stores, tmp_path: Path) -> None:
    services = [build(stores) for build in (build_workspace, build_gallery, build_tiling)]
    async with running(stores, [*services, build_annotation(stores)]) as run:
        body = {"name": "boards", "task": "detection", "tiling": GRID}
        project = (await run.client.post("/api/workspace/projects", json=body)).json()["id"]
        tiles = await labelled_tiles(run, project)
        snapshot = await frozen(stores, project)
        result = await trained(stores, snapshot, tmp_path)
        files = AttemptFiles(stores.documents, stores.blobs, TrainerSettings())
        record = await files.store_result(result, tenant="default", project_id=project)
    manifest = ModelManifest.from_json(result.model_manifest.read_bytes())
    served = ServedModel(
        name=new_id(),
        number=1,
        input_width=96,
        input_height=96,
        label_count=1,
        outputs=spec_of("detection").outputs,
        tile_plan_hash=manifest.learnt_plan.hash,
    )
    hops = {
        "tiles": {tile["plan_hash"] for tile in tiles},
        "snapshot": {snapshot.tile_plan_hash},
        "images": {image.plan_hash for image in snapshot.images},
        "result": {result.input_plan_hash},
        "record": {record.input_plan_hash},
        "model.json": {manifest.input_plan.hash if manifest.input_plan else None},
    }
    assert hops == {hop: {PLAN.hash} for hop in hops}
    assert f'string_value: "{PLAN.hash}"' in render_config(served, backend="onnxruntime")
    predictor = Predictor(manifest, OnnxSession(result.model, threads=1))
    tile = np.zeros((96, 96, 3), np.uint8)
    predictor.predict(tile, tile_plan_hash=PLAN.hash)
    with pytest.raises(PlanRefused, match="another plan"):
        predictor.predict(tile, tile_plan_hash=OTHER.hash)
