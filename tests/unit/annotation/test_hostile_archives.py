"""A thousand hostile label files and archives: each is told or read, and nothing is left behind."""

import io
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.annotation.domain.export_shapes import HOLDS
from services.annotation.domain.exports import export_files
from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import FormatError, KnownImage, KnownImages
from services.annotation.domain.samples import sample
from services.annotation.domain.task_shapes import adapt
from shared.hosting.stores import Stores
from tests.unit.annotation.platform import BASE, factory, packed

FILES = [pair for wanted in HOLDS for pair in export_files(wanted, sample(wanted))]
KNOWN = KnownImages(KnownImage(f"i{n}", f"part-{n}.jpg", 640, 480) for n in (1, 2, 3))
EVIL = (b"\x00", b"\xff\xfe", b"1e999", b"NaN", b"-1", b"[" * 80, b'{"a":' * 80, b"\xed\xa0\x80")
IN_ONE = 500
PLACES = ("", "../", "/etc/", "C:\\", "labels/", "a/../../", "annotations/", "\u202e")


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """Bytes of a label file with some of them gone, doubled, changed or made evil."""
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(spoiled) + 1), chance.choice((1, 1, 4, 60))
        work = chance.randrange(4)
        if work == 0:
            del spoiled[at : at + length]
        elif work == 1:
            spoiled[at:at] = spoiled[max(0, at - length) : at]
        elif work == 2:
            spoiled[at : at + 1] = bytes((chance.randrange(256),))
        else:
            spoiled[at : at + length] = chance.choice(EVIL)
    return bytes(spoiled)


def hostile_files(count: int, chance: random.Random) -> dict[str, bytes]:
    files = {}
    for number in range(count):
        name, data = chance.choice(FILES)
        folder = f"{chance.choice(PLACES)}"
        files[f"{folder}{number}-{name.rpartition('/')[2]}"] = spoilt(data, chance)
        if number % 9 == 0:
            files[name.rpartition("/")[2]] = spoilt(data, chance)
    return files


def files_under(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_hostile_archives_are_told_or_read(seed: int) -> None:
    chance = random.Random(seed)
    refused = read = 0
    for _ in range(100):
        archive = packed(dict(hostile_files(3, chance)))
        if chance.random() < 0.5:
            archive = spoilt(archive, chance)
        try:
            reader = ArchiveReader(LabelArchive(io.BytesIO(archive)), KNOWN)
            read += sum(1 for entry in reader.entries() if adapt(entry, "detection") is not None)
            list(reader.splits())
        except FormatError:
            refused += 1
    assert refused
    assert read


def hostile_archives(files: int, chance: random.Random) -> Iterator[bytes]:
    """Archives of so many hostile files, five hundred in each: whole, spoilt, and cut off."""
    for _ in range(0, files, IN_ONE):
        archive = packed(dict(hostile_files(IN_ONE, chance)))
        yield from (archive, spoilt(archive, chance), archive[: chance.randrange(len(archive))])


async def by_the_door(stores: Stores, files: int, seed: int) -> Counter[int]:
    """Send so many hostile files through the service; return how often it gave each answer."""
    answers = Counter[int]()
    async with factory(stores) as world:
        for number in (1, 2, 3):
            await world.image(f"part-{number}.jpg")
        for archive in hostile_archives(files, random.Random(seed)):
            answer = await world.client.post(
                f"{BASE}/imports", content=archive, headers={"Content-Type": "application/zip"}
            )
            answers[answer.status_code] += 1
        alive = await world.client.get(f"{BASE}/labels")
        answers[alive.status_code] += 0
    return answers


async def test_a_thousand_hostile_files_by_the_door_are_no_failure_of_the_server(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m benchmarks.hostile_archives --door 10000` is the same with ten thousand."""
    staging = tmp_path / "staging"
    monkeypatch.setenv("LOUPE_ANNOTATION_STAGING", str(staging))
    await stores.open([])
    before = files_under(tmp_path)
    answers = await by_the_door(stores, 1_000, seed=7)
    made = files_under(tmp_path) - before
    assert sum(answers.values()) == 6
    assert answers.keys() <= {200, 201, 207, 413, 422}
    assert [path for path in made if path.is_relative_to(staging) and path.suffix != ".lock"] == []
    assert {path.suffix for path in made} <= {"", ".db", ".db-wal", ".db-shm", ".lock"}
