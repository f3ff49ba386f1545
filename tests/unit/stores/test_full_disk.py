"""A full disk: told by readiness before anybody is let in, and by the write that meets it."""

from pathlib import Path

import pytest

from shared.blobs.embedded import EmbeddedBlobs
from shared.disk import room_on_disk
from shared.errors import NoSpaceLeft


async def test_readiness_writes_for_real_and_tells_of_a_full_disk(tmp_path: Path) -> None:
    blobs = EmbeddedBlobs(tmp_path)
    await blobs.open()
    await blobs.ping()
    probe = tmp_path / ".staging" / "probe"
    probe.unlink()
    probe.symlink_to("/dev/full")  # each write to it fails as on a disk without room
    with pytest.raises(NoSpaceLeft, match="full"):
        await blobs.ping()


def test_a_write_to_a_full_disk_is_a_507() -> None:
    with pytest.raises(NoSpaceLeft) as caught, room_on_disk():
        Path("/dev/full").write_bytes(b"x")
    assert caught.value.status == 507
