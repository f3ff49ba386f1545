"""The port between the predictor and whatever runs the exported model."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

ImageBatch = NDArray[np.uint8]
Tensors = Mapping[str, NDArray[Any]]
"""Outputs of a model by name; their types and shapes are in `shared.runtime.tasks`."""


class TensorSession(Protocol):
    """Runs one exported model; onnxruntime and Triton are its two adapters.

    It takes ``image`` uint8 ``(B, H, W, 3)`` RGB of the manifest's input size and gives the outputs
    of the manifest's task. Normalisation and decoding are inside the graph.
    """

    def run(self, images: ImageBatch) -> Tensors:
        """The model's named outputs for one batch, which is written over after the call."""
        ...
