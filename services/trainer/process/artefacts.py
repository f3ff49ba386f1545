"""Small encodings of a version's artefacts."""

import hashlib
import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.runtime.session import Tensors


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def golden_bytes(image: NDArray[np.uint8], outputs: Tensors) -> bytes:
    """A model's input ``(1, H, W, 3)`` and its answer as ``.npz`` without pickles.

    The arrays are named ``image`` and as the task's outputs.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, image=image, **outputs)
    return buffer.getvalue()


def write(path: Path, data: bytes) -> Path:
    """Writes a file that is either absent or whole."""
    partial = path.with_suffix(path.suffix + ".part")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return path
