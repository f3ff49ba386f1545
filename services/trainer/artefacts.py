"""Small encodings of a version's artefacts."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def golden_bytes(image: NDArray[np.uint8], outputs: Mapping[str, NDArray[np.float32]]) -> bytes:
    """A model's input ``(1, H, W, 3)`` and its answer as ``.npz`` without pickles.

    The arrays are named ``image``, ``boxes`` and ``scores``.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, image=image, boxes=outputs["boxes"], scores=outputs["scores"])
    return buffer.getvalue()
