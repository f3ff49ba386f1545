"""The whole loop of a classification: labels in, trained, killed, served, corrected, again."""

import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import pytest

from services.cli.client import ApiError, Client
from services.cli.demo.platform import open_platform
from tests.e2e.demo_process import free_port
from tests.unit.trainer.parts import LABELS, part

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1200)]

HANG_S = 300.0
TRAIN, VALIDATE, TEST, HAND, UNSEEN = (
    range(0, 24),
    range(24, 30),
    range(30, 42),
    range(42, 46),
    range(46, 52),
)
RECIPE = {"epochs": 12, "input_width": 64, "input_height": 64, "batch_size": 8}


class Walk:
    """One project on a running platform."""

    def __init__(self, client: Client, data: Path) -> None:
        body = {"name": "kinds", "task": "classification"}
        self.client, self.data = client, data
        self.project = client.post("/api/workspace/projects", body)["id"]

    def path(self, service: str, rest: str) -> str:
        return f"/api/{service}/projects/{self.project}/{rest}"

    def get(self, service: str, rest: str, **params: Any) -> Any:
        return self.client.get(self.path(service, rest), **params)

    def post(self, service: str, rest: str, body: Any) -> Any:
        return self.client.post(self.path(service, rest), body)

    def upload(self, folder: Path, numbers: range) -> dict[int, str]:
        files = []
        for number in numbers:
            files.append((name_of(number), folder / name_of(number)))
            assert cv2.imwrite(str(files[-1][1]), part(number, number % 2))
        taken = self.client.upload_images(self.project, files)
        return {n: one["image"]["id"] for n, one in zip(numbers, taken, strict=True)}

    def trainings(self) -> list[Any]:
        found = self.client.pages(self.path("trainer", "trainings"))
        return sorted(found, key=lambda one: one["number"])

    def judged(self, place: int) -> Any:
        """The training at this place, once its report came and the gate has spoken."""

        def look() -> Any:
            found = self.trainings()
            now = found[place] if place < len(found) else None
            if now is None:
                return None
            assert now["status"] not in ("failed", "terminated"), now["error"]
            return now if now["figures"] and (now["promoted"] or now["gate_reason"]) else None

        return until(look)

    def served(self, version: str) -> Any:
        def look() -> Any:
            with suppress(ApiError):  # nobody has heard of it yet
                found = self.get("inference", f"deployments/{version}")
                assert found["state"] != "failed", found["reason"]
                return found["deployed_at"]
            return None

        return until(look)

    def kill_training(self) -> None:
        """SIGKILL to the training process behind a checkpoint; the next one goes on from there."""

        def progress(*stages: str) -> Any:
            now = self.trainings()[-1]
            assert now["status"] in ("waiting", "preparing", "queued", "running"), now
            return now["progress"] if now["progress"]["stage"] in stages else None

        until(lambda: (progress("training") or {"epoch": 0})["epoch"] >= 2, pause_s=0.05)
        os.kill(until(self._training_process), signal.SIGKILL)
        until(lambda: progress("reading", "features"), pause_s=0.05)
        assert until(lambda: progress("training"), pause_s=0.05)["epoch"] >= 1

    def _training_process(self) -> int | None:
        mark = f"LOUPE_DATA={self.data}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                ours = mark in (entry / "environ").read_bytes().split(b"\0")
                if ours and b"services.trainer.process.runner" in (entry / "cmdline").read_bytes():
                    return int(entry.name)
        return None


def until(look: Callable[[], Any], *, pause_s: float = 0.3) -> Any:
    deadline = time.monotonic() + HANG_S
    while not (found := look()):
        assert time.monotonic() < deadline, "nothing more happens"
        time.sleep(pause_s)
    return found


def name_of(number: int) -> str:
    return f"part_{number:02d}.png"


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
    port, data = free_port(), tmp_path / "data"
    environment = {
        "LOUPE_DATA": str(data),
        "LOUPE_PORT": str(port),
        "LOUPE_WEIGHTS": "",  # the backbone of the pinned package
        "LOUPE_TRAINER_USE_HUB": "false",
        "LOUPE_TRAINER_CHECKPOINT_EVERY_S": "0",
        "LOUPE_TRAINER_EPOCHS": "2",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    platform = open_platform(f"http://127.0.0.1:{port}", data)
    try:
        with Client(platform.address, platform.key_file.read_text().strip()) as client:
            yield Walk(client, data)
    finally:
        platform.stop()


def test_a_classifier_is_trained_killed_served_corrected_and_trained_again(
    walk: Walk, tmp_path: Path
) -> None:
    ids = walk.upload(tmp_path, range(UNSEEN.start))
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
    unseen = walk.upload(tmp_path, UNSEEN)
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
