"""The port between the predictor and whatever runs the exported model."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

ImageBatch = NDArray[np.uint8]


class TensorSession(Protocol):
    """Runs one exported model; onnxruntime and Triton are its two adapters.

    A detection model takes ``image`` uint8 ``(B, H, W, 3)`` RGB of the manifest's input size and
    gives ``boxes`` float32 ``(B, A, 4)`` xyxy in input pixels and ``scores`` float32
    ``(B, A, C)`` in [0, 1]. Normalisation and decoding are inside the graph.
    """

    def run(self, images: ImageBatch) -> Mapping[str, NDArray[np.float32]]:
        """The model's named outputs for one batch, which is written over after the call."""
        ...
