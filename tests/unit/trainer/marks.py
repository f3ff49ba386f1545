"""Pictures of parts with a bright and a dark mark, drawn to the pixel, for segmenters."""

import hashlib
from pathlib import Path

import cv2
import numpy as np

from shared.contracts.shapes import Rle, Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.vision.masks import from_dense, to_text
from tests.unit.trainer.pictures import PROJECT

LABELS = ("bright", "dark")
SIZE = (128, 96)


def marked(seed: int, *, empty: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A noisy grey part ``(96, 128, 3)``, and the label of each pixel: index + 1, or 0."""
    rng = np.random.default_rng([seed, 7])
    base = rng.uniform(90, 150)
    image = base + rng.normal(0, 6, (SIZE[1], SIZE[0]))
    truth = np.zeros(image.shape, np.uint8)
    for label in () if empty else (1, 2):
        middle = (int(rng.integers(20, 108)), int(rng.integers(20, 76)))
        axes = (int(rng.integers(8, 16)), int(rng.integers(6, 12)))
        mask = np.zeros(image.shape, np.uint8)
        cv2.ellipse(mask, middle, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
        truth[mask > 0] = label
        image[mask > 0] = base + (70 if label == 1 else -70)
    grey = image.clip(0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2), truth


def shapes_of(truth: np.ndarray) -> tuple[Shape, ...]:
    """The masks of a label map."""
    return tuple(
        Shape(
            label=LABELS[label - 1],
            kind="mask",
            rle=Rle(size=truth.shape, counts=to_text(from_dense(truth == label))),
        )
        for label in (1, 2)
        if (truth == label).any()
    )


def write_marked(folder: Path, splits: str) -> tuple[Snapshot, dict[str, Path]]:
    """One part a letter of ``splits`` (t train, v val, e test; capitals without a mark)."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"t": "train", "v": "val", "e": "test"}
    images, files = [], {}
    for number, letter in enumerate(splits):
        pixels, truth = marked(number, empty=letter.isupper())
        path = folder / f"{number}.png"
        assert cv2.imwrite(str(path), pixels)
        image = SnapshotImage(
            image_id=f"I{number:03d}",
            name=path.name,
            blob_key=f"t/default/{hashlib.sha256(path.read_bytes()).hexdigest()}",
            width=SIZE[0],
            height=SIZE[1],
            split=names[letter.lower()],
            group=str(number),
            shapes=shapes_of(truth),
        )
        images.append(image)
        files[image.image_id] = path
    snapshot = Snapshot(
        project_id=PROJECT, task="semantic_segmentation", labels=LABELS, images=tuple(images),
        dataset_hash="c" * 64,
    )  # fmt: skip
    return snapshot, files
