"""A real Triton in a temporary folder, and tiny models with the detector's inputs and outputs."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from services.inference.domain.model_config import ServedModel
from services.inference.triton.binary import find_python_runtime, find_triton
from services.inference.triton.client import TritonClient
from services.inference.triton.model_store import ModelStore, Serving
from services.inference.triton.reconciler import Reconciler, Wanted
from services.inference.triton.server import EmbeddedTriton, TritonFolders
from services.inference.triton.supervisor import TritonSupervisor
from shared.ids import new_id

WIDTH, HEIGHT, LABELS = 64, 48, 2
ANCHORS = (WIDTH // 8) * (HEIGHT // 8)


def tiny_detector(seed: int) -> bytes:
    """An ONNX model: one strided convolution whose channels are four sides and two scores."""
    weights = np.random.default_rng(seed).normal(size=(4 + LABELS, 3, 8, 8)) * 1e-3
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "w"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Reshape", ["cells", "flat"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["anchors"], perm=[0, 2, 1]),
        helper.make_node("Split", ["anchors", "parts"], ["boxes", "logits"], axis=2),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
    ]
    outputs = (("boxes", 4), ("scores", LABELS))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", HEIGHT, WIDTH, 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", ANCHORS, size])
            for name, size in outputs
        ],
        [
            numpy_helper.from_array(weights.astype(np.float32), "w"),
            numpy_helper.from_array(np.array([0, 4 + LABELS, -1]), "flat"),
            numpy_helper.from_array(np.array([4, LABELS]), "parts"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


@dataclass
class Bench:
    """A running Triton with everything around it, as the service wires it."""

    store: ModelStore
    server: EmbeddedTriton
    client: TritonClient
    supervisor: TritonSupervisor
    reconciler: Reconciler
    desired: dict[str, int]
    onnx: dict[str, bytes]

    def publish(self, *, number: int = 1, seed: int = 0, data: bytes | None = None) -> ServedModel:
        """Publish a fresh tiny model (or ``data``) and desire it; the reconciler loads it."""
        model = ServedModel(
            name=new_id(),
            number=number,
            input_width=WIDTH,
            input_height=HEIGHT,
            label_count=LABELS,
        )
        data = tiny_detector(seed) if data is None else data
        self.store.publish(model, data, sha256=hashlib.sha256(data).hexdigest())
        self.onnx[model.name] = data
        self.desired[model.name] = number
        return model


@asynccontextmanager
async def running_bench(folder: Path) -> AsyncIterator[Bench]:
    """Start Triton in ``folder``; everything is stopped in the end."""
    folders = TritonFolders(folder)
    server = EmbeddedTriton(find_triton(), find_python_runtime(), folders)
    client = TritonClient(server.address, access_key=server.access_key)
    store = ModelStore(folders.models, Serving(threads=1))
    desired: dict[str, int] = {}

    async def wanted() -> Wanted:
        return Wanted(dict(desired))

    async def nothing() -> None:
        return

    async def ensure(name: str) -> None:
        assert store.is_intact(name)

    reconciler = Reconciler(client, wanted, ensure)
    supervisor = TritonSupervisor(
        server, client, on_restart=reconciler.reconcile, misses_before_kill=2
    )
    await supervisor.start()
    reconciling = asyncio.create_task(reconciler.run(afterwards=nothing))
    try:
        yield Bench(store, server, client, supervisor, reconciler, desired, {})
    finally:
        reconciling.cancel()
        await asyncio.gather(reconciling, return_exceptions=True)
        await supervisor.stop()
        client.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A running Triton of its own for one test."""
    async with running_bench(tmp_path / "triton") as running:
        yield running
