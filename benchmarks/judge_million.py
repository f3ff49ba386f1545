"""A version with a million detections on 20,000 images, judged as the platform judges it.

    python -m benchmarks.judge_million [--images 20000] [--detections 50] [--truths 10]

The worker is a process of the role ``work`` on embedded stores in a temporary folder. The first is
killed in the middle, the second judges to the end. Seconds are told by stage as the job's progress
shows them; the peak is that of the second process, and what it had before its first job beside it.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from services.evaluator.app import build
from services.evaluator.handlers.judgements import Judgements
from services.evaluator.repository import JOBS
from shared.blobs.content import put_by_hash
from shared.callers import Caller
from shared.contracts.envelope import Event
from shared.contracts.prediction_columns import PredictionsTable
from shared.contracts.project_events import ProjectCreated
from shared.contracts.training_events import TrainingSucceeded
from shared.documents.port import Query, TenantScope
from shared.events.subscriptions import by_event
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.settings import StoreSettings

LABELS = tuple(f"label {k}" for k in range(9))
SIDE = 1000


def files(images: int, truths: int, detections: int) -> tuple[bytes, bytes]:
    """A snapshot and predictions: most detections are moved truths, the rest lie anywhere."""
    r = np.random.default_rng(0)
    table, pictures = PredictionsTable("detection", LABELS), []
    for place in range(images):
        corners = r.uniform(0, SIDE - 120, (truths, 2))
        boxes = np.hstack([corners, corners + r.uniform(8, 110, (truths, 2))])
        label = r.integers(0, len(LABELS), truths)
        near = r.random(detections) < 0.6
        target = r.integers(0, truths, detections)
        anywhere = r.uniform(0, SIDE - 120, (detections, 2))
        away = np.hstack([anywhere, anywhere + r.uniform(8, 110, (detections, 2))])
        moved = boxes[target] + r.normal(0, 2, (detections, 4))
        moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
        score = np.where(near, r.beta(4, 2, detections), r.beta(2, 4, detections))
        order = np.argsort(-score)
        found = {
            "label": np.where(near, label[target], r.integers(0, len(LABELS), detections))[order],
            "score": score[order].astype(np.float32),
            "box": np.where(near[:, None], moved, away)[order].astype(np.float32),
        }
        table.add(f"i{place}", found, elapsed_ms=20.0)
        shapes = [
            {"id": f"s{k}", "label": LABELS[label[k]], "kind": "box", "points": box.reshape(2, 2)}
            for k, box in enumerate(boxes)
        ]
        pictures.append(
            {"image_id": f"i{place}", "name": f"{place}.jpg", "blob_key": f"t/default/{place}"}
            | {"width": SIDE, "height": SIDE, "split": "test", "group": str(place)}
            | {"shapes": shapes}
        )
    snapshot = {"project_id": "p1", "task": "detection", "labels": LABELS, "images": pictures}
    manifest = orjson.dumps(snapshot, option=orjson.OPT_SERIALIZE_NUMPY)
    return manifest, table.gathered("V1", threshold=0.01).to_bytes()


async def hear(service: Service, body: Any) -> None:
    event = Event[type(body)](  # type: ignore[misc]
        id=f"e-{body.type}",
        source="benchmark",
        type=body.type,
        time="2026-11-20T08:00:00Z",
        subject="t1",
        tenant="default",
        sequence=1,
        data=body,
    )
    for handler in by_event(service.subscriptions)[type(body)]:
        await handler(event)


async def worker(folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.evaluator", "work"),
        env={**os.environ, "LOUPE_DATA": str(folder)},
        stdout=asyncio.subprocess.DEVNULL,
    )


def memory_mb(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field))) * 1024 / 1e6


async def main() -> None:
    parser = argparse.ArgumentParser()
    for name, given in (("images", 20_000), ("detections", 50), ("truths", 10)):
        parser.add_argument(f"--{name}", type=int, default=given)
    args = parser.parse_args()
    manifest, predictions = files(args.images, args.truths, args.detections)
    print(f"snapshot {len(manifest) / 1e6:.0f} MB, predictions {len(predictions) / 1e6:.0f} MB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        stores = Stores.of(StoreSettings(stores="embedded", data=folder))
        service = build(stores)
        await stores.open(service.all_collections)
        keys = [
            await put_by_hash(stores.blobs, data, tenant="default", project_id="p1")
            for data in (manifest, predictions)
        ]
        await hear(service, ProjectCreated(project_id="p1", name="pins", task="detection"))
        body = TrainingSucceeded(
            project_id="p1",
            training_id="t1",
            version="V1",
            manifest_key=keys[0],
            predictions_key=keys[1],
            model_key="",
            model_manifest_key="",
            golden_key="",
        )
        began = time.perf_counter()
        await hear(service, body)
        print(f"event handled in {1000 * (time.perf_counter() - began):.0f} ms")
        del manifest, predictions
        await judged(stores, service, folder)
        await stores.close()


async def judged(stores: Stores, service: Service, folder: Path) -> None:
    judgements = next(one for one in service.use_cases if isinstance(one, Judgements))
    who = Caller.system("default")

    async def state() -> Any:
        return await judgements.judgement(who, "p1", "V1")

    first = await worker(folder)
    while (await state()).progress.stage != "computing":  # noqa: ASYNC110 - another process's
        await asyncio.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    print("killed while computing")
    second = await worker(folder)
    resting, stage, at, cpu_at = 0.0, "", time.perf_counter(), 0.0
    while (now := await state()).state in ("queued", "running"):
        (job,) = await stores.documents.collection(JOBS, TenantScope("default")).query(Query())
        seen = now.progress.stage if job.attempt == 2 else ""
        if seen != stage:
            cpu = cpu_seconds(second.pid)
            print(
                f"{stage or 'start'}: {time.perf_counter() - at:.1f} s, CPU {cpu - cpu_at:.1f} s,"
                f" peak so far {memory_mb(second.pid, 'VmHWM'):.0f} MB"
            )
            resting = resting or memory_mb(second.pid, "VmRSS")
            stage, at, cpu_at = seen, time.perf_counter(), cpu
        await asyncio.sleep(0.02)
    cpu = cpu_seconds(second.pid)
    print(f"{stage}: {time.perf_counter() - at:.1f} s, CPU {cpu - cpu_at:.1f} s")
    peak = memory_mb(second.pid, "VmHWM")
    print(f"{now.state}; peak {peak:.0f} MB, {resting:.0f} MB of it when the job began")
    second.terminate()
    await second.wait()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    asyncio.run(main())
