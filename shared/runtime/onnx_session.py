"""Runs an exported model in this process with ONNX Runtime."""

from pathlib import Path

import numpy as np
import onnxruntime

from shared.runtime.session import ImageBatch, Tensors


class OnnxSession:
    """A `TensorSession` over ONNX Runtime on the CPU."""

    def __init__(self, model: Path | bytes, *, threads: int = 0) -> None:
        """Loads the model.

        Args:
            model: The ``.onnx`` file or its bytes.
            threads: Threads within one operator; 0 leaves the choice to ONNX Runtime.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Waiting threads sleep: spinning ones take the cores from training and the API beside us.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = model if isinstance(model, bytes) else str(model)
        self._session = onnxruntime.InferenceSession(
            source, options, providers=["CPUExecutionProvider"]
        )
        self._output_names = [output.name for output in self._session.get_outputs()]

    def run(self, images: ImageBatch) -> Tensors:
        """The model's outputs by name for uint8 ``(B, H, W, 3)``."""
        values = self._session.run(self._output_names, {"image": np.ascontiguousarray(images)})
        return dict(zip(self._output_names, values, strict=True))
