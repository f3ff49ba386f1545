"""Pictures of parts of two kinds, for classifiers: striped or dotted, whatever their light."""

import hashlib
from pathlib import Path

import cv2
import numpy as np

from shared.contracts.shapes import Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from tests.unit.trainer.pictures import PROJECT

LABELS = ("dotted", "striped")


def part(seed: int, label: int) -> np.ndarray:
    """A noisy grey part, ``(72, 96, 3)``, with dots (label 0) or stripes (label 1)."""
    rng = np.random.default_rng([seed, label])
    base, lift = rng.uniform(60, 160), rng.uniform(40, 80)
    rows, columns = np.mgrid[0:72, 0:96]
    across = (columns + rng.integers(0, 12)) % 12 < 6
    along = (rows + rng.integers(0, 12)) % 12 < 6
    marks = across if label == 1 else across & along
    image = base + lift * marks + rng.normal(0, 8, (72, 96))
    return np.repeat(image.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def write_parts(folder: Path, splits: str) -> tuple[Snapshot, dict[str, Path]]:
    """One part a letter of ``splits`` (t train, v val, e test), labels in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"t": "train", "v": "val", "e": "test"}
    images, files = [], {}
    for number, letter in enumerate(splits):
        label = number % 2
        path = folder / f"{number}.png"
        assert cv2.imwrite(str(path), part(number, label))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        image = SnapshotImage(
            image_id=f"I{number:03d}",
            name=path.name,
            blob_key=f"t/default/{digest}",
            width=96,
            height=72,
            split=names[letter],
            group=str(number),
            shapes=(Shape(label=LABELS[label], kind="image"),),
        )
        images.append(image)
        files[image.image_id] = path
    snapshot = Snapshot(
        project_id=PROJECT,
        task="classification",
        labels=LABELS,
        images=tuple(images),
        dataset_hash="c" * 64,
    )
    return snapshot, files
