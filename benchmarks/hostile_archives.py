"""Ten thousand hostile label files and archives, read as an import's child reads them.

python -m benchmarks.hostile_archives [--archives 10000] [--door FILES]

Each archive holds a few label files of every format with bytes gone, doubled, changed or made evil,
under evil names; half of the archives are spoilt themselves. Whatever is not read or refused with
its reason ends the command. With ``--door`` so many files go through the service itself instead, in
archives of five hundred, each also spoilt and cut off: it prints the answers, what was written
outside of staging and the stores, and the most memory that the service and its children had.
"""

import argparse
import asyncio
import io
import os
import random
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import FormatError
from services.annotation.domain.task_shapes import adapt
from shared.hosting.stores import Stores
from shared.settings import StoreSettings
from tests.signing import VARIABLES
from tests.unit.annotation.platform import packed
from tests.unit.annotation.test_hostile_archives import (
    KNOWN,
    by_the_door,
    files_under,
    hostile_files,
    spoilt,
)

_WARM = 200


def read(archive: bytes) -> str:
    """Read one archive; say whether it was read or refused."""
    try:
        reader = ArchiveReader(LabelArchive(io.BytesIO(archive)), KNOWN)
        for entry in reader.entries():
            adapt(entry, "detection")
        list(reader.splits())
    except FormatError:
        return "refused as a whole"
    return "read, file by file"


def peak_mib() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def through_the_door(files: int, seed: int) -> None:
    """Send hostile files through the service, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        os.environ |= VARIABLES | {
            "LOUPE_ANNOTATION_STAGING": str(top / "staging"),
            "TMPDIR": str(top / "elsewhere"),
        }
        stores = Stores.of(StoreSettings(stores="embedded", data=top / "data"))
        await by_the_door(stores, 500, seed + 1)  # what is loaded once is loaded
        before, began = peak_mib(), time.perf_counter()
        answers = await by_the_door(stores, files, seed)
        left = [p for p in files_under(top) if not p.is_relative_to(top / "data")]
        told = ", ".join(f"{count} × {status}" for status, count in sorted((+answers).items()))
        print(f"{files} hostile files in {answers.total()} archives: {told}")
        print(f"left behind outside of the stores: {[str(p.relative_to(top)) for p in left]}")
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(
            f"memory: the service {peak_mib() - before:.0f} MiB more, {peak_mib():.0f} at most; its"
            f" largest child {child:.0f}"
        )
        print(f"{time.perf_counter() - began:.0f} s; load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--archives", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--door", type=int, default=0)
    asked = options.parse_args()
    if asked.door:
        asyncio.run(through_the_door(asked.door, asked.seed))
        return
    chance, ends = random.Random(asked.seed), Counter[str]()
    before, cpu = peak_mib(), time.process_time()
    for number in range(asked.archives):
        if number == _WARM:
            before = peak_mib()
        archive = packed(dict(hostile_files(3, chance)))
        ends[read(spoilt(archive, chance) if chance.random() < 0.5 else archive)] += 1
    print(", ".join(f"{count} {end}" for end, count in sorted(ends.items())))
    print(f"{time.process_time() - cpu:.1f} s CPU; load {os.getloadavg()[0]:.1f}")
    print(
        f"memory: {peak_mib():.0f} MiB at most, {peak_mib() - before:.0f} more than after {_WARM}"
    )


if __name__ == "__main__":
    main()
