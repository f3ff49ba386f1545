"""Errors of instance segmentation on the screen: red and orange masks, by tick boxes."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from services.evaluator.app import build
from services.evaluator.handlers.judgements import JUDGE
from services.evaluator.repository import REPORTS, JudgementOrder, StoredReport
from services.evaluator.settings import EvaluatorSettings
from services.evaluator.work.judge import Judge
from services.evaluator.work.yardsticks import Yardsticks
from shared.blobs.content import content_key
from shared.clock import utc_now
from shared.contracts.predictions import Detection, ImagePredictions, StoredPredictions
from shared.contracts.shapes import Rle, Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.ids import derived_id
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.settings import StoreSettings
from shared.vision.masks import bounds_xywh, from_dense, from_text, table, to_text
from tests.browser.starting import started
from tests.browser.watching import sign_in, watching

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HEIGHT, WIDTH = 240, 320
RED, ORANGE, GREEN = "#f03e3e", "#ff922b", "#12b76a"
LABELS = ("pore", "crack")


def test_errors_of_segmentation_are_red_and_orange_masks(chromium: Browser, tmp_path: Path) -> None:
    data, picture = tmp_path / "data", tmp_path / "casting.png"
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 120, np.uint8)).save(picture)
    with started(data) as platform:
        project = platform.new_project("Castings", task="instance_segmentation")
        image = platform.upload(project, picture)
    # What is judged is known to the pixel: the version is ordered to be judged by hand.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, judged(data, project, image)).result()
    with started(data) as platform, watching(chromium, platform, "en-US") as watched:
        page = watched.page
        sign_in(watched, platform)
        page.goto(f"/projects/{project}/report/V1")
        tile = page.get_by_test_id("error-gallery").locator(".error-tile")
        expect(tile).to_have_count(1)
        red, orange, green = (
            tile.locator(f'.mask path[fill="{colour}"]') for colour in (RED, ORANGE, GREEN)
        )
        expect(red).to_have_count(1)
        expect(orange).to_have_count(1)
        expect(green).to_have_count(0)
        expect(tile.locator(".mark polygon")).to_have_count(0)
        watched.shot("36-mask-errors", whole=True)
        # Not uncheck(): the tick stands in the address, and comes a moment after the click.
        page.get_by_role("checkbox", name="Missed").click()
        expect(orange).to_have_count(0)
        expect(red).to_have_count(1)
        page.get_by_role("checkbox", name="Correct").click()
        expect(green).to_have_count(1)
        page.get_by_role("button", name="Recompute").click()
        expect(page.get_by_text("The report was computed anew")).to_be_visible()
        page.goto(f"/projects/{project}/annotate/{image}")
        expect(page.locator(".workbench .stage img")).to_be_visible()


def ellipse(x: int, y: int, width: int, height: int) -> Rle:
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(pixels, (x, y), (width, height), 0, 0, 360, 1, -1)
    return Rle(size=(HEIGHT, WIDTH), counts=to_text(from_dense(pixels > 0)))


def found(label: str, rle: Rle, score: float) -> Detection:
    mask = table([from_text(rle.counts)], [rle.size])
    x, y, width, height = bounds_xywh(mask)[0].tolist()
    return Detection(label=label, score=score, box=(x, y, x + width, y + height), rle=rle)


async def judged(data: Path, project: str, image: str) -> None:
    """Let the evaluator judge a version that finds one pore, invents another and misses a crack."""
    pore, ghost, crack = ellipse(80, 80, 40, 20), ellipse(240, 60, 20, 20), ellipse(160, 180, 70, 6)
    shapes = (
        Shape(id="a", label="pore", kind="mask", rle=pore),
        Shape(id="b", label="crack", kind="mask", rle=crack),
    )
    snapshot = Snapshot(
        project_id=project,
        task="instance_segmentation",
        labels=LABELS,
        images=(
            SnapshotImage(
                image_id=image,
                name="casting.png",
                blob_key="t/default/casting",
                width=WIDTH,
                height=HEIGHT,
                split="test",
                group=image,
                shapes=shapes,
            ),
        ),
        dataset_hash="abc123",
    )
    detections = (found("pore", pore, 0.9), found("pore", ghost, 0.9))
    predictions = StoredPredictions(
        version="V1",
        labels=LABELS,
        threshold=0.01,
        images=(ImagePredictions(image_id=image, detections=detections, elapsed_ms=20.0),),
    )
    stores = Stores.of(StoreSettings(stores="embedded", data=data))
    service = build(stores)
    await stores.open(service.all_collections)
    keys = []
    for model in (snapshot, predictions):
        content = model.model_dump_json().encode()
        keys.append(content_key("default", project, hashlib.sha256(content).hexdigest()))
        await stores.blobs.put(keys[-1], content)
    report = StoredReport(
        id=derived_id("default", "report", project, "V1"),
        tenant="default",
        project_id=project,
        training_id="t1",
        name="V1",
        number=1,
        manifest_key=keys[0],
        predictions_key=keys[1],
        created_at=utc_now(),
        state="running",
        job_id="j1",
    )
    await stores.documents.collection(REPORTS, TenantScope("default")).insert(report)
    order = JudgementOrder(project_id=project, training_id="t1", version="V1", report_id=report.id)
    queue = JobQueue(stores.documents, "evaluator")
    await queue.enqueue("default", JUDGE, "j1", payload=order.model_dump())
    settings = EvaluatorSettings()
    yardsticks = Yardsticks(stores.documents, stores.blobs, settings)
    judge = Judge(stores.documents, stores.blobs, settings, yardsticks=yardsticks)
    assert await JobWorker(queue, {JUDGE: judge.judge}).work_once()
    await stores.close()
