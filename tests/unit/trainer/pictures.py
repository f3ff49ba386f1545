"""Tiny pictures with known squares, as files and as a snapshot."""

import hashlib
from pathlib import Path

import cv2
import numpy as np

from services.trainer.domain.detector.samples import Sample, cut_samples
from services.trainer.domain.detector.truths import Truth
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.vision.boxes import as_boxes
from shared.vision.tiles import TilePlan

LABELS = ("bright", "dark")
PROJECT = "01JD0000000000000000000001"


def picture(seed: int, *, size: tuple[int, int] = (96, 96), squares: int = 2):
    """Grey noise with bright (label 0) and dark (label 1) squares that do not touch."""
    rng = np.random.default_rng(seed)
    image = rng.normal(120, 10, (size[1], size[0], 3)).clip(0, 255).astype(np.uint8)
    boxes, labels = [], []
    for number in range(squares):
        side = int(rng.integers(14, 24))
        left, right = number * size[0] // squares, (number + 1) * size[0] // squares
        x = int(rng.integers(left, max(left + 1, right - side)))
        y = int(rng.integers(0, size[1] - side))
        label = int(rng.integers(0, 2))
        image[y : y + side, x : x + side] = 240 if label == 0 else 15
        boxes.append((x, y, x + side, y + side))
        labels.append(label)
    return image, Truth(as_boxes(boxes), np.array(labels, np.int64))


def samples(count: int, *, size: tuple[int, int] = (96, 96), squares: int = 2) -> list[Sample]:
    found: list[Sample] = []
    for seed in range(count):
        image, truth = picture(seed, size=size, squares=squares)
        found += cut_samples(image, truth, TilePlan().windows(*size), size)
    return found


def write_snapshot(folder: Path, splits: str, *, tenant: str = "default"):
    """One picture a letter of ``splits`` (t train, v val, e test, n a negative that trains)."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"t": "train", "v": "val", "e": "test", "n": "train"}
    images, files = [], {}
    for number, letter in enumerate(splits):
        pixels, truth = picture(number, squares=0 if letter == "n" else 2)
        path = folder / f"{number}.png"
        assert cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        shapes = tuple(
            Shape(label=LABELS[label], kind="box", points=((x1, y1), (x2, y2)))
            for (x1, y1, x2, y2), label in zip(
                truth.boxes_xyxy.tolist(), truth.labels.tolist(), strict=True
            )
        )
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        image = SnapshotImage(
            image_id=f"I{number:03d}",
            name=path.name,
            blob_key=f"t/{tenant}/{digest}",
            width=96,
            height=96,
            split=names[letter],
            group=str(number),
            shapes=shapes,
        )
        images.append(image)
        files[image.image_id] = path
    snapshot = Snapshot(
        project_id=PROJECT,
        task="detection",
        labels=LABELS,
        images=tuple(images),
        dataset_hash="d" * 64,
    )
    return snapshot, files
