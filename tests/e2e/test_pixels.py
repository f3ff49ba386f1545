"""Both segmentations from masks to what is served: what is of these tasks alone."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.runtime.tasks.names import TaskName
from shared.vision.masks import from_text, to_dense
from tests.e2e.walk import (
    OF_PACKAGE,
    OF_START,
    Begins,
    ProjectWalk,
    archive,
    name_of,
    until,
    walking,
)
from tests.unit.trainer.marks import LABELS, SIZE, marked, shapes_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1200)]

TRAIN, VALIDATE, TEST, HAND, UNSEEN = (
    range(0, 16),
    range(16, 20),
    range(20, 30),
    range(30, 34),
    range(34, 39),
)
SPLITS = {"train": TRAIN, "val": VALIDATE, "test": TEST}
SMALL = {"input_width": 128, "input_height": 96, "budget_s": 600}  # the epochs end it


@dataclass(frozen=True)
class Segments:
    """A task that answers with masks, and what its first version must come to."""

    task: TaskName
    recipe: dict[str, Any]
    begins: Begins
    reported: Callable[[dict[str, Any]], None]


def segmented(report: dict[str, Any]) -> None:
    assert report["kind"] == "semantic_segmentation"
    assert report["overall"]["mean_iou"] >= 0.6  # what finds nothing has a third
    assert all(report["details"]["labels"][label]["iou"] > 0.4 for label in LABELS)


def outlined_objects(report: dict[str, Any]) -> None:
    assert report["kind"] == "mask"
    # Such a training gave 0.93; without its labels 0.24, and before it there are no masks: 0.
    assert report["overall"]["map_50"] >= 0.6


PIXELS = Segments("semantic_segmentation", SMALL | {"epochs": 4}, OF_PACKAGE, segmented)
OBJECTS = Segments(
    "instance_segmentation",
    SMALL | {"epochs": 12, "batch_size": 4, "learning_rate": 3e-3},
    OF_START,
    outlined_objects,
)


def is_empty(number: int) -> bool:
    return number % 4 == 3


def made(number: int) -> NDArray[np.uint8]:
    return marked(number, empty=is_empty(number))[0]


def outlined(number: int) -> bytes:
    """A labelme file with a polygon around each mark."""
    truth = marked(number, empty=is_empty(number))[1]
    shapes = []
    for label, name in enumerate(LABELS, start=1):
        rings, _ = cv2.findContours(
            (truth == label).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
        )
        shapes += [
            {"label": name, "shape_type": "polygon", "points": ring[:, 0].tolist(), "flags": {}}
            for ring in rings
            if len(ring) > 2
        ]
    document = {"version": "5.5.0", "flags": {}, "imagePath": name_of(number), "imageData": None}
    size = {"imageWidth": SIZE[0], "imageHeight": SIZE[1]}
    return json.dumps(document | size | {"shapes": shapes}).encode()


def drawn(number: int) -> list[dict]:
    """The marks as the console's brush would save them."""
    truth = marked(number, empty=is_empty(number))[1]
    return [
        shape.model_dump(mode="json", include={"label", "kind", "rle"})
        for shape in shapes_of(truth)
    ]


@pytest.mark.parametrize("kind", [PIXELS, OBJECTS], ids=lambda kind: kind.task)
def test_a_segmenter_is_trained_judged_served_and_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Segments
) -> None:
    with walking(tmp_path, monkeypatch, kind.task) as walk:
        walked(walk, tmp_path, kind)


def walked(walk: ProjectWalk, tmp_path: Path, kind: Segments) -> None:
    ids = walk.upload(tmp_path, range(UNSEEN.start), made)
    imported = walk.client.import_labels(walk.project, archive(SPLITS, outlined))
    assert imported["imported"] == HAND.start, imported
    for number in HAND:
        body = {"shapes": drawn(number)}
        walk.client.put(walk.path("annotation", f"images/{ids[number]}"), body)
    walk.trained(kind.recipe, begins=kind.begins)
    report = walk.get("evaluator", "versions/V1/report")
    assert report["images"] == len(TEST)
    kind.reported(report)
    assert sorted(label["label"] for label in report["labels"]) == sorted(LABELS)
    errors = walk.get("evaluator", "versions/V1/errors")
    assert all(mark["rle"] for image in errors["items"] for mark in image["marks"])

    walk.served("V1")
    unseen = walk.upload(tmp_path, UNSEEN, made)
    until(lambda: walk.get("gallery", "images", page_size=1)["total"] == UNSEEN.stop)
    number = UNSEEN[0]
    answer = walk.post("inference", "predictions", {"image_id": unseen[number]})
    found = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for shape in answer["shapes"]:
        assert shape["kind"] == "mask"
        pixels = to_dense(from_text(shape["rle"]["counts"]), SIZE[1], SIZE[0])
        found[pixels] = LABELS.index(shape["label"]) + 1
    truth = marked(number, empty=is_empty(number))[1]
    both = (found == truth) & (truth > 0)
    assert both.sum() >= 0.5 * ((found > 0) | (truth > 0)).sum()
    walk.tested(list(unseen.values()))
