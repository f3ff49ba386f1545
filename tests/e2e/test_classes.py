"""The whole loop of a classification: labels in, trained, killed, served, corrected, again."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.walk import ProjectWalk, archive, until, walking
from tests.unit.trainer.parts import LABELS, part

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1200)]

TRAIN, VALIDATE, TEST, HAND, UNSEEN = (
    range(0, 24),
    range(24, 30),
    range(30, 42),
    range(42, 46),
    range(46, 52),
)
SPLITS = {"train": TRAIN, "val": VALIDATE, "test": TEST}
RECIPE = {"epochs": 12, "input_width": 64, "input_height": 64, "batch_size": 8}


def made(number: int) -> NDArray[np.uint8]:
    return part(number, number % 2)


def flags(label: str) -> bytes:
    """A labelme file of an image with one flag: how its label is written there."""
    document = {"version": "5.5.0", "flags": {name: name == label for name in LABELS}}
    return json.dumps(document | {"shapes": []}).encode()


def flagged(number: int) -> bytes:
    """One validation image is labelled wrong, so that there is work to do."""
    return flags(LABELS[(number + (number == VALIDATE[0])) % 2])


def labelled(number: int) -> list[dict]:
    return [{"label": LABELS[number % 2], "kind": "image"}]


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProjectWalk]:
    with walking(tmp_path, monkeypatch, "classification") as walk:
        yield walk


def test_a_classifier_is_trained_killed_served_corrected_and_trained_again(
    walk: ProjectWalk, tmp_path: Path
) -> None:
    ids = walk.upload(tmp_path, range(UNSEEN.start), made)
    imported = walk.client.import_labels(walk.project, archive(SPLITS, flagged))
    assert imported["imported"] == HAND.start, imported
    for number in HAND:  # as the digit keys of the console do
        body = {"shapes": labelled(number)}
        walk.client.put(walk.path("annotation", f"images/{ids[number]}"), body)
    walk.trained(RECIPE, killed=True)
    report = walk.get("evaluator", "versions/V1/report")
    assert (report["kind"], report["images"]) == ("classification", len(TEST))
    assert report["average_detection_rate"] >= 0.9  # what learnt nothing has a half
    assert sorted(label["label"] for label in report["labels"]) == sorted(LABELS)

    walk.served("V1")
    unseen = walk.upload(tmp_path, UNSEEN, made)
    until(lambda: walk.get("gallery", "images", page_size=1)["total"] == UNSEEN.stop)
    answer = walk.post("inference", "predictions", {"image_id": unseen[UNSEEN[0]]})
    assert [(one["kind"], one["label"]) for one in answer["shapes"]] == [
        ("image", LABELS[UNSEEN[0] % 2])
    ]
    tested = walk.tested(list(unseen.values()))

    numbers = {image_id: number for number, image_id in unseen.items()}
    second = walk.corrected(tested[:2], lambda name: labelled(numbers[name]), budget_s=None)
    assert second["comparison"]["images"] == len(TEST)
