"""An ONNX graph as a torch module, and OCR's written graph, against ONNX Runtime."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from services.trainer.domain.networks.normalisation import DEVIATION, MEAN
from services.trainer.domain.networks.onnx_graph import OnnxGraph, UnknownOperator
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.ocr.alphabet import Alphabet
from services.trainer.domain.tasks.ocr.export import ExportableText
from services.trainer.domain.tasks.ocr.network import FOUND, INPUT, READ, Stock, TextNetwork
from services.trainer.domain.training.export import to_onnx
from services.trainer.process.weights import find_weights
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.tasks.ocr import OCR


@pytest.fixture(scope="module")
def stock() -> Stock:
    found = find_weights(Recipe().of_task("ocr"), folder=None).first
    assert found is not None
    return Stock.of(*found.graphs)


def answer(model: onnx.ModelProto, pixels: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {INPUT: pixels})[0]


@pytest.mark.parametrize(
    ("half", "shape"), [("recognition", (2, 3, 48, 72)), ("detection", (1, 3, 64, 96))]
)
def test_a_graph_in_torch_answers_what_onnx_runtime_answers_and_has_gradients(
    stock: Stock, half: str, shape: tuple[int, ...]
) -> None:
    model = getattr(stock, half)
    pixels = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    graph = OnnxGraph(model, (INPUT,), (model.graph.output[0].name,))
    (found,) = graph(torch.from_numpy(pixels))
    np.testing.assert_allclose(found.detach().numpy(), answer(model, pixels), atol=2e-5)
    (found**2).sum().backward()
    taught = [one.grad is not None and bool(one.grad.any()) for one in graph.parameters()]
    assert sum(taught) > 0.95 * len(taught) > 90


def test_operators_that_are_not_known_are_said() -> None:
    node = helper.make_node("Celu", ["x"], ["y"])
    sides = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    model = helper.make_model(helper.make_graph([node], "g", [sides], [out]))
    with pytest.raises(UnknownOperator, match="Celu"):
        OnnxGraph(model, ("x",), ("y",))
    with pytest.raises(ValueError, match="does not follow"):
        OnnxGraph(model, ("z",), ("other",))


@pytest.fixture(scope="module")
def learnt(stock: Stock) -> TextNetwork:
    """A network that learnt something, in an alphabet with a new sign."""
    network = TextNetwork(stock, Alphabet.of(stock.signs, ["𒀀"]), seed=1).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1 + 0.05 * torch.randn(parameter.shape))
    return network


@pytest.fixture(scope="module")
def session(learnt: TextNetwork, stock: Stock) -> OnnxSession:
    return OnnxSession(to_onnx(ExportableText(learnt, stock), (64, 64), OCR.output_names))


def seen(model: onnx.ModelProto, last: str, pixels: np.ndarray, learnt: TextNetwork):
    """The whole graph in torch, with what was learnt in it."""
    graph = OnnxGraph(model, (INPUT,), (last,))
    own = dict(learnt.reader.state_dict() if last == READ else learnt.finder.state_dict())
    graph.load_state_dict(own, strict=False)
    with torch.no_grad():
        return graph(torch.from_numpy(np.ascontiguousarray(pixels, np.float32)))[0]


@pytest.mark.parametrize("shape", [(2, 48, 64, 3), (1, 48, 192, 3)])
def test_the_written_graph_reads_lines_as_the_network_does(
    learnt: TextNetwork, stock: Stock, session: OnnxSession, shape: tuple[int, ...]
) -> None:
    images = np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)
    pixels = images[..., ::-1].transpose(0, 3, 1, 2) / np.float32(127.5) - 1
    with torch.no_grad():
        scores = learnt.head(seen(stock.recognition, READ, pixels, learnt)).softmax(2)
    found = session.run(images)
    assert tuple(found) == OCR.output_names
    assert found["map"].shape == (len(images), 0, 0)
    np.testing.assert_array_equal(found["signs"], scores.argmax(2).numpy())
    np.testing.assert_allclose(found["sign_scores"], scores.amax(2).numpy(), atol=1e-4)


def test_the_written_graph_finds_text_as_the_network_does(
    learnt: TextNetwork, stock: Stock, session: OnnxSession
) -> None:
    images = np.random.default_rng(6).integers(0, 256, (2, 64, 96, 3)).astype(np.uint8)
    scaled = images[..., ::-1] / np.float32(255)
    pixels = ((scaled - np.float32(MEAN)) / np.float32(DEVIATION)).transpose(0, 3, 1, 2)
    wanted = seen(stock.detection, FOUND, pixels, learnt)[:, 0].sigmoid()
    found = session.run(images)
    assert found["signs"].shape == found["sign_scores"].shape == (2, 0)
    np.testing.assert_allclose(found["map"], wanted.numpy(), atol=1e-5)
