"""A file in staging is whole, or it is none."""

from pathlib import Path

import pytest

from services.gallery.adapters.staging import StagedFile
from shared.errors import NoSpaceLeft


@pytest.fixture
def on_a_full_disk(tmp_path: Path) -> StagedFile:
    (tmp_path / "original").symlink_to("/dev/full")
    return StagedFile(tmp_path)


async def test_what_a_full_disk_refused_is_never_a_finished_file(
    on_a_full_disk: StagedFile,
) -> None:
    with pytest.raises(NoSpaceLeft):
        await on_a_full_disk.write(bytes(2 << 20))
    with pytest.raises(NoSpaceLeft):  # the bytes that were to be written are gone by then
        await on_a_full_disk.finish()
    with pytest.raises(NoSpaceLeft):
        await on_a_full_disk.write(bytes(2 << 20))
    on_a_full_disk.discard()


async def test_a_file_is_what_came_and_its_hash_that_of_it(tmp_path: Path) -> None:
    staged = StagedFile(tmp_path)
    for _ in range(3):
        await staged.write(bytes(700_000))
    whole = await staged.finish()
    assert whole.size_bytes == whole.path.stat().st_size == 2_100_000
