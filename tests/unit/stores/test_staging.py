"""Files on their way do not outlive the process that made them."""

import os
import subprocess
import sys
import time
from pathlib import Path

from services.trainer.app import build as trainer
from shared.blobs.embedded import EmbeddedBlobs
from shared.hosting.stores import Stores
from shared.staging import own_folder

DIES = """
import os, sys
from pathlib import Path
from shared.staging import own_folder
folder = own_folder(Path(sys.argv[1]))
folder.mkdir(parents=True)
(folder / "half").write_bytes(b"x")
os.kill(os.getpid(), 9)
"""


def left_by_a_killed_process(root: Path) -> Path:
    subprocess.run([sys.executable, "-c", DIES, str(root)], check=False)
    (folder,) = root.iterdir()
    return folder


def test_what_a_killed_process_left_goes_at_the_next_start(tmp_path: Path) -> None:
    left = left_by_a_killed_process(tmp_path)
    mine = own_folder(tmp_path)
    assert not left.exists()
    mine.mkdir()
    (mine / "under-way").write_bytes(b"x")
    assert own_folder(tmp_path) == mine
    assert (mine / "under-way").exists(), "of a process that lives"


def test_whose_death_cannot_be_proven_have_a_day(tmp_path: Path) -> None:
    elsewhere, long_ago = tmp_path / "other+boot+1+2+3", tmp_path / "of-an-earlier-release"
    elsewhere.mkdir()
    long_ago.write_bytes(b"x")
    os.utime(long_ago, (time.time() - 90_000, time.time() - 90_000))
    own_folder(tmp_path)
    assert elsewhere.exists()
    assert not long_ago.exists()


def test_what_a_process_that_lives_works_on_stays_however_long_it_takes(tmp_path: Path) -> None:
    mine, elsewhere = own_folder(tmp_path), tmp_path / "other+boot+1+2+3"
    for folder in (mine, elsewhere / "attempt"):
        folder.mkdir(parents=True)
        (folder / "epoch").write_bytes(b"x")
    ages_ago = time.time() - 900_000
    for path in (mine / "epoch", mine, elsewhere / "attempt", elsewhere):
        os.utime(path, (ages_ago, ages_ago))
    own_folder(tmp_path)
    assert (mine / "epoch").exists()
    assert (elsewhere / "attempt" / "epoch").exists(), "it was written to today"
    os.utime(elsewhere / "attempt" / "epoch", (ages_ago, ages_ago))
    own_folder(tmp_path)
    assert not elsewhere.exists()


def test_the_attempt_of_a_killed_training_worker_goes_at_the_next_start(
    stores: Stores, tmp_path: Path
) -> None:
    left = left_by_a_killed_process(tmp_path / "data" / "work" / "trainer")
    trainer(stores)
    assert not left.exists()


async def test_half_written_blobs_of_a_killed_process_go(tmp_path: Path) -> None:
    left = left_by_a_killed_process(tmp_path / ".staging")
    await EmbeddedBlobs(tmp_path).open()
    assert not left.exists()
