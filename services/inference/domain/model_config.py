"""The text of Triton's ``config.pbtxt`` for a model of any task."""

import re
from dataclasses import dataclass
from typing import Literal

from shared.runtime.tasks.spec import FREE, OutputSpec

Backend = Literal["python", "onnxruntime"]
Device = Literal["cpu", "gpu"]

MAX_BATCH = 16
"""Twice the predictor's batch of windows, so that its batches always fit."""

PLAN_PARAMETER = "tile_plan_hash"

_TYPES = {
    "float32": "TYPE_FP32",
    "int64": "TYPE_INT64",
    "int32": "TYPE_INT32",
    "uint8": "TYPE_UINT8",
}
_HASH = re.compile(r"(?:[0-9a-f]{64})?")
_MODEL_NAME = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


def is_model_name(name: str) -> bool:
    """Tell whether ``name`` could be one of ours, a ULID.

    >>> is_model_name("01ARZ3NDEKTSV4RRFFQ69G5FAV"), is_model_name("somebody-elses")
    (True, False)
    """
    return _MODEL_NAME.fullmatch(name) is not None


def check_model_name(name: str) -> str:
    """Return ``name`` if it is a ULID made by the server; it becomes a folder and a Triton name.

    Raises:
        ValueError: Anything else, above all a tenant's text.

    >>> check_model_name("01ARZ3NDEKTSV4RRFFQ69G5FAV")
    '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    """
    if not is_model_name(name):
        raise ValueError("a model name is a ULID")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """What Triton must know of one version.

    Attributes:
        name: ULID; folder of the model and its name in Triton. One version, one name.
        number: The project's version number: Triton's version, repeated in every response.
        input_width: Width in pixels of the model's input.
        input_height: Height in pixels.
        label_count: Number of labels.
        outputs: What it answers with, as its task says.
        tile_plan_hash: Identity of the plan whose tiles the model knows; empty where unknown.
        sides_are_free: Whether images of other sides are taken, too.
    """

    name: str
    number: int
    input_width: int
    input_height: int
    label_count: int
    outputs: tuple[OutputSpec, ...]
    tile_plan_hash: str = ""
    sides_are_free: bool = False

    def __post_init__(self) -> None:
        check_model_name(self.name)
        if min(self.number, self.input_width, self.input_height, self.label_count) < 1:
            raise ValueError("number, input sides and label count are at least 1")
        if _HASH.fullmatch(self.tile_plan_hash) is None:
            raise ValueError("a tile plan's hash is 64 hexadecimal digits")


def render_config(
    model: ServedModel,
    *,
    backend: Backend,
    device: Device = "cpu",
    instances: int = 1,
    threads: int = 0,
) -> str:
    """Render the protobuf text of the model's configuration.

    ``version_policy: specific`` names the one version of the folder, so that nothing that is
    dropped beside it is ever served. There is no dynamic batching: a request is computed exactly
    as it was sent, which keeps Triton's answers bit-equal to ONNX Runtime's.

    Args:
        model: The version to serve.
        backend: ``python`` (our ``model.py``, embedded size) or ``onnxruntime`` (Triton image).
        device: Where instances run.
        instances: Instances of the model; more than one overlaps transport with computing.
        threads: Threads within one operator; 0 leaves the choice to ONNX Runtime.
    """
    kind = "KIND_GPU" if device == "gpu" else "KIND_CPU"
    key = "threads" if backend == "python" else "intra_op_thread_count"
    sides = (FREE, FREE) if model.sides_are_free else (model.input_height, model.input_width)
    outputs = ",\n".join(_output(output, model.label_count) for output in model.outputs)
    return f"""name: "{model.name}"
backend: "{backend}"
max_batch_size: {MAX_BATCH}
input [
  {{ name: "image" data_type: TYPE_UINT8 dims: [ {sides[0]}, {sides[1]}, 3 ] }}
]
output [
{outputs}
]
instance_group [ {{ count: {instances} kind: {kind} }} ]
version_policy {{ specific {{ versions: [ {model.number} ] }} }}
parameters {{ key: "{key}" value {{ string_value: "{threads}" }} }}
parameters {{ key: "{PLAN_PARAMETER}" value {{ string_value: "{model.tile_plan_hash}" }} }}
"""


def _output(output: OutputSpec, label_count: int) -> str:
    dims = ", ".join(map(str, output.shape(label_count)))
    return f'  {{ name: "{output.name}" data_type: {_TYPES[output.dtype]} dims: [ {dims} ] }}'
