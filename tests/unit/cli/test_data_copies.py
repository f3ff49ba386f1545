"""A backup of a running platform is whole, and one that is damaged is not put back."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from services.cli.data_copies import LIST, Copy, Unsound, audit, back_up, restore
from services.gallery.app import build as gallery
from services.workspace.app import build as workspace
from shared.clock import utc_now
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.jobs.job import Job, job_spec
from shared.settings import StoreSettings
from tests.running import Running, running, until
from tests.unit.projects.house import png

SERVICES = (workspace, gallery)


class Writer:
    """Uploads and deletes until told to stop, and knows what was acknowledged."""

    def __init__(self, platform: Running, project: str) -> None:
        self.place = f"/api/gallery/projects/{project}/images"
        self.client = platform.client
        self.kept: dict[str, bytes] = {}
        self.number = 0
        self.stop = False

    async def once(self, *, keep: bool) -> None:
        self.number += 1
        data = png(self.number)
        answer = await self.client.post(self.place, files=[("files", (f"{self.number}.png", data))])
        image = answer.json()["files"][0]["image"]["id"]
        if keep:
            self.kept[image] = data
            return
        assert (await self.client.delete(f"{self.place}/{image}")).status_code == 204

    async def run(self) -> None:
        while not self.stop:
            await self.once(keep=self.number % 3 > 0)

    async def one_more(self) -> None:
        """Wait until one more that stays is acknowledged."""
        number = len(self.kept)
        await until(lambda: len(self.kept) > number)


async def project_of(platform: Running) -> str:
    body = {"name": "pins", "task": "detection"}
    answer = await platform.client.post("/api/workspace/projects", json=body)
    return str(answer.json()["id"])


async def content(client: httpx.AsyncClient, place: str, image: str) -> bytes:
    answer = await client.get(f"{place}/{image}/content", params={"original": True})
    assert answer.status_code == 200, answer.text
    return answer.content


async def test_all_that_was_acknowledged_before_is_in_a_backup_of_a_running_platform(
    stores: Stores, tmp_path: Path
) -> None:
    copies = [tmp_path / f"copy{n}" for n in range(3)]
    known: list[dict[str, bytes]] = []
    async with running(stores, [build(stores) for build in SERVICES]) as platform:
        writer = Writer(platform, await project_of(platform))
        for _ in range(4):
            await writer.once(keep=True)
        writing = asyncio.create_task(writer.run())
        for copy in copies:
            known.append(dict(writer.kept))
            await writer.one_more()
            made = await asyncio.to_thread(back_up, tmp_path / "data", copy)
            assert made.missing == ()
        writer.stop = True
        await writing
        assert len(known[-1]) > len(known[0]), "it wrote between two copies"
    for number, copy in enumerate(copies):
        place = tmp_path / f"again{number}"
        assert restore(copy, place) == audit(copy)
        again = Stores.of(StoreSettings(stores="embedded", data=place))
        async with running(again, [build(again) for build in SERVICES]) as platform:
            for image, data in known[number].items():
                assert await content(platform.client, writer.place, image) == data
        await again.close()


@pytest.fixture
async def copy(stores: Stores, tmp_path: Path) -> Path:
    async with running(stores, [build(stores) for build in SERVICES]) as platform:
        writer = Writer(platform, await project_of(platform))
        await writer.once(keep=True)
        (tmp_path / "data" / "admin.key").write_text("key\n")
        back_up(tmp_path / "data", tmp_path / "copy")
    return tmp_path / "copy"


def damaged_blob(copy: Path) -> str:
    path = next(path for path in (copy / "blobs").rglob("*") if path.is_file())
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    return path.name


def lost_blob(copy: Path) -> str:
    path = next(path for path in (copy / "blobs").rglob("*") if path.is_file())
    path.unlink()
    return f"{path.name} is gone"


def half_a_database(copy: Path) -> str:
    path = copy / "loupe.db"
    path.write_bytes(path.read_bytes()[:4096])
    return "loupe.db"


def no_list(copy: Path) -> str:
    (copy / LIST).unlink()
    return "no whole backup"


@pytest.mark.parametrize("damage", [damaged_blob, lost_blob, half_a_database, no_list])
async def test_what_is_damaged_is_named_and_not_put_back(
    copy: Path, tmp_path: Path, damage: object
) -> None:
    assert callable(damage)
    words = damage(copy)
    with pytest.raises(Unsound, match=words):
        restore(copy, tmp_path / "again")
    assert not (tmp_path / "again").exists()


async def test_nothing_is_written_over(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(Unsound, match="is there already"):
        back_up(tmp_path / "data", copy)
    with pytest.raises(Unsound, match="is not empty"):
        restore(copy, tmp_path / "data")
    with pytest.raises(Unsound, match="holds no platform"):
        back_up(tmp_path / "nothing", tmp_path / "other")


async def test_what_was_lost_before_is_told_and_copied_around(
    stores: Stores, tmp_path: Path
) -> None:
    async with running(stores, [build(stores) for build in SERVICES]) as platform:
        writer = Writer(platform, await project_of(platform))
        await writer.once(keep=True)
        blob = sorted(p for p in (tmp_path / "data/blobs/t").rglob("*") if p.is_file())[0]
        blob.unlink()
        made = back_up(tmp_path / "data", tmp_path / "copy")
    assert [key.rpartition("/")[2] for key in made.missing] == [blob.name]
    assert audit(tmp_path / "copy") == made


async def test_a_checkpoint_to_go_on_from_is_needed_and_what_an_ended_job_was_given_is_not(
    stores: Stores, tmp_path: Path
) -> None:
    spec = job_spec("idle")
    await stores.open([spec])
    checkpoint = "t/t/P/trainings/J/attempt-1/epoch-00007.safetensors"
    for state in ("failed", "succeeded"):
        payload = {"image": "t/t/P/given", "checkpoint": {"tensors": f"{checkpoint}.{state}"}}
        over = {"state": state, "finished_at": utc_now()}
        job = Job(id=state, tenant="t", kind="train", payload=payload, created_at=utc_now())
        jobs = stores.documents.collection(spec, TenantScope("t"))
        await jobs.insert(job.model_copy(update=over))
    made = await asyncio.to_thread(back_up, tmp_path / "data", tmp_path / "copy")
    assert made.missing == (f"{checkpoint}.failed",)


def modes(folder: Path) -> set[int]:
    """What others may do with anything in a folder."""
    return {path.stat().st_mode & 0o077 for path in (folder, *folder.rglob("*"))}


async def test_the_commands_make_a_copy_and_put_it_back(copy: Path, tmp_path: Path) -> None:
    def said(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "services", *words],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    other = str(tmp_path / "other")
    made = said("backup", other)
    assert modes(tmp_path / "other") == {0}
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith(f"{audit(copy).files} files, ")
    back = said("restore", other, LOUPE_DATA=str(tmp_path / "again"))
    assert (back.returncode, back.stderr) == (0, "")
    assert (tmp_path / "again" / "admin.key").read_text() == "key\n"
    assert modes(tmp_path / "again") == {0}
    refused = said("restore", other, LOUPE_DATA=str(tmp_path / "again"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("loupe: ")
    assert isinstance(audit(copy), Copy)
