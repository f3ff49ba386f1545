"""The golden check: a served model must repeat what its export answered when it was made."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shared.runtime.session import Tensors
from shared.runtime.tasks.spec import FREE, OutputSpec


@dataclass(frozen=True, slots=True)
class Golden:
    """One stored question and its answer.

    Attributes:
        image: ``(B, H, W, 3)`` uint8, the model's input.
        outputs: The answer by name, each ``(B, …)`` as the model's task says.
    """

    image: NDArray[np.uint8]
    outputs: Tensors

    def to_bytes(self) -> bytes:
        """The arrays as an ``.npz`` file without pickles."""
        buffer = io.BytesIO()
        arrays: dict[str, NDArray[Any]] = {"image": self.image, **self.outputs}
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, outputs: Sequence[OutputSpec]) -> Self:
        """Read what `to_bytes` wrote; only ``outputs`` are looked at.

        Raises:
            ValueError: Not such a file, or arrays of another kind.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                image = arrays["image"]
                found = {output.name: arrays[output.name] for output in outputs}
        except (KeyError, OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"not a golden file: {error}") from error
        wrong = [output.name for output in outputs if found[output.name].dtype != output.dtype]
        if image.dtype != np.uint8 or wrong:
            raise ValueError(f"a golden file holds other types of {', '.join(wrong) or 'image'}")
        return cls(image, found)

    def misfits(self, outputs: Sequence[OutputSpec], labels: int) -> list[str]:
        """Say in words where the answer has other sides than a model of so many labels has."""
        found = []
        for output in outputs:
            expected = output.shape(labels)
            actual = self.outputs[output.name].shape[1:]
            fits = len(actual) == len(expected) and all(
                want in (FREE, side) for want, side in zip(expected, actual, strict=True)
            )
            if not fits:
                found.append(f"{output.name} has sides {actual}, not {expected}")
        return found


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


def differences(golden: Golden, answer: Tensors, outputs: Sequence[OutputSpec]) -> list[str]:
    """Say in words where ``answer`` leaves the golden one; an empty list means agreement.

    Each output may differ by its tolerance; NaN anywhere is a difference.
    """
    found = []
    for output in outputs:
        expected, actual = golden.outputs[output.name], answer.get(output.name)
        if actual is None or actual.shape != expected.shape:
            shape = None if actual is None else actual.shape
            found.append(f"{output.name} has shape {shape}, expected {expected.shape}")
        elif expected.size:
            worst = float(np.abs(actual.astype(np.float64) - expected).max())
            if not worst <= output.tolerance:
                unit = f" {output.unit}" if output.unit else ""
                found.append(
                    f"{output.name} differ by up to {worst:.6g}{unit},"
                    f" allowed is {output.tolerance:g}{unit}"
                )
    return found
