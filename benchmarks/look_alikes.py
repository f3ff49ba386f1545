"""Saves real pictures anew and prints how many of them the check calls nearly the same.

Run from the repository's root:

    python -m benchmarks.look_alikes --images <folder> [<folder> …]

Of each folder at most 150 pictures, seeded, each saved anew in six ways. ``alike_as_they_are``
are pairs among the pictures themselves: in some sets one thing was taken several times. Prints one
JSON object with the CPU seconds of pairing 10,000 looks beside it.
"""

import argparse
import io
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from services.annotation.domain.look_alikes import PARTNERS, alike
from services.gallery.domain.looks import looks_of
from services.gallery.domain.thumbnails import JPEG_QUALITY, SIZES

MOST = 150
KINDS = {".jpg", ".jpeg", ".png", ".bmp"}


def looks(image: Image.Image) -> str:
    small = image.copy()
    small.thumbnail((SIZES[0], SIZES[0]), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=JPEG_QUALITY)
    return looks_of(file.getvalue())


def anew(image: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=60)
    yield "jpeg_quality_60", Image.open(file)
    yield "half_the_size", image.resize((image.width // 2, image.height // 2))
    pixels = np.asarray(image, np.float64)
    for name, changed in (
        ("brighter_by_12_percent", pixels * 1.12),
        ("noise_of_6_levels", pixels + np.random.default_rng(0).normal(0, 6, pixels.shape)),
    ):
        yield name, Image.fromarray(np.clip(changed, 0, 255).astype(np.uint8))
    width, height = image.size
    for percent in (1, 2):
        x, y = width * percent // 100, height * percent // 100
        yield f"cut_by_{percent}_percent", image.crop((x, y, width - x, height - y))


def measure(folder: Path) -> dict[str, object]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in KINDS)
    paths = random.Random(0).sample(paths, min(MOST, len(paths)))
    own, found = [], defaultdict(list)
    for path in paths:
        image = Image.open(path).convert("RGB")
        own.append(looks(image))
        for name, changed in anew(image):
            found[name].append(any(alike([own[-1], looks(changed.convert("RGB"))])))
    return {
        "images": len(paths),
        "found": {name: round(float(np.mean(told)), 3) for name, told in found.items()},
        "alike_as_they_are": sum(1 for _ in alike(own)),
    }


def seconds_of_pairing(flips: int, count: int = 10_000) -> float:
    """CPU seconds of pairing looks of one scene with up to so many bits flipped; -1: of chance."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2, (1 if flips >= 0 else count, 256), dtype=np.uint8)
    rows = np.repeat(rows, count // len(rows), axis=0)
    for row in rows:
        row[rng.choice(256, rng.integers(flips + 1) if flips > 0 else 0, replace=False)] ^= 1
    many = [row.tobytes().hex() for row in np.packbits(rows, axis=1)]
    began = time.process_time()
    told = sum(1 for _ in alike(many))
    assert told <= PARTNERS * count
    return round(time.process_time() - began, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, nargs="+", required=True)
    sets = {str(folder): measure(folder) for folder in parser.parse_args().images}
    kinds = {"chance": -1, "equal": 0, "fixed camera": 8}
    seconds = {name: seconds_of_pairing(flips) for name, flips in kinds.items()}
    print(json.dumps({"cpu_seconds_of_10000": seconds, **sets}, indent=1))


if __name__ == "__main__":
    main()
