"""Reading ten thousand labelme files as an import's child does, beside plain JSON of the same.

python -m benchmarks.label_files [--files 10000] [--labelme PYTHON]

``PYTHON`` is an interpreter with labelme 5.5.0 in it, from an environment of its own (it brings
Qt): its loader then reads the same files in the same run, each with a picture of 640 × 480, which
it never reads a file without.
"""

import argparse
import io
import json
import os
import random
import resource
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

from PIL import Image

from services.annotation.domain.formats import labelme_writer
from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import KnownImage, KnownImages
from shared.contracts.shapes import Shape

_OUTLINES = 5
_POINTS = 8
_LABELME = """
import sys, time
from pathlib import Path
from labelme.label_file import LabelFile
files = sorted(Path(sys.argv[1]).glob("*.json"))
began = time.process_time()
read = sum(len(LabelFile(str(path)).shapes) > 0 for path in files)
taken = time.process_time() - began
print(f"labelme's own loader: {read} files, {taken:.1f} s CPU, {read / taken:.0f}/s CPU")
"""


def made(images: list[KnownImage]) -> tuple[io.BytesIO, list[bytes]]:
    """Return an archive of a labelme file an image, and the files themselves."""
    chance, target, files = random.Random(1), io.BytesIO(), []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for image in images:
            shapes = [
                Shape(
                    label="pit",
                    kind="polygon",
                    points=tuple(
                        (chance.uniform(0, 640), chance.uniform(0, 480)) for _ in range(_POINTS)
                    ),
                )
                for _ in range(_OUTLINES)
            ]
            files.append(labelme_writer.write(image, shapes))
            archive.writestr(f"{image.name.removesuffix('.jpg')}.json", files[-1])
    return target, files


def peak_mib() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def by_labelme(python: str, files: list[bytes]) -> None:
    """Have labelme's own loader read the same files, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(files):
            Path(folder, f"part-{number}.json").write_bytes(data)
            Image.new("RGB", (640, 480)).save(Path(folder, f"part-{number}.jpg"))
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
        subprocess.run([python, "-c", _LABELME, folder], env=environment, check=True)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--labelme", default="")
    asked = options.parse_args()
    count = asked.files
    images = [KnownImage(f"i{n}", f"part-{n}.jpg", 640, 480) for n in range(count)]
    archive, files = made(images)
    before, began, cpu = peak_mib(), time.perf_counter(), time.process_time()
    entries = ArchiveReader(LabelArchive(archive), KnownImages(images)).entries()
    read = sum(entry.labels is not None for entry in entries)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{read} of {count} files read: {wall:.1f} s wall, {cpu:.1f} s CPU, {read / cpu:.0f}/s CPU"
    )
    print(f"memory: {peak_mib() - before:.0f} MiB more; load {os.getloadavg()[0]:.1f}")
    cpu = time.process_time()
    for data in files:
        json.loads(data)
    print(f"json.loads of the same bytes: {time.process_time() - cpu:.1f} s CPU")
    if asked.labelme:
        by_labelme(asked.labelme, files)


if __name__ == "__main__":
    main()
