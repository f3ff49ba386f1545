"""Pages with printed lines whose place and text are known."""

import hashlib
from pathlib import Path

import cv2
import numpy as np

from shared.contracts.shapes import Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from tests.unit.trainer.pictures import PROJECT

LABELS = ("text",)
SIZE = (320, 192)
LINES = 3


def page(seed: int) -> tuple[np.ndarray, tuple[Shape, ...]]:
    """A light page ``(192, 320, 3)`` with three lines of capitals and figures."""
    rng = np.random.default_rng([seed, 11])
    pixels = np.full((SIZE[1], SIZE[0], 3), int(rng.integers(200, 250)), np.uint8)
    font, shapes = cv2.FontFace("sans"), []
    for row in range(LINES):
        text = "".join(rng.choice(list("ABCDEHKLMNPRSTUX2346789"), int(rng.integers(5, 9))))
        x, y = int(rng.integers(10, 60)), 50 + row * 55
        end, _ = cv2.putText(pixels, text, (x, y), (30, 30, 30), font, 24, 400)
        box = ((x - 2.0, y - 22.0), (float(end[0]) + 2, y + 5.0))
        shapes.append(Shape(label="text", kind="box", points=box, text=text))
    return pixels, tuple(shapes)


def write_pages(folder: Path, splits: str) -> tuple[Snapshot, dict[str, Path]]:
    """One page a letter of ``splits`` (t train, v val, e test)."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"t": "train", "v": "val", "e": "test"}
    images, files = [], {}
    for number, letter in enumerate(splits):
        pixels, shapes = page(number)
        path = folder / f"{number}.png"
        assert cv2.imwrite(str(path), pixels)
        image = SnapshotImage(
            image_id=f"I{number:03d}",
            name=path.name,
            blob_key=f"t/default/{hashlib.sha256(path.read_bytes()).hexdigest()}",
            width=SIZE[0],
            height=SIZE[1],
            split=names[letter],
            group=str(number),
            shapes=shapes,
        )
        images.append(image)
        files[image.image_id] = path
    snapshot = Snapshot(
        project_id=PROJECT, task="ocr", labels=LABELS, images=tuple(images), dataset_hash="e" * 64
    )
    return snapshot, files
