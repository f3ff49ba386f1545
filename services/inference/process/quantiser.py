"""A guarded child that turns a model's convolutions into 8-bit integers: it takes much memory."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.guarded.child import Job, Work, serve

MODEL, VIEWS, QUANTISED = "model.onnx", "views.npy", "int8.onnx"
_FOLDED = "folded.onnx"
_MOST_TOLD = 500


def load() -> Work:
    """Import what the work needs."""
    import numpy as np
    import onnx
    import onnxruntime
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Views(CalibrationDataReader):  # type: ignore[misc]  # of an untyped library
        """The model's inputs, one after the other."""

        def __init__(self, path: Path) -> None:
            self._rest = iter(np.load(path, mmap_mode="r"))

        def get_next(self) -> dict[str, Any] | None:
            view = next(self._rest, None)
            return None if view is None else {"image": view[None]}

    def folded(folder: Path) -> Path:
        """Constants computed ahead: quantising looks for weights that are plain numbers."""
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(folder / _FOLDED)
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        onnxruntime.InferenceSession(str(folder / MODEL), options, providers=providers)
        return folder / _FOLDED

    def made(folder: Path) -> dict[str, Any]:
        quantize_static(
            folded(folder),
            folder / QUANTISED,
            Views(folder / VIEWS),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            # What decodes boxes stays in float32: there a step of 8 bits is many pixels.
            op_types_to_quantize=["Conv"],
        )
        nodes = onnx.load(folder / QUANTISED).graph.node
        return {"quantised": any(node.op_type == "QuantizeLinear" for node in nodes)}

    def quantise(job: Job) -> Iterator[Any]:
        folder = Path(job["folder"])
        tempfile.tempdir = str(folder)  # where the library keeps its files; no other place is ours
        try:
            told = made(folder)
        except MemoryError:
            raise
        except Exception as error:  # onnxruntime has no class of its own to name
            told = {"reason": f"{type(error).__name__}: {error}"[:_MOST_TOLD]}
        yield told

    return quantise


if __name__ == "__main__":
    serve(load)
