"""An ONNX graph, or a part of one, as a torch module with gradients: its initialisers are tensors.

Only operators that the graphs of `packages` and YOLOX's have, as ONNX defines them at operator set
11 (https://onnx.ai/onnx/operators/).
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import Tensor, nn

Attributes = Mapping[str, Any]
Operator = Callable[[Sequence[Tensor], Attributes], Tensor]

SILU = "a sigmoid times what it was taken of"
_READ_NUMBERS = ("Resize", "Slice", "Reshape")
"""Operators of which some inputs are numbers that say what is done, not tensors to work on."""


class UnknownOperator(ValueError):
    """The graph has an operator that is not known here."""


class Step(NamedTuple):
    """One node: its operator's name, names of what it takes and gives, its attributes."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Attributes


class OnnxGraph(nn.Module):
    """The part of a graph that leads from some tensors to others.

    Floating initialisers are parameters, but for lone numbers, the statistics of batch
    normalisation and factors of a size, which stay as they are.
    """

    def __init__(
        self, model: onnx.ModelProto, inputs: Sequence[str], outputs: Sequence[str]
    ) -> None:
        """Takes the nodes between; names are the graph's.

        Raises:
            UnknownOperator: One of them is not in `OPERATORS`.
            ValueError: An output does not follow from the inputs.
        """
        super().__init__()
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        stored = {one.name: one for one in model.graph.initializer}
        self.steps = _between(model.graph, self.inputs, self.outputs, stored)
        fixed = {name for step in self.steps for name in _fixed(step)}
        for name in dict.fromkeys(name for step in self.steps for name in step.inputs):
            if name in stored:
                self._keep(name, stored[name], trained=name not in fixed)

    def _keep(self, name: str, stored: onnx.TensorProto, *, trained: bool) -> None:
        value = torch.from_numpy(numpy_helper.to_array(stored).copy())
        if trained and value.is_floating_point() and (value.ndim > 1 or value.numel() > 1):
            self.register_parameter(held_as(name), nn.Parameter(value))
        else:
            self.register_buffer(held_as(name), value)

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """The outputs for the inputs, in their order."""
        known = self.values(*given)
        return tuple(known[name] for name in self.outputs)

    def values(self, *given: Tensor) -> dict[str, Tensor]:
        """The inputs, and what each step gives for them, in order, by their names in the graph."""
        known = dict(zip(self.inputs, given, strict=True))
        for step in self.steps:
            taken = [known[one] if one in known else self._own(one) for one in step.inputs if one]
            known[step.output] = OPERATORS[step.operator](taken, step.attributes)
        return known

    def _own(self, name: str) -> Tensor:
        found: Tensor = getattr(self, held_as(name))
        return found


def held_as(name: str) -> str:
    """The name in a module of a tensor of the graph: modules keep dots for themselves.

    >>> held_as("linear_0.w_0")
    'linear_0/w_0'
    """
    return name.replace(".", "/")


def _between(
    graph: onnx.GraphProto,
    inputs: Sequence[str],
    outputs: Sequence[str],
    stored: Mapping[str, onnx.TensorProto],
) -> tuple[Step, ...]:
    """The nodes that lead from the inputs to the outputs, in the graph's order."""
    wanted, steps = set(outputs) - set(inputs), []
    for node in reversed(graph.node):
        if node.output[0] in wanted:
            if node.op_type not in OPERATORS:
                raise UnknownOperator(f"the operator {node.op_type} is not known")
            attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
            attributes |= _numbers_of(node, stored)
            steps.append(Step(node.op_type, tuple(node.input), node.output[0], attributes))
            wanted |= set(node.input) - set(inputs) - stored.keys() - {""}
    missing = wanted - {step.output for step in steps}
    if missing:
        raise ValueError(f"{min(missing)!r} does not follow from {', '.join(inputs)}")
    return _joined(tuple(reversed(steps)), outputs)


def _joined(steps: Sequence[Step], outputs: Sequence[str]) -> tuple[Step, ...]:
    """A sigmoid that only multiplies what it was taken of as one step: one map less is kept."""
    uses = Counter(name for step in steps for name in step.inputs)
    of = {step.output: step.inputs[0] for step in steps if step.operator == "Sigmoid"}
    joined, gone = [], set()
    for step in steps:
        for one, other in (step.inputs, step.inputs[::-1]) if step.operator == "Mul" else ():
            if of.get(other) == one and uses[other] == 1 and other not in outputs:
                gone.add(other)
                step = Step(SILU, (one,), step.output, step.attributes)
        joined.append(step)
    return tuple(step for step in joined if step.output not in gone)


def _numbers_of(
    node: onnx.NodeProto, stored: Mapping[str, onnx.TensorProto]
) -> dict[str, list[float]]:
    """What of a node's inputs are numbers that stand in the file, by `numbers_at`.

    Known before anything runs, so that a network which has the graph in it can be traced.
    """
    if node.op_type not in _READ_NUMBERS:
        return {}
    return {
        numbers_at(place): numpy_helper.to_array(stored[name]).tolist()
        for place, name in enumerate([one for one in node.input if one])
        if place and name in stored
    }


