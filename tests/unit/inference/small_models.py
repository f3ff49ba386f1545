"""Tiny ONNX models of the other tasks: what is red is label 0, what is green label 1."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from shared.runtime.golden import Golden, probe_image
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.tasks.names import TaskName
from tests.adapters.inference.models import (
    CELL,
    HEIGHT,
    LABELS,
    WIDTH,
    Version,
    colour_detector,
    make_version,
    tiny,
)
from tests.adapters.inference.text_models import make_reader


def version_of(task: TaskName) -> Version:
    """A version of a task that finds colours."""
    if task == "detection":
        return make_version(colour_detector())
    if task == "ocr":
        return make_reader()
    model = MODELS[task]()
    manifest = ModelManifest(
        task=task, labels=LABELS, input_width=WIDTH, input_height=HEIGHT, version="V1"
    )
    question = probe_image(WIDTH, HEIGHT)
    return Version(model, manifest, Golden(question, OnnxSession(model, threads=1).run(question)))


def _weights(labels: int, cell: int) -> np.ndarray:
    """Each of the last two channels likes its own colour and no other."""
    weights = np.zeros((labels, 3, cell, cell), np.float32)
    for label in (0, 1):
        weights[labels - 2 + label] = -0.1 / cell**2
        weights[labels - 2 + label, label] = 0.1 / cell**2
    return weights


def _classifier() -> bytes:
    nodes = [
        helper.make_node("Conv", ["planes", "w"], ["liked"], kernel_shape=[1, 1]),
        helper.make_node("GlobalAveragePool", ["liked"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["logits"], axis=1),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]
    return _built(nodes, {"w": _weights(2, 1)}, [2])


def _segmenter() -> bytes:
    nodes = [
        helper.make_node(
            "Conv", ["planes", "w", "b"], ["cells"], kernel_shape=[CELL] * 2, strides=[CELL] * 2
        ),
        helper.make_node("Softmax", ["cells"], ["shares"], axis=1),
        helper.make_node("Slice", ["shares", "first", "last", "axis"], ["scores"]),
    ]
    constants = {
        "w": _weights(3, CELL),
        "b": np.array([0, -10, -10], np.float32),
        "first": np.array([1]),
        "last": np.array([3]),
        "axis": np.array([1]),
    }
    return _built(nodes, constants, [2, HEIGHT // CELL, WIDTH // CELL])


def _built(nodes: list, constants: dict[str, np.ndarray], sides: list[int]) -> bytes:
    before = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
    ]
    return tiny([*before, *nodes], constants, {"scores": sides})


def _instances() -> bytes:
    """The detector; the mask of a box is all of it that is not black."""
    model = onnx.load_model_from_string(colour_detector())
    graph = model.graph
    graph.node.extend(
        [
            helper.make_node("ReduceMax", ["scores"], ["coefficients"], axes=[2], keepdims=1),
            helper.make_node("ReduceMean", ["planes"], ["prototypes"], axes=[1], keepdims=1),
        ]
    )
    for name, sides in (("coefficients", ["A", 1]), ("prototypes", [1, HEIGHT, WIDTH])):
        value = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", *sides])
        graph.output.append(value)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


MODELS = {
    "classification": _classifier,
    "semantic_segmentation": _segmenter,
    "instance_segmentation": _instances,
}
