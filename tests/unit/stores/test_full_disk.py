"""A full disk: told by readiness before anybody is let in, and by the write that meets it."""

from pathlib import Path

import pytest

from shared.blobs.embedded import EmbeddedBlobs
from shared.disk import room_on_disk
from shared.errors import DependencyDown, NoSpaceLeft


async def test_readiness_writes_for_real_and_tells_of_a_full_disk(tmp_path: Path) -> None:
    blobs = EmbeddedBlobs(tmp_path, probe_s=0)
    await blobs.open()
    await blobs.ping()
    probe = tmp_path / ".staging" / "probe"
    probe.unlink()
    probe.symlink_to("/dev/full")  # each write to it fails as on a disk without room
    with pytest.raises(NoSpaceLeft, match="full"):
        await blobs.ping()


async def test_a_broken_disk_is_a_dependency_that_is_down(tmp_path: Path) -> None:
    blobs = EmbeddedBlobs(tmp_path, probe_s=0)
    await blobs.open()
    (tmp_path / ".staging" / "probe").mkdir()  # no more to be written than a read-only disk
    with pytest.raises(DependencyDown, match="cannot be written"):
        await blobs.ping()


async def test_however_many_ask_the_disk_is_written_once_a_while(tmp_path: Path) -> None:
    blobs = EmbeddedBlobs(tmp_path, probe_s=3600)
    await blobs.open()
    await blobs.ping()
    (tmp_path / ".staging" / "probe").unlink()
    for _ in range(20):
        await blobs.ping()
    assert not (tmp_path / ".staging" / "probe").exists()


def test_a_write_to_a_full_disk_is_a_507() -> None:
    with pytest.raises(NoSpaceLeft) as caught, room_on_disk():
        Path("/dev/full").write_bytes(b"x")
    assert caught.value.status == 507
