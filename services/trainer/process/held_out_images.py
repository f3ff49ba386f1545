"""The held-out images through the exported model, as the served version would predict them."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from services.trainer.process.dataset import judged_image
from services.trainer.process.reports import ProgressReports
from services.trainer.process.work_order import ProgressMessage
from shared.contracts.prediction_columns import PredictionsTable
from shared.contracts.shapes import Task
from shared.contracts.snapshot import SnapshotImage, TilePlanSpec
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.table import spec_of

TRAINED_PERCENT = 92.0  # of the whole; export and the held-out images take the rest


def predict_held_out(
    predictor: Predictor,
    task: Task,
    images: Sequence[SnapshotImage],
    files: Mapping[str, Path],
    reports: ProgressReports,
) -> bytes:
    """The stored predictions of ``images``, as columns.

    Down to the model's score floor, so that any threshold can be judged later; of a task whose
    predictions tell no scores at the model's threshold, as they are served.

    Args:
        predictor: The exported model.
        task: Its task.
        images: Which images.
        files: File of each image, by image id.
        reports: Hears how far it is.
    """
    manifest = predictor.manifest
    spec = spec_of(task)
    threshold = manifest.score_floor if spec.tells_scores else manifest.threshold
    table = PredictionsTable(task, manifest.labels)
    for done, image in enumerate(images, start=1):
        pixels = judged_image(files[image.image_id], image, task)
        began = time.perf_counter()
        results = predictor.predict(pixels, threshold=threshold, tile_plan_hash=image.plan_hash)
        elapsed_ms = (time.perf_counter() - began) * 1000
        table.add(image.image_id, results.columns(), elapsed_ms=elapsed_ms)
        percent = TRAINED_PERCENT + (99 - TRAINED_PERCENT) * done / len(images)
        reports.say(ProgressMessage(stage="testing", percent=percent))
    plan = manifest.tile_plan
    return table.gathered(
        manifest.version,
        threshold=threshold,
        tile_plan=None if plan is None else TilePlanSpec.model_validate(plan.to_json()),
    ).to_bytes()
