"""Every example runs as the guide says it does, and tells what the model finds."""

import json
import os
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

import shared.sdk.examples
from services.inference.adapters.bundles import write_zip
from shared.sdk import Model
from tests.unit.inference.exporting import pictures
from tests.unit.sdk.bundles import bundle_of

pytestmark = pytest.mark.slow
FILES = pictures(2)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a bundle, two images, and one that cannot be read."""
    place = tmp_path_factory.mktemp("line")
    write_zip(bundle_of(), place / "b.zip")
    (place / "images").mkdir()
    for number, file in enumerate(FILES):
        (place / "images" / f"{number}.png").write_bytes(file)
    return place


def said(python: Path, name: str, *arguments: object, status: int = 0) -> list[list[str]]:
    command = [python, "-m", f"loupe_sdk.examples.{name}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == status, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def short(found) -> list[str]:
    return [f"{one.label} {one.score:.2f}" for one in found]


def test_each_example_is_tried_here_and_named_by_the_guides() -> None:
    (folder,) = shared.sdk.examples.__path__
    names = {path.stem for path in Path(folder).glob("*.py")} - {"__init__"}
    assert names == {"presence", "threads", "models", "threshold", "watch"}
    guides = Path(__file__).parents[3] / "docs" / "guides"
    for guide in ("sdk.md", "sdk.zh-CN.md"):
        text = (guides / guide).read_text()
        assert [name for name in names if f"loupe_sdk.examples.{name}" not in text] == []


def test_presence(python, place) -> None:
    model = Model.load(place / "b.zip")
    images = [place / "images" / f"{number}.png" for number in range(2)]
    found = [{one.label for one in model.predict(image).found} for image in images]
    for label in model.labels:
        present = [label in labels for labels in found]
        lines = said(python, "presence", place / "b.zip", label, *images, status=not all(present))
        assert [line[1].startswith("present") for line in lines] == present
    assert said(python, "presence", place / "b.zip", "nut", *images, status=1) == []


def test_threads(python, place) -> None:
    images = [place / "images" / f"{number % 2}.png" for number in range(6)]
    model = Model.load(place / "b.zip")
    assert said(python, "threads", place / "b.zip", *images) == [
        [str(image), *short(model.predict(image).found)] for image in images
    ]


def test_models(python, place) -> None:
    write_zip(bundle_of("classification"), place / "c.zip")
    image = place / "images" / "1.png"
    bundles = [place / "b.zip", place / "c.zip"]
    models = [Model.load(bundle) for bundle in bundles]
    assert said(python, "models", image, *bundles) == [
        [str(bundle), model.version, *short(model.predict(image).found)]
        for bundle, model in zip(bundles, models, strict=True)
    ]


def test_threshold(python, place) -> None:
    model = Model.load(place / "b.zip")
    head, *rows, last = said(python, "threshold", place / "b.zip", place / "images" / "1.png")
    assert head == ["threshold", *model.labels]
    assert str(model.threshold) in last[0]
    for threshold, *counts in rows:
        found = model.predict(FILES[1], threshold=float(threshold)).found
        assert [int(count) for count in counts] == [
            sum(one.label == label for one in found) for label in model.labels
        ]


def test_watch(python, place, tmp_path) -> None:
    command = [python, "-m", "loupe_sdk.examples.watch", place / "b.zip", tmp_path, "4"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as watching:
        assert watching.stdout is not None
        (tmp_path / "0.png").write_bytes(FILES[0])
        first = json.loads(watching.stdout.readline())
        (tmp_path / "1.PNG").write_bytes(FILES[1])
        (tmp_path / "2.jpg").write_bytes(b"no image")
        (tmp_path / "3.png").mkdir()  # no more to be read than a file that was taken away again
        (tmp_path / "notes.txt").write_text("left alone")
        others = [json.loads(line) for line in watching.stdout]
        assert watching.wait() == 0
    model = Model.load(place / "b.zip")
    for line, file in zip([first, others[0]], FILES, strict=True):
        assert [one["score"] for one in line["found"]] == pytest.approx(
            [one.score for one in model.predict(file).found], abs=1e-6
        )
    assert "cannot be read" in others[1]["error"]
    assert "3.png" in others[2]["error"]


def test_the_command_serves_until_it_is_told_to_stop(python, place) -> None:
    fingerprint = Model.load(place / "b.zip").fingerprint
    command = [python.parent / "loupe-sdk", "serve", place / "b.zip", "--port", "0"]
    command += ["--fingerprint", fingerprint]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as serving:
        assert serving.stdout is not None
        address = json.loads(serving.stdout.readline())["listening"]
        answer = httpx.post(f"{address}/predictions", content=FILES[1]).json()
        os.kill(serving.pid, signal.SIGTERM)
        assert serving.wait() == 0
    mine = Model.load(place / "b.zip").predict(FILES[1])
    assert [one["label"] for one in answer["shapes"]] == [one.label for one in mine.found]
