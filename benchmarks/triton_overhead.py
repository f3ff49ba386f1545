"""What serving through Triton costs over bare ONNX Runtime on the same cores.

    python benchmarks/triton_overhead.py [--model model.onnx] [--seconds 4] [--rounds 5]

Both run the same graph on the same input in alternating rounds; the figure is the median over
rounds of the ratio within a round, because seconds drift and ratios hold. On a machine that does
other work too, wall time favours whoever has more runnable threads; the CPU time a request takes in
all processes together does not, and is what bounds throughput once the cores are full. Without
``--model`` a convolutional stand-in of the demo detector's cost (320x240) is used.
"""

import argparse
import asyncio
import hashlib
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from services.inference.adapters.triton.binary import find_python_runtime, find_triton
from services.inference.adapters.triton.client import TritonClient
from services.inference.adapters.triton.model_store import ModelStore, Serving
from services.inference.adapters.triton.server import EmbeddedTriton, TritonFolders
from services.inference.adapters.triton.session import Circuit, TritonSession
from services.inference.adapters.triton.supervisor import TritonSupervisor
from services.inference.domain.model_config import ServedModel
from shared.ids import new_id
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.tasks.table import spec_of

Run = Callable[[np.ndarray], object]


def stand_in(width: int, height: int, channels: int = 96, layers: int = 9) -> bytes:
    """A strided stem and some 3x3 layers at stride 8: four sides and three scores a cell."""
    rng = np.random.default_rng(0)
    weights = []

    def conv(source: str, target: str, shape: tuple[int, ...], stride: int) -> onnx.NodeProto:
        name = f"w_{target}"
        weights.append(numpy_helper.from_array((rng.normal(size=shape) / 40).astype("f4"), name))
        side = shape[2]
        pad = 0 if stride == side else side // 2
        return helper.make_node(
            "Conv", [source, name], [target], kernel_shape=[side] * 2, strides=[stride] * 2,
            pads=[pad] * 4,
        )  # fmt: skip

    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
        conv("planes", "c0", (channels, 3, 4, 4), 4),
    ]
    for layer in range(layers):
        nodes.append(conv(f"c{layer}", f"p{layer}", (channels, channels, 3, 3), 1))
        nodes.append(helper.make_node("Relu", [f"p{layer}"], [f"c{layer + 1}"]))
    nodes += [
        conv(f"c{layers}", "cells", (7, channels, 2, 2), 2),
        helper.make_node("Reshape", ["cells", "flat"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["anchors"], perm=[0, 2, 1]),
        helper.make_node("Split", ["anchors", "parts"], ["boxes", "logits"], axis=2),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
    ]
    weights += [
        numpy_helper.from_array(np.array([0, 7, -1]), "flat"),
        numpy_helper.from_array(np.array([4, 3]), "parts"),
    ]
    graph = helper.make_graph(
        nodes,
        "stand_in",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", height, width, 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", "A", size])
            for name, size in (("boxes", 4), ("scores", 3))
        ],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


@dataclass(frozen=True)
class Round:
    """One measured round: median request, requests a second, CPU time of one request."""

    median_ms: float
    per_second: float
    cpu_ms: float


def cpu_seconds(triton: int) -> float:
    """CPU time so far of this process, of Triton and of its stubs."""
    tasks = Path(f"/proc/{triton}/task").iterdir()
    children = [child for task in tasks for child in (task / "children").read_text().split()]
    ticks = 0
    for pid in (str(triton), *children):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") + time.process_time()


def load(run: Run, image: np.ndarray, clients: int, *, seconds: float, triton: int) -> Round:
    """Let ``clients`` threads ask without pause for ``seconds``."""
    times: list[float] = []
    until = time.perf_counter() + seconds

    def client() -> None:
        while (began := time.perf_counter()) < until:
            run(image)
            times.append(time.perf_counter() - began)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began, cpu = time.perf_counter(), cpu_seconds(triton)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cpu_ms = (cpu_seconds(triton) - cpu) / len(times) * 1e3
    return Round(statistics.median(times) * 1e3, len(times) / (time.perf_counter() - began), cpu_ms)


def compare(
    runs: tuple[Run, Run], image: np.ndarray, options: argparse.Namespace, triton: int
) -> None:
    """Print the table row of each number of clients for the bare and the served model."""
    bare, served = runs
    for clients in (1, 16):
        rounds = []
        for index in range(options.rounds):
            pair = [
                load(run, image, clients, seconds=options.seconds, triton=triton)
                for run in ((bare, served) if index % 2 else (served, bare))
            ]
            rounds.append(pair if index % 2 else pair[::-1])
        slower = statistics.median(s.median_ms / b.median_ms for b, s in rounds)
        cpu = statistics.median(s.cpu_ms / b.cpu_ms for b, s in rounds)
        through = statistics.median(s.per_second / b.per_second for b, s in rounds)
        print(
            f"| {clients} | {statistics.median(b.median_ms for b, _ in rounds):.2f} ms, "
            f"{statistics.median(b.per_second for b, _ in rounds):.1f}/s "
            f"| {statistics.median(s.median_ms for _, s in rounds):.2f} ms, "
            f"{statistics.median(s.per_second for _, s in rounds):.1f}/s "
            f"| {(slower - 1) * 100:+.1f} % | {through:.3f} "
            f"| {statistics.median(b.cpu_ms for b, _ in rounds):.1f} ms, "
            f"{statistics.median(s.cpu_ms for _, s in rounds):.1f} ms, {cpu:.3f} |"
        )


async def measure(onnx_bytes: bytes, options: argparse.Namespace) -> None:
    """Start Triton with the model and compare."""
    bare = OnnxSession(onnx_bytes, threads=options.threads)
    shape = onnxruntime.InferenceSession(onnx_bytes).get_inputs()[0].shape
    labels = onnxruntime.InferenceSession(onnx_bytes).get_outputs()[1].shape[2]
    height, width = int(shape[1]), int(shape[2])
    image = np.random.default_rng(1).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        folders = TritonFolders(Path(folder) / "triton")
        server = EmbeddedTriton(find_triton(), find_python_runtime(), folders)
        client = TritonClient(server.address)
        serving = Serving(threads=options.threads, instances=options.instances)
        model = ServedModel(
            name=new_id(),
            number=1,
            input_width=width,
            input_height=height,
            label_count=int(labels),
            outputs=spec_of("detection").outputs,
        )
        ModelStore(folders.models, serving).publish(
            model, onnx_bytes, sha256=hashlib.sha256(onnx_bytes).hexdigest()
        )
        supervisor = TritonSupervisor(server, client, on_up=lambda: None)
        await supervisor.start()
        try:
            await asyncio.to_thread(client.load, model.name)
            session = TritonSession(client, (model.name, 1), circuit=Circuit())
            runs = (bare.run, session.run)
            await asyncio.to_thread(compare, runs, image, options, server.pid or 0)
        finally:
            await supervisor.stop()
            client.close()


def main() -> None:
    """Parse the arguments and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--instances", type=int, default=1)
    options = parser.parse_args()
    data = options.model.read_bytes() if options.model else stand_in(320, 240)
    print(f"threads {options.threads}, instances {options.instances}")
    print(
        "| clients | bare ONNX Runtime | through Triton | overhead | throughput | CPU a request |"
    )
    print("|---|---|---|---|---|---|")
    asyncio.run(measure(data, options))


if __name__ == "__main__":
    main()
