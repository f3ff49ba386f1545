"""A tiny model of OCR: red reads R, green G, and what else has no blue in it is of the line."""

import hashlib

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from shared.runtime.golden import Golden, probe_image
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.tasks.ocr import OCR
from tests.adapters.inference.models import LABELS, Version

PAGE = 64
ALPHABET = ("R", "G")
NOTHING = (255, 230, 0)  # of a line, and no sign
_STEP = 8
_BLANK = 0.2


def make_reader(*, name: str = "V1", page: int = PAGE) -> Version:
    """Describe the reader and ask it the golden questions."""
    model = colour_reader()
    manifest = ModelManifest(
        task="ocr",
        labels=LABELS,
        input_width=page,
        input_height=page,
        version=name,
        alphabet=ALPHABET,
        model_sha256=hashlib.sha256(model).hexdigest(),
    )
    session = OnnxSession(model, threads=1)
    return Version(model, manifest, Golden.asked(OCR.questions(probe_image(page, page)), session))


def written(text: str, *, letter: tuple[int, int] = (16, 24)) -> np.ndarray:
    """Letters of (width, height) px in a row, ``(H, W, 3)``; a space belongs to the line."""
    colours = {"R": (255, 0, 0), "G": (0, 255, 0), " ": NOTHING}
    row = np.array([colours[sign] for sign in text], np.uint8).repeat(letter[0], axis=0)
    return np.broadcast_to(row, (letter[1], *row.shape)).copy()


def colour_reader() -> bytes:
    """Text is what has no blue in it; a step of 8 px of a line is what there is more of."""
    liked = np.array([[1, -1, 0], [-1, 1, 0]], np.float32).reshape(2, 3, 1, 1) / 255
    constants = {
        "w": liked,
        "no_blue": np.array([0, 0, -1 / 80], np.float32).reshape(1, 3, 1, 1),
        "one": np.ones(1, np.float32),
        "first": np.array([0]),
        "second": np.array([1]),
        "line": np.array([48]),
        "front": np.array([0, 1, 0, 0, 0, 0, 0, 0]),
        "blank": np.array(_BLANK, np.float32),
        "row": np.array([2]),
        "none": np.array([0]),
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "w"], ["liked"], kernel_shape=[1, 1]),
        helper.make_node("Shape", ["image"], ["sides"]),
        helper.make_node("Gather", ["sides", "first"], ["count"], axis=0),
        helper.make_node("Gather", ["sides", "second"], ["height"], axis=0),
        helper.make_node("Equal", ["height", "line"], ["are_lines"]),
        helper.make_node("Squeeze", ["are_lines", "first"], ["is_line"]),
        helper.make_node(
            "If", ["is_line"], list(OCR.output_names), then_branch=_reads(), else_branch=_finds()
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "reader",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", "H", "W", 3])],
        _values(("map", "signs", "sign_scores")),
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _finds() -> GraphProto:
    nodes = [
        helper.make_node("Conv", ["planes", "no_blue", "one"], ["text"], kernel_shape=[1, 1]),
        helper.make_node("Relu", ["text"], ["shares"]),
        helper.make_node("Squeeze", ["shares", "second"], ["f_map"]),
        *_empty("f_signs", ["count", "none"], TensorProto.INT64),
        *_empty("f_scores", ["count", "none"], TensorProto.FLOAT),
    ]
    return helper.make_graph(nodes, "finds", [], _values(("f_map", "f_signs", "f_scores")))


def _reads() -> GraphProto:
    nodes = [
        helper.make_node(
            "AveragePool",
            ["liked"],
            ["steps"],
            kernel_shape=[48, _STEP],
            strides=[48, _STEP],
        ),
        helper.make_node("Pad", ["steps", "front", "blank"], ["with_blank"]),
        helper.make_node("Squeeze", ["with_blank", "row"], ["signs_of"]),
        helper.make_node("ArgMax", ["signs_of"], ["r_signs"], axis=1, keepdims=0),
        helper.make_node("ReduceMax", ["signs_of"], ["r_scores"], axes=[1], keepdims=0),
        *_empty("r_map", ["count", "none", "none"], TensorProto.FLOAT),
    ]
    return helper.make_graph(nodes, "reads", [], _values(("r_map", "r_signs", "r_scores")))


def _empty(name: str, sides: list[str], kind: int) -> list[NodeProto]:
    nothing = helper.make_tensor("nothing", kind, [1], [0])
    return [
        helper.make_node("Concat", sides, [f"{name}_sides"], axis=0),
        helper.make_node("ConstantOfShape", [f"{name}_sides"], [name], value=nothing),
    ]


def _values(names: tuple[str, str, str]) -> list[ValueInfoProto]:
    kinds = (TensorProto.FLOAT, TensorProto.INT64, TensorProto.FLOAT)
    sides = (["B", "h", "w"], ["B", "t"], ["B", "t"])
    return [
        helper.make_tensor_value_info(name, kind, [f"{side}_{name}" for side in of])
        for name, kind, of in zip(names, kinds, sides, strict=True)
    ]
