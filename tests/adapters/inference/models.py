"""Tiny ONNX models with the detector's inputs and outputs, and their artefacts."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from shared.blobs.content import content_key
from shared.contracts.model_events import ModelPromoted
from shared.hosting.stores import Stores
from shared.runtime.golden import Golden, probe_image
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.tasks.names import TaskName
from shared.vision.tiles import TilePlan

WIDTH, HEIGHT = 64, 48
CELL = 8
LABELS = ("red", "green")
ANCHORS = (WIDTH // CELL) * (HEIGHT // CELL)


def tiny(
    nodes: Sequence[NodeProto],
    constants: Mapping[str, np.ndarray],
    outputs: Mapping[str, Sequence[int]],
) -> bytes:
    """A model of uint8 images ``(B, HEIGHT, WIDTH, 3)``, and of each output the sides after B."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", HEIGHT, WIDTH, 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", *sides])
            for name, sides in outputs.items()
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _model(weights: np.ndarray, bias: np.ndarray, grid: np.ndarray, keep: float) -> bytes:
    """One convolution over cells; boxes are ``keep`` times its first channels plus ``grid``."""
    channels = 4 + len(LABELS)
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "Conv", ["planes", "w", "b"], ["cells"], kernel_shape=[CELL] * 2, strides=[CELL] * 2
        ),
        helper.make_node("Reshape", ["cells", "flat"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["anchors"], perm=[0, 2, 1]),
        helper.make_node("Split", ["anchors", "parts"], ["sides", "logits"], axis=2),
        helper.make_node("Mul", ["sides", "keep"], ["kept"]),
        helper.make_node("Add", ["kept", "grid"], ["boxes"]),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
    ]
    constants = {
        "w": weights.astype(np.float32),
        "b": bias.astype(np.float32),
        "flat": np.array([0, channels, -1]),
        "parts": np.array([4, len(LABELS)]),
        "keep": np.array(keep, np.float32),
        "grid": grid.astype(np.float32),
    }
    sides = {"boxes": [ANCHORS, 4], "scores": [ANCHORS, len(LABELS)]}
    return tiny(nodes, constants, sides)


def noise_detector(seed: int) -> bytes:
    """Random weights: every pixel matters for every number."""
    weights = np.random.default_rng(seed).normal(size=(4 + len(LABELS), 3, CELL, CELL)) * 1e-3
    return _model(weights, np.zeros(4 + len(LABELS)), np.zeros((1, ANCHORS, 4)), 1.0)


def colour_detector(bias: float = -10.0) -> bytes:
    """Finds cells of 8 x 8 px that are red (label 0) or green (label 1).

    A pure cell's score is the sigmoid of 25.5 plus ``bias``: near 1 by default.
    """
    weights = np.zeros((4 + len(LABELS), 3, CELL, CELL))
    for label in (0, 1):
        weights[4 + label] = -0.1 / CELL**2
        weights[4 + label, label] = 0.1 / CELL**2
    rows, columns = np.mgrid[0 : HEIGHT // CELL, 0 : WIDTH // CELL]
    corners = np.stack([columns, rows, columns + 1, rows + 1], axis=-1) * CELL
    biases = np.array([0, 0, 0, 0, bias, bias])
    return _model(weights, biases, corners.reshape(1, ANCHORS, 4), 0.0)


@dataclass(frozen=True)
class Version:
    """A version's artefacts as the trainer would leave them."""

    onnx: bytes
    manifest: ModelManifest
    golden: Golden


def make_version(
    onnx_bytes: bytes,
    *,
    name: str = "V1",
    task: TaskName = "detection",
    tile_plan: TilePlan | None = None,
    input_plan: TilePlan | None = None,
) -> Version:
    """Describe a model and ask it the golden question."""
    manifest = ModelManifest(
        task=task,
        labels=LABELS,
        input_width=WIDTH,
        input_height=HEIGHT,
        tile_plan=tile_plan,
        input_plan=input_plan,
        version=name,
        model_sha256=hashlib.sha256(onnx_bytes).hexdigest(),
    )
    question = probe_image(WIDTH, HEIGHT)
    answer = OnnxSession(onnx_bytes, threads=1).run(question)
    return Version(onnx_bytes, manifest, Golden(question, answer))


async def store_version(
    stores: Stores, version: Version, *, project_id: str, number: int = 1, tenant: str = "default"
) -> ModelPromoted:
    """Put the artefacts into the blob store; return the event that promotes them."""
    keys = []
    for data in (version.onnx, version.manifest.to_json().encode(), version.golden.to_bytes()):
        key = content_key(tenant, project_id, hashlib.sha256(data).hexdigest())
        await stores.blobs.put(key, data)
        keys.append(key)
    return ModelPromoted(
        project_id=project_id,
        training_id="01JD0000000000000000000001",
        version=f"V{number}",
        number=number,
        model_key=keys[0],
        model_manifest_key=keys[1],
        golden_key=keys[2],
    )


def painted(width: int, height: int, cells: dict[tuple[int, int], str]) -> np.ndarray:
    """A grey RGB image with cells of 8 x 8 px at the given corners painted red or green."""
    image = np.full((height, width, 3), 90, np.uint8)
    for (x, y), colour in cells.items():
        image[y : y + CELL, x : x + CELL] = (255, 0, 0) if colour == "red" else (0, 255, 0)
    return image


def png(image: np.ndarray) -> bytes:
    """The RGB image as a PNG file."""
    ok, data = cv2.imencode(".png", image[..., ::-1])
    assert ok
    return data.tobytes()
