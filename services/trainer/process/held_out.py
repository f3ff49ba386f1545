"""The held-out images through the exported model, as the served version would predict them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from services.trainer.process.dataset import read_image
from services.trainer.process.reports import ProgressReports
from services.trainer.process.work_order import ProgressMessage
from shared.contracts.predictions import Detection, ImagePredictions, StoredPredictions
from shared.contracts.snapshot import SnapshotImage, TilePlanSpec
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.spec import Results

TRAINED_PERCENT = 92.0  # of the whole; export and the held-out images take the rest


def predict_held_out(
    predictor: Predictor,
    images: Sequence[SnapshotImage],
    files: Mapping[str, Path],
    reports: ProgressReports,
) -> bytes:
    """The stored predictions of ``images`` down to the model's score floor.

    Args:
        predictor: The exported model.
        images: Which images.
        files: File of each image, by image id.
        reports: Hears how far it is.
    """
    manifest, found = predictor.manifest, []
    for done, image in enumerate(images, start=1):
        pixels = read_image(files[image.image_id], image.name)
        began = time.perf_counter()
        results = predictor.predict(
            pixels, threshold=manifest.score_floor, tile_plan_hash=image.plan_hash
        )
        elapsed_ms = (time.perf_counter() - began) * 1000
        detections = tuple(
            Detection(label=manifest.labels[label], score=score, box=(x1, y1, x2, y2))
            for label, score, (x1, y1, x2, y2) in _rows(results)
        )
        found.append(
            ImagePredictions(image_id=image.image_id, detections=detections, elapsed_ms=elapsed_ms)
        )
        percent = TRAINED_PERCENT + (99 - TRAINED_PERCENT) * done / len(images)
        reports.say(ProgressMessage(stage="testing", percent=percent))
    plan = manifest.tile_plan
    stored = StoredPredictions(
        version=manifest.version,
        labels=manifest.labels,
        threshold=manifest.score_floor,
        tile_plan=None if plan is None else TilePlanSpec.model_validate(plan.to_json()),
        images=tuple(found),
    )
    return stored.model_dump_json().encode()


def _rows(results: Results) -> Iterator[tuple[int, float, list[float]]]:
    columns = results.columns()
    return zip(*(columns[name].tolist() for name in ("label", "score", "box")), strict=True)
