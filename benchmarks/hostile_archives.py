"""Ten thousand hostile label files and archives, read as an import's child reads them.

python -m benchmarks.hostile_archives [--archives 10000]

Each archive holds a few label files of every format with bytes gone, doubled, changed or made evil,
under evil names; half of the archives are spoilt themselves. Whatever is not read or refused with
its reason ends the command.
"""

import argparse
import io
import os
import random
import resource
import time
from collections import Counter

from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import FormatError
from services.annotation.domain.task_shapes import adapt
from tests.unit.annotation.platform import packed
from tests.unit.annotation.test_hostile_archives import KNOWN, hostile_files, spoilt

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


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--archives", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
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
