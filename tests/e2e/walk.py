"""One project on a running platform, walked from its first image to its second version."""

import io
import os
import signal
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from services.cli.client import ApiError, Client
from services.cli.demo.platform import open_platform
from tests.servers.processes import free_port

HANG_S = 300.0


@dataclass(frozen=True)
class Begins:
    """What a training's first weights are."""

    place: str
    backbone: str
    name: str


OF_PACKAGE = Begins("package", "efficientnet_lite0", "efficientnet-lite0")
OF_START = Begins("start", "mobilenet_v2", "detector-mobilenet_v2")


class ProjectWalk:
    """One project on a running platform."""

    def __init__(self, client: Client, data: Path, task: str) -> None:
        body = {"name": "kinds", "task": task}
        self.client, self.data = client, data
        self.project = client.post("/api/workspace/projects", body)["id"]

    def path(self, service: str, rest: str) -> str:
        return f"/api/{service}/projects/{self.project}/{rest}"

    def get(self, service: str, rest: str, **params: Any) -> Any:
        return self.client.get(self.path(service, rest), **params)

    def post(self, service: str, rest: str, body: Any) -> Any:
        return self.client.post(self.path(service, rest), body)

    def upload(
        self, folder: Path, numbers: range, made: Callable[[int], NDArray[np.uint8]]
    ) -> dict[int, str]:
        """One image a number, as ``made``; ids by number."""
        files = []
        for number in numbers:
            files.append((name_of(number), folder / name_of(number)))
            assert cv2.imwrite(str(files[-1][1]), made(number))
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

    def tested(self, ids: list[str]) -> list[Any]:
        """The predictions of a test run of these images."""
        run = self.post("inference", "test-runs", {"image_ids": ids})
        until(lambda: self.get("inference", f"test-runs/{run['id']}")["state"] == "succeeded")
        found: list[Any] = self.get("inference", "predictions", test_run_id=run["id"])["items"]
        assert len(found) == len(ids)
        return found

    def corrected(
        self,
        made: list[Any],
        right: Callable[[str], list[dict[str, Any]]],
        *,
        budget_s: float | None,
    ) -> Any:
        """The second version, which corrections of predictions start; ``right`` by image id."""
        policy = {"enabled": True, "min_corrections": len(made), "quiet_s": 0.5}
        self.client.put(self.path("trainer", "retraining-policy"), policy | {"budget_s": budget_s})
        for prediction in made:
            image_id = prediction["image_id"]
            body = {"prediction_id": prediction["id"], "shapes": right(image_id)}
            self.post("annotation", f"images/{image_id}/corrections", body)
        second = self.judged(1)
        assert (second["version"], second["trigger"]) == ("V2", "policy")
        assert (second["corrections"], second["started_from"]) == (len(made), "V1")
        assert second["comparison"]["with_version"] == "V1"
        if second["promoted"]:
            self.served("V2")
        return second

    def trained(
        self, recipe: dict[str, Any], *, begins: Begins = OF_PACKAGE, killed: bool = False
    ) -> Any:
        """The first version; perhaps its training process was killed behind a checkpoint."""
        assert self.get("trainer", "next-training")["weights"] == begins.place
        self.post("trainer", "trainings", {"mode": "train", "recipe": recipe})
        if killed:
            self.kill_training()
        first = self.judged(0)
        said = (first["version"], first["promoted"], first["epochs"])
        assert said == ("V1", True, recipe["epochs"])
        if killed:
            assert first["resumed_at_epoch"] >= 1  # of nothing, had it started over
        assert first["recipe"]["backbone"] == begins.backbone
        assert first["backbone_weights"].startswith(f"{begins.place}:{begins.name}")
        return first

    def kill_training(self) -> None:
        """SIGKILL to the training process behind a checkpoint; the next one goes on from there."""

        def progress(*stages: str) -> Any:
            now = self.trainings()[-1]
            assert now["status"] in ("waiting", "preparing", "queued", "running"), now
            return now["progress"] if now["progress"]["stage"] in stages else None

        until(lambda: (progress("training") or {"epoch": 0})["epoch"] >= 2, pause_s=0.05)
        os.kill(until(self._training_process), signal.SIGKILL)

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


def archive(splits: Mapping[str, Iterable[int]], labelme: Callable[[int], bytes]) -> bytes:
    """A zip with a list of each split and the labelme file of each image."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for split, numbers in splits.items():
            file.writestr(f"{split}.txt", "".join(f"{name_of(n)}\n" for n in numbers))
            for number in numbers:
                file.writestr(f"part_{number:02d}.json", labelme(number))
    return packed.getvalue()


@contextmanager
def walking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str) -> Iterator[ProjectWalk]:
    """A platform of its own with one project of the task."""
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
            yield ProjectWalk(client, data, task)
    finally:
        platform.stop()
