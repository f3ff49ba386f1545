"""Files on their way do not outlive the process that made them."""

import os
import subprocess
import sys
import time
from pathlib import Path

from shared.blobs.embedded import EmbeddedBlobs
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


async def test_half_written_blobs_of_a_killed_process_go(tmp_path: Path) -> None:
    left = left_by_a_killed_process(tmp_path / ".staging")
    await EmbeddedBlobs(tmp_path).open()
    assert not left.exists()