def numbers_at(place: int) -> str:
    """The attribute with the numbers of an input; none in ONNX has such a name."""
    return f"numbers of input {place}"


def _numbers(given: Sequence[Tensor], attributes: Attributes, place: int) -> list[Any]:
    """The numbers of an input: those in the file, or what came out of another step."""
    stored = attributes.get(numbers_at(place % len(given)))
    found: list[Any] = given[place].tolist() if stored is None else stored
    return found


def _fixed(step: Step) -> tuple[str, ...]:
    """What of a node's inputs nothing teaches: statistics, and factors of a size."""
    if step.operator == "Resize":
        return step.inputs[1:]
    return step.inputs[3:] if step.operator == "BatchNormalization" else ()


def _padded(image: Tensor, attributes: Attributes, fill: float) -> Tensor:
    """The image with the padding that a window of the operator needs around it."""
    kernel, strides = attributes["kernel_shape"], attributes["strides"]
    if attributes.get("auto_pad") == b"SAME_UPPER":
        sides = []
        for size, window, stride in zip(image.shape[2:], kernel, strides, strict=True):
            missing = max((math.ceil(size / stride) - 1) * stride + window - size, 0)
            sides.append((missing // 2, missing - missing // 2))
        (top, bottom), (left, right) = sides
    else:
        top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if not (top or left or bottom or right):
        return image
    return F.pad(image, (left, right, top, bottom), value=fill)


def _conv(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    image, weight = _padded(given[0], attributes, 0.0), given[1]
    bias = given[2] if len(given) > 2 else None
    strides, groups = attributes["strides"], attributes.get("group", 1)
    return F.conv2d(image, weight, bias, stride=strides, groups=groups)


def _conv_transpose(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    image, weight = given
    return F.conv_transpose2d(image, weight, stride=attributes["strides"])


def _max_pool(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    image = _padded(given[0], attributes, -math.inf)
    return F.max_pool2d(image, attributes["kernel_shape"], attributes["strides"])


def _average_pool(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return F.avg_pool2d(given[0], attributes["kernel_shape"], attributes["strides"])


def _batch_normalised(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    image, weight, bias, mean, variance = given
    return F.batch_norm(image, mean, variance, weight, bias, eps=attributes["epsilon"])


def _hard_sigmoid(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    alpha, beta = float(attributes["alpha"]), float(attributes["beta"])
    return (given[0] * alpha + beta).clamp(0, 1)


def _resized(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """Nearest neighbours, as the graphs enlarge by whole numbers."""
    down, across = _numbers(given, attributes, -1)[2:]
    return F.interpolate(given[0], scale_factor=(down, across), mode="nearest")


def _sliced(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    data, (starts, ends, *rest) = (
        given[0],
        [_numbers(given, attributes, place) for place in range(1, len(given))],
    )
    axes = rest[0] if rest else range(len(starts))
    strides = rest[1] if len(rest) > 1 else [1] * len(starts)
    places = [slice(None)] * data.ndim
    for axis, start, end, stride in zip(axes, starts, ends, strides, strict=True):
        places[axis] = slice(start, end, stride)
    return data[tuple(places)]


def _squeezed(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return given[0].squeeze(tuple(attributes["axes"]))


def _unsqueezed(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    (axis,) = attributes["axes"]
    return given[0].unsqueeze(axis)


def _reshaped(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    data, sides = given[0], _numbers(given, attributes, 1)
    return data.reshape([side or data.shape[axis] for axis, side in enumerate(sides)])


def _mean(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return given[0].mean(tuple(attributes["axes"]), keepdim=bool(attributes.get("keepdims", 1)))


OPERATORS: Mapping[str, Operator] = {
    "Add": lambda given, _: given[0] + given[1],
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalised,
    "Concat": lambda given, attributes: torch.cat(list(given), attributes["axis"]),
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Div": lambda given, _: given[0] / given[1],
    "Erf": lambda given, _: given[0].erf(),
    "GlobalAveragePool": lambda given, _: given[0].mean((2, 3), keepdim=True),
    "HardSigmoid": _hard_sigmoid,
    "Identity": lambda given, _: given[0],
    "MatMul": lambda given, _: given[0] @ given[1],
    "MaxPool": _max_pool,
    "Mul": lambda given, _: given[0] * given[1],
    "Pow": lambda given, _: given[0] ** given[1],
    "ReduceMean": _mean,
    "Relu": lambda given, _: given[0].relu(),
    "Reshape": _reshaped,
    "Resize": _resized,
    "Shape": lambda given, _: torch.tensor(given[0].shape),
    "Sigmoid": lambda given, _: given[0].sigmoid(),
    SILU: lambda given, _: F.silu(given[0]),
    "Slice": _sliced,
    "Softmax": lambda given, attributes: given[0].softmax(attributes["axis"]),
    "Sqrt": lambda given, _: given[0].sqrt(),
    "Squeeze": _squeezed,
    "Sub": lambda given, _: given[0] - given[1],
    "Transpose": lambda given, attributes: given[0].permute(*attributes["perm"]),
    "Unsqueeze": _unsqueezed,
}
