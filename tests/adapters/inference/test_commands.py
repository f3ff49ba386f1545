"""`loupe predict` asks a model that Triton serves, over real HTTP, with a key of the workspace."""

import json
from pathlib import Path

import pytest

from services.inference.app import build as inference
from services.workspace.app import build as workspace
from shared.hosting.stores import Stores
from tests.adapters.inference.models import colour_detector, make_version, painted, png
from tests.adapters.inference.site import Site
from tests.running import running
from tests.serving import Loupe, admin_key, served


async def test_images_of_a_folder_are_answered_a_line_each(
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LOUPE_INFERENCE_RETRY_BUDGET_S", "60")
    admin_key(monkeypatch)
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(painted(64, 48, {(8, 8): "red"})))
    (folder / "b.png").write_bytes(b"no image")
    (folder / "notes.txt").write_text("not asked about")
    async with running(stores, [workspace(stores), inference(stores)]) as platform:
        wanted = {"name": "pins", "task": "detection"}
        made = await platform.client.post("/api/workspace/projects", json=wanted)
        site = Site(platform)
        site.project = made.json()["id"]
        await site.create_project()
        await site.deploy(make_version(colour_detector()))
        async with served(platform) as address:
            loupe = Loupe(address, capsys)
            said = await loupe("predict", folder, "--project", "pins", "--threshold", "0.5")
            other = await loupe("predict", folder / "a.png", "--project", "pins", "--version", "V7")
    first, second = map(json.loads, said.out.splitlines())
    assert said.code == 1  # one file is no image, and the other was answered
    assert first["image"] == str(folder / "a.png")
    assert [shape["label"] for shape in first["shapes"]] == ["red"]
    assert (first["version"], first["threshold"]) == ("V1", 0.5)
    assert second["image"] == str(folder / "b.png")
    assert second["error"]
    assert (other.code, "V7" in json.loads(other.out)["error"]) == (1, True)
