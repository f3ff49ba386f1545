"""The client against real services over real HTTP: signing in, uploads, imports, problems."""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.cli.access import find_or_create
from services.cli.client import ApiError, Client, Unreachable
from services.cli.folders import read_folder
from services.cli.import_ import run as import_folder
from services.cli.synthetic.dataset import DatasetPlan, PartPlan, write_dataset
from services.workspace.domain.api_keys import make_key

ROOT = Path(__file__).resolve().parents[3]
FEW = PartPlan(small=4, large=0, anodised_share=0.2, dim_share=0.2)
THREE_SERVICES = """
import asyncio
from services.annotation.app import build as annotation
from services.gallery.app import build as gallery
from services.workspace.app import build as workspace
from shared.hosting import host
asyncio.run(host.run((workspace, gallery, annotation), ("api", "consume")))
"""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Three services behind a port of their own, in a process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = make_key().text
    monkeypatch.setenv("LOUPE_PORT", str(port))
    monkeypatch.setenv("LOUPE_WORKSPACE_ADMIN_KEY", key)
    monkeypatch.setenv("LOUPE_GALLERY_DECODERS", "1")
    monkeypatch.setenv("LOUPE_API_KEY", key)
    place = f"http://127.0.0.1:{port}"
    with subprocess.Popen([sys.executable, "-c", THREE_SERVICES], cwd=ROOT) as process:
        for _ in range(600):
            try:
                if httpx.get(f"{place}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                assert process.poll() is None
            time.sleep(0.1)
        yield place
        process.terminate()


def signed_in(address: str) -> Client:
    return Client(address, os.environ["LOUPE_API_KEY"])


def test_a_folder_is_imported_and_a_second_time_changes_nothing(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "images"
    write_dataset(root, seed=1, plan=DatasetPlan(train=FEW, test=FEW, unseen=FEW))
    (root / "broken.jpg").write_bytes(b"no image")
    args = argparse.Namespace(
        folder=root, project="pins", task="detection", address=address, key_file=tmp_path / "none"
    )
    codes = [import_folder(args) for _ in range(2)]
    said = capsys.readouterr().out
    with signed_in(address) as client:
        project = find_or_create(client, "pins", "detection")["id"]
        images = list(client.pages(f"/api/gallery/projects/{project}/images"))
        summary = client.get(f"/api/annotation/projects/{project}/summary")
    assert codes == [1, 1]  # one file is no image
    assert "broken.jpg" in said
    assert len(images) == len(read_folder(root).images) - 1 == 12
    assert summary["annotated"] == 12


def test_problems_and_wrong_keys_are_told(address: str) -> None:
    with signed_in(address) as client:
        with pytest.raises(ApiError, match="name: ") as caught:
            client.post("/api/workspace/projects", {"name": "", "task": "detection"})
        assert caught.value.status == 422
        with pytest.raises(ApiError, match="no project"):
            client.get("/api/gallery/projects/01JD0000000000000000000000/images")
    with Client(address, make_key().text) as stranger, pytest.raises(ApiError, match="revoked"):
        stranger.get("/api/workspace/projects")


def test_a_post_with_a_key_may_be_repeated(address: str) -> None:
    body = {"name": "pins", "task": "detection"}
    with signed_in(address) as client:
        made = [client.post("/api/workspace/projects", body, key="k")["id"] for _ in range(2)]
    assert made[0] == made[1]


def test_a_platform_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.cli.client._WAIT_S", (0.0,))
    with (
        Client("http://127.0.0.1:9", "key") as client,
        pytest.raises(Unreachable, match="does not answer"),
    ):
        client.get("/api/workspace/projects")
