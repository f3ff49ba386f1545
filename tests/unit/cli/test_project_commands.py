"""`loupe train` and `loupe export` against services that run behind a real HTTP server."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.inference.api import exports
from services.inference.api.roles import ROLES
from services.inference.repository import COLLECTIONS, SERVICE
from services.trainer.app import build as trainer
from services.workspace.app import build as workspace
from services.workspace.repository import PROJECTS, Project
from shared.clock import utc_now
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.project_events import ProjectCreated
from shared.documents.port import TenantScope
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.http.roles import name_of
from shared.sdk import verify
from tests.adapters.inference import models
from tests.running import Running, running
from tests.serving import Loupe, admin_key, served
from tests.unit.inference.exporting import PROJECT, Exporting, exporting, pictures, report

ROOT = Path(__file__).resolve().parents[3]
NAMED = ("--project", "pins")


@pytest.fixture
async def ready(stores: Stores, tmp_path: Path) -> Exporting:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, models.make_version(models.colour_detector()), pictures())
    return ready


@pytest.fixture
async def platform(
    stores: Stores, ready: Exporting, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Workspace, trainer without a worker, and inference's exports; one project."""
    admin_key(monkeypatch)
    exporter = Service(
        name=SERVICE,
        summary="exports",
        collections=COLLECTIONS,
        routers=(exports.router,),
        roles={name_of(route): ROLES[name_of(route)] for route in exports.router.routes},
        use_cases=(ready.exports,),
        subscriptions=ready.projects.subscriptions(),
        background=(ready.worker.run,),
    )
    async with running(stores, [workspace(stores), trainer(stores), exporter]) as platform:
        project = Project(
            id=PROJECT,
            tenant="default",
            name="pins",
            task="detection",
            created_at=utc_now(),
            created_by="test",
        )
        created = ProjectCreated(project_id=PROJECT, name="pins", task="detection")
        projects = stores.documents.collection(PROJECTS, TenantScope("default"))
        await projects.insert(project, events=[created])
        saved = AnnotationSaved(project_id=PROJECT, image_id="I1", labels=("red",))
        await platform.say(saved, "I1")
        yield platform


@pytest.fixture
async def loupe(platform: Running, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Loupe]:
    async with served(platform) as address:
        yield Loupe(address, capsys)


async def asked(loupe: Loupe) -> dict:
    """A training that nobody works on."""
    said = await loupe("train", *NAMED, "--no-wait")
    assert said.code == 0, said.err
    return json.loads(said.out)


