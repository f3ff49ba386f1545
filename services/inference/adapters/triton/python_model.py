"""Triton's Python backend model: runs the ONNX file beside it.

This file is copied into each published version as ``model.py`` and executed by Triton's stub
process, never by Loupe's own.
"""

import ctypes
import faulthandler
import json
import os
import signal
import sys
import threading
import time
from typing import Any

# The stub's interpreter is isolated and ignores PYTHONPATH; the server names the folder instead.
sys.path.insert(0, os.environ["LOUPE_TRITON_SITE_PACKAGES"])

import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils

_LOOK_S = 0.5
_FROZEN_S = 20.0
_set_destructor = ctypes.pythonapi.PyCapsule_SetDestructor
_set_destructor.argtypes = [ctypes.py_object, ctypes.c_void_p]


class _Handed:
    """An array whose DLPack capsule has no destructor.

    The backend takes the memory over and frees it, but marks the capsule as used by another name
    than numpy looks for, so that numpy's destructor would write a traceback for every answer.
    """

    def __init__(self, array: Any) -> None:  # noqa: ANN401  # ONNX Runtime's array
        self._array = np.ascontiguousarray(array)
        if not self._array.size:
            # Of an empty array numpy tells strides as if its sides were 1; the backend wants those
            # that follow from the sides, and takes no others for contiguous.
            strides = [self._array.itemsize]
            for side in self._array.shape[:0:-1]:
                strides.insert(0, strides[0] * side)
            self._array = np.lib.stride_tricks.as_strided(self._array, strides=tuple(strides))

    def __dlpack__(self, **_options: object) -> object:
        capsule = self._array.__dlpack__()
        _set_destructor(capsule, None)
        return capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        device: tuple[int, int] = self._array.__dlpack_device__()
        return device


def _end_with_server(server: int) -> None:
    """End this stub soon after its server was killed.

    The backend notices by itself after a while, but has been seen to hang while it cleans up, at
    times with the interpreter's lock in hand, so that no Python thread runs any more. Against that
    stands faulthandler's timer: it needs no lock, and ends the process unless it is set anew.
    """
    with open(os.devnull, "w") as nowhere:
        while os.getppid() == server:
            faulthandler.dump_traceback_later(_FROZEN_S, exit=True, file=nowhere)
            time.sleep(_LOOK_S)
        os.kill(os.getpid(), signal.SIGKILL)


class TritonPythonModel:
    """The class that Triton's Python backend looks for."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load ``model.onnx`` of this version."""
        threading.Thread(target=_end_with_server, args=(os.getppid(),), daemon=True).start()
        folder = os.path.join(args["model_repository"], args["model_version"])
        config = json.loads(args["model_config"])
        self._outputs = [output["name"] for output in config["output"]]
        parameters = config["parameters"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(parameters["threads"]["string_value"])
        options.log_severity_level = 3
        # Waiting threads sleep, as in the shared runtime: spinning ones take the cores of others.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            os.path.join(folder, "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer each request by itself, so that its numbers depend on nothing but its input."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:  # noqa: ANN401  # pb_utils has no types
        # `as_numpy` and `Tensor(name, array)` of this backend were built for numpy 1 and read
        # wrong bytes under numpy 2; DLPack is right under both.
        image = np.from_dlpack(pb_utils.get_input_tensor_by_name(request, "image"))
        values = self._session.run(self._outputs, {"image": image})
        tensors = [
            pb_utils.Tensor.from_dlpack(name, _Handed(value))
            for name, value in zip(self._outputs, values, strict=True)
        ]
        return pb_utils.InferenceResponse(tensors)
