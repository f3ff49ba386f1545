"""The whole loop of a classification: labels in, trained, killed, served, corrected, again."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.walk import Walk, name_of, until, walking
from tests.unit.trainer.parts import LABELS, part

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1200)]

TRAIN, VALIDATE, TEST, HAND, UNSEEN = (
    range(0, 24),
    range(24, 30),
    range(30, 42),
    range(42, 46),
    range(46, 52),
)
RECIPE = {"epochs": 12, "input_width": 64, "input_height": 64, "batch_size": 8}


def made(number: int) -> NDArray[np.uint8]:
    return part(number, number % 2)


def flags(label: str) -> bytes:
    """A labelme file of an image with one flag: how its label is written there."""
    document = {"version": "5.5.0", "flags": {name: name == label for name in LABELS}}
    return json.dumps(document | {"shapes": []}).encode()


def archive() -> bytes:
    """Labels and lists; one validation image is labelled wrong, so that there is work to do."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for split, numbers in (("train", TRAIN), ("val", VALIDATE), ("test", TEST)):
            names = "".join(f"{name_of(n)}\n" for n in numbers)
            file.writestr(f"{split}.txt", names)
            for number in numbers:
                wrong = number == VALIDATE[0]
                label = LABELS[(number + wrong) % 2]
                file.writestr(f"part_{number:02d}.json", flags(label))
    return packed.getvalue()


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    with walking(tmp_path, monkeypatch, "classification") as walk:
        yield walk


def test_a_classifier_is_trained_killed_served_corrected_and_trained_again(
    walk: Walk, tmp_path: Path
) -> None:
    ids = walk.upload(tmp_path, range(UNSEEN.start), made)
    imported = walk.client.import_labels(walk.project, archive())
    assert imported["imported"] == HAND.start, imported
    for number in HAND:  # as the digit keys of the console do
        shapes = [{"label": LABELS[number % 2], "kind": "image"}]
        walk.client.put(walk.path("annotation", f"images/{ids[number]}"), {"shapes": shapes})
    assert walk.get("trainer", "next-training")["weights"] == "package"

    walk.post("trainer", "trainings", {"mode": "train", "recipe": RECIPE})
    walk.kill_training()
    first = walk.judged(0)
    assert (first["version"], first["promoted"], first["epochs"]) == ("V1", True, 12)
    assert first["resumed_at_epoch"] >= 1  # of nothing, had it started over
    assert first["recipe"]["backbone"] == "efficientnet_lite0"
    assert first["backbone_weights"].startswith("package:efficientnet-lite0")
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
    run = walk.post("inference", "test-runs", {"image_ids": list(unseen.values())})
    until(lambda: walk.get("inference", f"test-runs/{run['id']}")["state"] == "succeeded")
    tested = walk.get("inference", "predictions", test_run_id=run["id"])["items"]
    assert len(tested) == len(UNSEEN)

    policy = {"enabled": True, "min_corrections": 2, "quiet_s": 0.5, "budget_s": None}
    walk.client.put(walk.path("trainer", "retraining-policy"), policy)
    numbers = {image_id: number for number, image_id in unseen.items()}
    for prediction in tested[:2]:
        shapes = [{"label": LABELS[numbers[prediction["image_id"]] % 2], "kind": "image"}]
        body = {"prediction_id": prediction["id"], "shapes": shapes}
        walk.post("annotation", f"images/{prediction['image_id']}/corrections", body)
    second = walk.judged(1)
    assert (second["version"], second["trigger"]) == ("V2", "policy")
    assert (second["corrections"], second["started_from"]) == (2, "V1")
    assert second["comparison"]["with_version"] == "V1"
    assert second["comparison"]["images"] == len(TEST)
    if second["promoted"]:
        walk.served("V2")
