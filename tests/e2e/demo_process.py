"""Runs `loupe demo` as a person would: a process of its own, with a data folder and a port."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.cli.client import Client
from services.cli.demo.platform import open_platform

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Demo:
    """A place for one demo; `images` is its folder of images.

    Its trainings last so many passes, not so long: a busy machine gives the same models, later.
    """

    data: Path
    images: Path
    port: int
    epochs: int
    retraining_epochs: int = 3

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "LOUPE_DATA": str(self.data),
            "LOUPE_PORT": str(self.port),
            "LOUPE_TRAINER_USE_HUB": "false",
            "LOUPE_WEIGHTS": "",  # the backbone of the pinned package
            "LOUPE_TRAINER_EPOCHS": str(self.retraining_epochs),
            "COLUMNS": "120",
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "services", "demo", "--data", str(self.images), "--exit"]
        return subprocess.Popen(
            [*command, "--epochs", str(self.epochs), *words],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def finish(self, *words: str, limit_s: float = 3000) -> str:
        """Walk the loop to its end; return what was shown."""
        with self.start(*words) as process:
            said, _ = process.communicate(timeout=limit_s)
        assert process.returncode == 0, said
        return said

    def asked(self) -> dict[str, Any]:
        """Ask the platform, started again on what is left, for everything that was done."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            platform = open_platform(f"http://127.0.0.1:{self.port}", self.data)
        try:
            with Client(platform.address, platform.key_file.read_text().strip()) as client:
                return _everything(client)
        finally:
            platform.stop()


def _everything(client: Client) -> dict[str, Any]:
    (project,) = client.pages("/api/workspace/projects")
    identity = project["id"]
    images = list(client.pages(f"/api/gallery/projects/{identity}/images"))
    annotations = {
        image["name"]: client.get(f"/api/annotation/projects/{identity}/images/{image['id']}")
        for image in images
    }
    return {
        "project": project,
        "images": images,
        "annotations": annotations,
        "trainings": list(client.pages(f"/api/trainer/projects/{identity}/trainings")),
        "versions": list(client.pages(f"/api/trainer/projects/{identity}/versions")),
        "report": client.get(
            f"/api/evaluator/projects/{identity}/versions/V1/report", threshold=0.3
        ),
        "test_runs": list(client.pages(f"/api/inference/projects/{identity}/test-runs")),
    }
