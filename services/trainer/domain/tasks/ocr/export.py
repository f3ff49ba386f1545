"""The network as one ONNX file that finds lines on pages and reads lines, by its input's height.

It is written, not traced: the graphs that it began as, with the tensors that it has learnt.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper
from torch import Tensor, nn

from services.trainer.domain.networks.normalisation import DEVIATION, MEAN
from services.trainer.domain.networks.onnx_graph import held_as
from services.trainer.domain.tasks.ocr.network import HEAD, INPUT, Stock, TextNetwork
from shared.runtime.text_crops import LINE_HEIGHT

IMAGE = "image"
OUTPUTS = {  # type and sides of each
    "map": (TensorProto.FLOAT, 3),
    "signs": (TensorProto.INT64, 2),
    "sign_scores": (TensorProto.FLOAT, 2),
}
_SIDES_PER_IMAGE = 3  # height, width, channels


class ExportableText(nn.Module):
    """A `WrittenGraph`: uint8 ``(B, H, W, 3)`` RGB to ``map``, ``signs`` and ``sign_scores``."""

    def __init__(self, network: TextNetwork, stock: Stock) -> None:
        super().__init__()
        self.network, self._stock = network, stock

    def written(self) -> bytes:
        """The ONNX file; one branch of its `If` reads lines, the other finds them."""
        stock = self._stock.recognition
        lines, pages = self._lines(), self._pages()
        nodes = [
            helper.make_node("Shape", [IMAGE], ["sides"]),
            helper.make_node("Gather", ["sides", "second"], ["height"]),
            helper.make_node("Equal", ["height", "of_lines"], ["are_lines"]),
            helper.make_node(
                "If", ["are_lines"], list(OUTPUTS), then_branch=lines, else_branch=pages
            ),
        ]
        sides: list[str | int | None] = ["batch", "height", "width", _SIDES_PER_IMAGE]
        graph = helper.make_graph(
            nodes,
            "text",
            [helper.make_tensor_value_info(IMAGE, TensorProto.UINT8, sides)],
            [_output(name) for name in OUTPUTS],
            [_stored("second", np.array(1)), _stored("of_lines", np.array(LINE_HEIGHT))],
        )
        model = helper.make_model(
            graph, opset_imports=stock.opset_import, ir_version=stock.ir_version
        )
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())

    def _lines(self) -> onnx.GraphProto:
        """Recognition: the best sign of each step and its probability."""
        network = self.network
        learnt: dict[str, Tensor] = dict(network.reader.named_parameters())
        learnt |= {held_as(HEAD[0]): network.head.weight.T, held_as(HEAD[1]): network.head.bias}
        middle = np.full(3, 127.5, np.float32)
        branch = _Branch("lines", self._stock.recognition, learnt)
        branch.begin(mean=middle, deviation=middle)
        branch.add("ArgMax", [branch.end], "signs", axis=2, keepdims=0)
        branch.add("ReduceMax", [branch.end], "sign_scores", axes=[2], keepdims=0)
        return branch.ended(empty=("map",))

    def _pages(self) -> onnx.GraphProto:
        """Detection: how probable it is that a pixel shows text."""
        branch = _Branch(
            "pages", self._stock.detection, dict(self.network.finder.named_parameters())
        )
        branch.begin(
            mean=np.array(MEAN, np.float32) * 255, deviation=np.array(DEVIATION, np.float32) * 255
        )
        branch.add("Squeeze", [branch.end], "map", axes=[1])
        return branch.ended(empty=("signs", "sign_scores"))


class _Branch:
    """One branch of the graph; its names are its own."""

    def __init__(self, name: str, stock: onnx.ModelProto, learnt: Mapping[str, Tensor]) -> None:
        graph = onnx.GraphProto()
        graph.CopyFrom(stock.graph)
        for stored in graph.initializer:
            if held_as(stored.name) in learnt:
                value = learnt[held_as(stored.name)].detach().cpu().contiguous().numpy()
                stored.CopyFrom(numpy_helper.from_array(value, stored.name))
        compose.add_prefix_graph(graph, f"{name}/", inplace=True)
        self._name, self._graph = name, graph
        self.end: str = graph.output[0].name
        self._nodes: list[onnx.NodeProto] = list(graph.node)
        self._tensors: list[onnx.TensorProto] = list(graph.initializer)

    def begin(self, *, mean: np.ndarray, deviation: np.ndarray) -> None:
        """Puts the way from pixels to the stock's input before its nodes."""
        stock, self._nodes = self._nodes, []
        order = self._keep("order", np.array([2, 1, 0]))
        self.add("Cast", [IMAGE], "numbers", to=TensorProto.FLOAT)
        self.add("Gather", ["numbers", order], "turned", axis=3)
        self.add("Sub", ["turned", self._keep("mean", mean)], "centred")
        self.add("Div", ["centred", self._keep("deviation", deviation)], "scaled")
        self.add("Transpose", ["scaled"], INPUT, perm=[0, 3, 1, 2])
        self._nodes += stock

    def add(
        self,
        operator: str,
        inputs: Sequence[str],
        output: str,
        **attributes: Any,  # noqa: ANN401  as the operator has them
    ) -> None:
        """A node; names are the branch's own, but for the image's and those it has already."""
        taken = [one if "/" in one or one == IMAGE else self._own(one) for one in inputs]
        self._nodes.append(helper.make_node(operator, taken, [self._own(output)], **attributes))

    def ended(self, *, empty: Sequence[str]) -> onnx.GraphProto:
        """The branch with all outputs, these without a value for any image."""
        self.add("Shape", [IMAGE], "sides")
        self.add("Slice", ["sides", self._keep("first", [0]), self._keep("end", [1])], "images")
        for name in empty:
            kind, sides = OUTPUTS[name]
            nothing = self._keep(f"{name}_sides", [0] * (sides - 1))
            self.add("Concat", ["images", nothing], f"{name}_shape", axis=0)
            fill = helper.make_tensor("value", kind, [1], [0])
            self.add("ConstantOfShape", [f"{name}_shape"], name, value=fill)
        outputs = [_output(name, self._own(name)) for name in OUTPUTS]
        return helper.make_graph(self._nodes, self._name, [], outputs, self._tensors)

    def _own(self, name: str) -> str:
        return f"{self._name}/{name}"

    def _keep(self, name: str, value: Sequence[int] | np.ndarray) -> str:
        self._tensors.append(_stored(self._own(name), np.asarray(value)))
        return self._own(name)


def _stored(name: str, value: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(value, name)


def _output(name: str, called: str = "") -> onnx.ValueInfoProto:
    kind, sides = OUTPUTS[name]
    return helper.make_tensor_value_info(called or name, kind, [None] * sides)
