"""The golden check: a served model must repeat what its export answered when it was made."""

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shared.runtime.session import ImageBatch, Tensors, TensorSession
from shared.runtime.tasks.spec import FREE, OutputSpec


@dataclass(frozen=True, slots=True)
class Golden:
    """One stored question and its answer, and further ones of a task that asks several.

    Attributes:
        image: ``(B, H, W, 3)`` uint8, the model's input.
        outputs: The answer by name, each ``(B, …)`` as the model's task says.
        further: What else was asked; these have none themselves.
    """

    image: ImageBatch
    outputs: Tensors
    further: tuple["Golden", ...] = ()

    @classmethod
    def asked(cls, questions: Sequence[ImageBatch], session: TensorSession) -> Self:
        """What a model answers, of which the first question is of its own size."""
        first, *further = (cls(image, session.run(image)) for image in questions)
        return cls(first.image, first.outputs, tuple(further))

    def each(self) -> Iterator["Golden"]:
        """Each question with its answer."""
        yield self
        yield from self.further

    def to_bytes(self) -> bytes:
        """The arrays as an ``.npz`` file without pickles; those of the second question are ``1/…``.

        >>> image = np.zeros((1, 2, 2, 3), np.uint8)
        >>> whole = Golden(image, {}, (Golden(image, {}),)).to_bytes()
        >>> len(list(Golden.from_bytes(whole, ()).each()))
        2
        """
        buffer = io.BytesIO()
        arrays: dict[str, NDArray[Any]] = {
            f"{_place(index)}{name}": values
            for index, one in enumerate(self.each())
            for name, values in {"image": one.image, **one.outputs}.items()
        }
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
                count = sum(name.rpartition("/")[2] == "image" for name in arrays.files)
                first, *further = (
                    cls(
                        arrays[f"{_place(index)}image"],
                        {
                            output.name: arrays[f"{_place(index)}{output.name}"]
                            for output in outputs
                        },
                    )
                    for index in range(max(count, 1))
                )
        except (KeyError, OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"not a golden file: {error}") from error
        for one in (first, *further):
            one._check_types(outputs)
        return cls(first.image, first.outputs, tuple(further))

    def _check_types(self, outputs: Sequence[OutputSpec]) -> None:
        wrong = [one.name for one in outputs if self.outputs[one.name].dtype != one.dtype]
        if self.image.dtype != np.uint8 or wrong:
            raise ValueError(f"a golden file holds other types of {', '.join(wrong) or 'image'}")

    def misfits(self, outputs: Sequence[OutputSpec], labels: int) -> list[str]:
        """Say in words where an answer has other sides than a model of so many labels has."""
        found = []
        for one, output in product(self.each(), outputs):
            expected = output.shape(labels)
            actual = one.outputs[output.name].shape[1:]
            fits = len(actual) == len(expected) and all(
                want in (FREE, side) for want, side in zip(expected, actual, strict=True)
            )
            if not fits:
                found.append(f"{output.name} has sides {actual}, not {expected}")
        return found


def _place(index: int) -> str:
    return f"{index}/" if index else ""


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


def all_differences(
    golden: Golden, ask: Callable[[ImageBatch], Tensors], outputs: Sequence[OutputSpec]
) -> list[str]:
    """Ask every question again, and say in words where an answer leaves the golden one."""
    parts = (differences(one, ask(one.image), outputs) for one in golden.each())
    return [told for part in parts for told in part]


def differences(golden: Golden, answer: Tensors, outputs: Sequence[OutputSpec]) -> list[str]:
    """Say in words where ``answer`` leaves the golden one; an empty list means agreement.

    Each output may differ by its tolerance; NaN anywhere is a difference. Further questions are
    not looked at.
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
