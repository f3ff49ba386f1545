"""A tiny detector as an ONNX graph of YOLOX's form: as one is published, but of a few numbers."""

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

COCO_LABELS = 5
WIDTH = 8


class Drawn:
    """A graph while it is drawn; weights follow from the seed."""

    def __init__(self, seed: int = 0) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.stored: list[onnx.TensorProto] = []
        self._rng = np.random.default_rng(seed)

    def keep(self, name: str, value: np.ndarray) -> str:
        self.stored.append(numpy_helper.from_array(value, name))
        return name

    def add(self, operator: str, inputs: list[str], **attributes: object) -> str:
        name = f"{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def conv(
        self,
        of: str,
        taken: int,
        given: int,
        *,
        stride: int = 1,
        name: str = "",
        side: int = 3,
        largest: float = 1.0,
    ) -> str:
        name = name or f"conv.{len(self.nodes)}"
        spread = 1 / math.sqrt(taken * side * side) / largest
        weight = self._rng.normal(0, spread, (given, taken, side, side)).astype(np.float32)
        bias = self._rng.normal(0, 0.1, given).astype(np.float32)
        inputs = [of, self.keep(f"{name}.weight", weight), self.keep(f"{name}.bias", bias)]
        pads, sides = [side // 2] * 4, [side, side]
        shape = {"kernel_shape": sides, "pads": pads, "strides": [stride, stride]}
        return self.add("Conv", inputs, **shape, dilations=[1, 1], group=1)

    def active(self, of: str) -> str:
        return self.add("Mul", [of, self.add("Sigmoid", [of])])

    def numbers(self, *values: int) -> str:
        return self.keep(f"numbers.{len(self.stored)}", np.array(values, np.int64))


def detector_graph(seed: int = 0) -> onnx.ModelProto:
    """Four pixels as one, a coarse map laid on a finer one, and three levels."""
    drawn = Drawn(seed)
    parts = []
    for column in (0, 1):
        for row in (0, 1):
            rows = _every_second(drawn, "images", row, axis=2)
            parts.append(_every_second(drawn, rows, column, axis=3))
    maps = [drawn.active(drawn.conv(drawn.add("Concat", parts, axis=1), 12, WIDTH, largest=255))]
    for _ in range(4):
        maps.append(drawn.active(drawn.conv(maps[-1], WIDTH, WIDTH, stride=2)))
    factors = drawn.keep("factors", np.array([1, 1, 2, 2], np.float32))
    region = drawn.keep("region", np.zeros(0, np.float32))
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    larger = drawn.add("Resize", [maps[3], region, factors], nearest_mode="floor", **how)
    fine = drawn.active(
        drawn.conv(drawn.add("Concat", [maps[2], larger], axis=1), 2 * WIDTH, WIDTH)
    )
    levels = [_level(drawn, one, place) for place, one in enumerate((fine, maps[3], maps[4]))]
    joined = drawn.add("Concat", levels, axis=2)
    drawn.nodes.append(helper.make_node("Transpose", [joined], ["output"], perm=[0, 2, 1]))
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, None, None])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, None, 5 + COCO_LABELS])
    graph = helper.make_graph(drawn.nodes, "detector", [image], [output], drawn.stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def _every_second(drawn: Drawn, of: str, first: int, *, axis: int) -> str:
    ends, step = drawn.numbers(2**62), drawn.numbers(2)
    return drawn.add("Slice", [of, drawn.numbers(first), ends, drawn.numbers(axis), step])


def _level(drawn: Drawn, of: str, place: int) -> str:
    told = drawn.active(drawn.conv(of, WIDTH, WIDTH))
    boxed = drawn.active(drawn.conv(of, WIDTH, WIDTH))
    name = f"head.{{}}_preds.{place}"
    box = drawn.conv(boxed, WIDTH, 4, name=name.format("reg"), side=1)
    there = drawn.conv(boxed, WIDTH, 1, name=name.format("obj"), side=1)
    label = drawn.conv(told, WIDTH, COCO_LABELS, name=name.format("cls"), side=1)
    scores = [drawn.add("Sigmoid", [one]) for one in (there, label)]
    everything = drawn.add("Concat", [box, *scores], axis=1)
    return drawn.add("Reshape", [everything, drawn.numbers(1, 5 + COCO_LABELS, -1)])