async def test_an_export_is_waited_for_and_saved_whole(loupe: Loupe, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    said = await loupe("export", *NAMED, "--version", "V1", "--output", folder)
    assert said.code == 0, said.err
    told = json.loads(said.out)
    (file,) = folder.iterdir()
    assert (told["state"], told["target"], told["file"]) == ("succeeded", "sdk", str(file))
    assert hashlib.sha256(file.read_bytes()).hexdigest() == told["sha256"]
    assert verify(file, fingerprint=told["fingerprint"]).is_sound
    assert "done" in said.err
    assert f"--id {told['id']} --project pins" in said.err
    assert f"--output {folder}" in said.err  # whoever goes on gets the file where it was wanted


async def test_an_export_that_was_asked_for_is_fetched_by_its_id(
    loupe: Loupe, tmp_path: Path
) -> None:
    begun = await loupe("export", *NAMED, "--version", "V1", "--target", "onnx", "--no-wait")
    assert begun.code == 0, begun.err
    made = json.loads(begun.out)
    assert "file" not in made
    said = [
        await loupe("export", *NAMED, "--id", made["id"], "--output", tmp_path / "out")
        for _ in range(2)
    ]
    assert [one.code for one in said] == [0, 0]
    (name,) = os.listdir(tmp_path / "out")  # and no part of a file
    assert name == f"V1-onnx-{json.loads(said[0].out)['sha256'][:8]}.zip"


async def test_an_export_that_fails_says_why(
    loupe: Loupe, stores: Stores, ready: Exporting, tmp_path: Path
) -> None:
    await stores.blobs.delete((await ready.version()).golden_key)
    said = await loupe("export", *NAMED, "--version", "V1", "--output", tmp_path / "out")
    assert said.code == 1
    assert "an artefact is missing" in said.err
    assert not (tmp_path / "out").exists()


async def test_an_archived_project_is_found_by_its_name(loupe: Loupe, platform: Running) -> None:
    place = f"/api/workspace/projects/{PROJECT}"
    assert (await platform.client.patch(place, json={"archived": True})).is_success
    assert (await asked(loupe))["id"]


async def test_a_training_is_waited_for_until_time_is_over_or_it_ended(
    loupe: Loupe, platform: Running
) -> None:
    training = await asked(loupe)
    mine = ("train", *NAMED, "--id", training["id"])
    waited = await loupe(*mine, "--wait-s", "0")
    assert waited.code == 3
    again = f"loupe train --id {training['id']} --project pins --address {loupe.address}"
    assert waited.err.count(again) == 2  # it leads to the platform that was asked
    place = f"/api/trainer/projects/{PROJECT}/trainings"
    assert (await platform.client.get(place)).json()["total"] == 1  # waiting asks for nothing
    await platform.client.post(f"{place}/{training['id']}:cancel")
    ended = await loupe(*mine)
    assert ended.code == 1
    assert json.loads(ended.out)["status"] == "terminated"


def _hears_ctrl_c() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def test_ctrl_c_ends_the_waiting_and_not_the_training(
    loupe: Loupe, platform: Running
) -> None:
    training = await asked(loupe)
    words = ("train", *NAMED, "--id", training["id"], "--address", loupe.address)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", *words, cwd=ROOT, env={**os.environ},
        stderr=asyncio.subprocess.PIPE, preexec_fn=_hears_ctrl_c,
    )  # fmt: skip
    assert process.stderr is not None
    shown = await process.stderr.readline()
    assert b"go on with: loupe train" in shown
    process.send_signal(signal.SIGINT)
    _, last = await process.communicate()
    assert process.returncode == 3
    assert f"--id {training['id']}" in last.decode().replace("\n", " ")
    at = f"/api/trainer/projects/{PROJECT}/trainings/{training['id']}"
    assert (await platform.client.get(at)).json()["status"] not in ("terminated", "failed")


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("train", "--project", "nobody's"), 1, "no project"),
        (("train", *NAMED, "--recipe", "{broken}"), 1, "is not JSON"),
        (("train", *NAMED, "--recipe", "{wrong}"), 1, "epochs"),
        (("train", *NAMED, "--id", "01JD0000000000000000000000"), 1, "no training"),
        (("train", *NAMED, "--mode", "guess"), 2, "invalid choice"),
        (("train", *NAMED, "--wait-s", "-1"), 2, "must be 0 or more"),
        (("export", *NAMED), 2, "--version"),
        (("export", *NAMED, "--version", "V9"), 1, "no version V9"),
        (("export", *NAMED, "--version", "V1", "--target", "tflite"), 1, "target"),
        (("predict", "missing.png", *NAMED, "--threshold", "7"), 2, "from 0 to 1"),
        (("predict", "{empty}", *NAMED), 1, "holds no JPEG"),
    ],
)
async def test_what_cannot_be_done_is_told_with_an_exit_code(
    loupe: Loupe, tmp_path: Path, words: tuple[str, ...], code: int, why: str
) -> None:
    empty, broken, wrong = tmp_path / "empty", tmp_path / "broken.json", tmp_path / "wrong.json"
    empty.mkdir()
    broken.write_text("{")
    wrong.write_text('{"epochs": -1}')
    places = {"{empty}": empty, "{broken}": broken, "{wrong}": wrong}
    said = await loupe(*(places.get(word, word) for word in words))
    assert (said.code, said.out) == (code, "")
    assert why in said.err
