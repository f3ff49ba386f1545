"""The golden check: a served model must repeat what its export answered when it was made."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

SCORE_TOLERANCE = 1e-4
BOX_TOLERANCE_PX = 0.1


@dataclass(frozen=True, slots=True)
class Golden:
    """One stored question and its answer.

    Attributes:
        image: ``(B, H, W, 3)`` uint8, the model's input.
        boxes: ``(B, A, 4)`` float32 xyxy in input pixels.
        scores: ``(B, A, C)`` float32 in [0, 1].
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]

    def to_bytes(self) -> bytes:
        """The three arrays as an ``.npz`` file without pickles."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, image=self.image, boxes=self.boxes, scores=self.scores)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: Not such a file, or arrays of another kind.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                image, boxes, scores = arrays["image"], arrays["boxes"], arrays["scores"]
        except (KeyError, OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"not a golden file: {error}") from error
        if image.dtype != np.uint8 or boxes.dtype != np.float32 or scores.dtype != np.float32:
            raise ValueError("a golden file holds a uint8 image and float32 outputs")
        return cls(image, boxes, scores)


def probe_image(width: int, height: int) -> NDArray[np.uint8]:
    """A fixed, textured input ``(1, height, width, 3)`` for models that bring no golden file.

    Noise alone leaves a detector silent, so that gradients and blocks lie under it.
    """
    rng = np.random.default_rng(20240229)
    rows, columns = np.mgrid[0:height, 0:width]
    base = (rows * 255 // max(height, 1) + columns * 131 // max(width, 1)) % 256
    blocks = np.where((rows // 16 + columns // 16) % 2, 40, 0)
    image = base[..., None] + blocks[..., None] + rng.integers(0, 64, (height, width, 3))
    return np.asarray(image % 256, np.uint8)[None]


def differences(golden: Golden, outputs: Mapping[str, NDArray[np.float32]]) -> list[str]:
    """Say in words where ``outputs`` leave the golden answer; an empty list means agreement.

    Scores may differ by 1e-4 and boxes by 0.1 px (the parity figure of the main job); NaN
    anywhere is a difference.
    """
    found = []
    pairs = (
        ("boxes", golden.boxes, BOX_TOLERANCE_PX),
        ("scores", golden.scores, SCORE_TOLERANCE),
    )
    for name, expected, tolerance in pairs:
        actual = outputs.get(name)
        if actual is None or actual.shape != expected.shape:
            shape = None if actual is None else actual.shape
            found.append(f"{name} has shape {shape}, expected {expected.shape}")
        elif expected.size:
            worst = float(np.abs(actual - expected).max())
            if not worst <= tolerance:
                found.append(f"{name} differ by up to {worst:.6g}, allowed is {tolerance:g}")
    return found
