"""OCR from its first lines to a correction: what is of this task alone; classes retrain."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.walk import Begins, ProjectWalk, archive, name_of, until, walking
from tests.unit.trainer.texts import LINES, SIZE, page

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1200)]

TRAIN, VALIDATE, TEST, HAND, UNSEEN = (
    range(0, 6),
    range(6, 9),
    range(9, 13),
    range(13, 14),
    range(14, 16),
)
SPLITS = {"train": TRAIN, "val": VALIDATE, "test": TEST}
RECIPE = {"epochs": 1, "batch_size": 8}
OF_READER = Begins("package", "pp_ocrv6_small", "rapidocr")


def made(number: int) -> NDArray[np.uint8]:
    return page(number)[0]


def written(number: int) -> list[dict[str, Any]]:
    """The lines as the console saves them: a box, and what it says."""
    return [
        shape.model_dump(mode="json", include={"label", "kind", "points", "text"})
        for shape in page(number)[1]
    ]


def described(number: int) -> bytes:
    """A labelme file, in which a line's text is the description of its rectangle."""
    shapes = [
        {
            "label": line["label"],
            "shape_type": "rectangle",
            "points": line["points"],
            "description": line["text"],
            "flags": {},
        }
        for line in written(number)
    ]
    document = {"version": "5.5.0", "flags": {}, "imagePath": name_of(number), "imageData": None}
    size = {"imageWidth": SIZE[0], "imageHeight": SIZE[1]}
    return json.dumps(document | size | {"shapes": shapes}).encode()


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProjectWalk]:
    with walking(tmp_path, monkeypatch, "ocr") as walk:
        yield walk


def test_a_reader_is_trained_judged_served_tested_and_corrected(
    walk: ProjectWalk, tmp_path: Path
) -> None:
    ids = walk.upload(tmp_path, range(UNSEEN.start), made)
    imported = walk.client.import_labels(walk.project, archive(SPLITS, described))
    assert imported["imported"] == HAND.start, imported
    for number in HAND:
        body = {"shapes": written(number)}
        walk.client.put(walk.path("annotation", f"images/{ids[number]}"), body)
    walk.trained(RECIPE, begins=OF_READER)
    report = walk.get("evaluator", "versions/V1/report")
    assert (report["kind"], report["images"]) == ("ocr", len(TEST))
    judged(report, {ids[number] for number in TEST})

    walk.served("V1")
    unseen = walk.upload(tmp_path, UNSEEN, made)
    until(lambda: walk.get("gallery", "images", page_size=1)["total"] == UNSEEN.stop)
    answer = walk.post("inference", "predictions", {"image_id": unseen[UNSEEN[0]]})
    read = {shape["text"] for shape in answer["shapes"]}
    assert read & {line["text"] for line in written(UNSEEN[0])}, read
    (tested,) = walk.tested([unseen[UNSEEN[1]]])
    body = {"prediction_id": tested["id"], "shapes": written(UNSEEN[1])}
    walk.post("annotation", f"images/{tested['image_id']}/corrections", body)
    corrected = walk.get("annotation", f"images/{tested['image_id']}")
    assert corrected["corrected"] is True
    assert [one["text"] for one in corrected["shapes"]] == [
        one["text"] for one in written(UNSEEN[1])
    ]


def judged(report: dict[str, Any], images: set[str]) -> None:
    """Most lines are found and read; each that is not stands in the list, and every line once."""
    details = report["details"]
    assert report["overall"]["recall"] >= 0.7
    assert report["overall"]["exact_match"] >= 0.5  # what reads nothing has none
    assert details["is_cased"] is False  # all are capitals
    misread = details["lines"]
    assert {line["image_id"] for line in misread["samples"]} <= images
    wrong = misread["counts"]["wrong_sign"] + misread["counts"]["missed"]
    assert wrong == round((1 - report["overall"]["exact_match"]) * LINES * len(TEST))
    assert [(one["case"], one["spaces"]) for one in details["readings"]] == [
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    ]
