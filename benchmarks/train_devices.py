"""Training steps on the CPU and on a CUDA GPU: speed, and that both give the same model.

    python -m benchmarks.train_devices [--steps 30] [--devices cpu cuda]

Windows are drawn, not read. ``views_per_s`` counts whole steps: augmentation to optimiser.
On a GPU it also trains one network on both devices from one seed and compares the loss, packs a
checkpoint there and goes on from it on the CPU, and compares the exported model with the network.
Prints one JSON object a line.
"""

import argparse
import json
import time
from collections.abc import Sequence

import numpy as np
import torch

from services.trainer.domain.detector.network import DetectorShape, ExportableDetector
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.detection.training import DetectionTraining
from services.trainer.domain.training.checkpoint import pack, restore
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import TrainingLoop
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.tasks.detection import DETECTION

CASES = {
    "mobilenet_v2, 416 x 320, 64 channels, batch 8": (
        Recipe(epochs=1000, batch_size=8),
        DetectorShape(labels=3, input_size=(416, 320), channels=64),
    ),
    "resnet50, 640 x 640, 256 channels, batch 16": (
        Recipe(epochs=1000, batch_size=16, backbone="resnet50", channels=256),
        DetectorShape(labels=3, input_size=(640, 640), backbone="resnet50", channels=256),
    ),
}
SMALL = DetectorShape(labels=3, input_size=(160, 128), channels=32)


def drawn(count: int, size: tuple[int, int]) -> list[Sample]:
    """Noise with bright rectangles of three sizes, each its label."""
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(count):
        image = rng.integers(0, 120, (size[1], size[0], 3), dtype=np.uint8)
        boxes, labels = [], []
        for label in range(3):
            side = size[1] // (12 - 4 * label)
            x, y = rng.integers(0, size[0] - side), rng.integers(0, size[1] - side)
            image[y : y + side, x : x + side] = 250
            boxes.append([x, y, x + side, y + side])
            labels.append(label)
        samples.append(Sample(image, np.array(boxes, np.float32), np.array(labels)))
    return samples


def loop(
    recipe: Recipe, shape: DetectorShape, samples: Sequence[Sample], device: str
) -> TrainingLoop:
    return TrainingLoop(DetectionTraining(recipe, shape, samples), recipe, device=device)


def steps(training: TrainingLoop, count: int) -> list[float]:
    losses = []
    for progress in training.steps():
        losses.append(progress.loss)
        if len(losses) == count:
            break
    return losses


def speed(name: str, device: str, count: int) -> dict[str, object]:
    recipe, shape = CASES[name]
    samples = drawn(4 * recipe.batch_size, shape.input_size)
    training = loop(recipe, shape, samples, device)
    walk, times = training.steps(), []
    for _ in range(count + 5):
        began = time.perf_counter()
        next(walk)
        times.append(time.perf_counter() - began)
    walk.close()
    memory = torch.cuda.max_memory_allocated() >> 20 if device == "cuda" else None
    return {
        "case": name,
        "device": torch.cuda.get_device_name() if device == "cuda" else "CPU",
        "threads": torch.get_num_threads(),
        "step_ms": round(1000 * float(np.median(times[5:])), 1),
        "views_per_s": round(recipe.batch_size / float(np.median(times[5:])), 1),
        "gpu_mib": memory,
    }


def same(devices: Sequence[str]) -> dict[str, object]:
    """One training of few steps on each device, and on across the devices by a checkpoint."""
    recipe = Recipe(epochs=4, batch_size=4, channels=32)
    samples = drawn(16, SMALL.input_size)
    runs = {}
    for device in devices:
        training = loop(recipe, SMALL, samples, device)
        runs[device] = (training, steps(training, training.steps_per_epoch))
    training = runs[devices[-1]][0]
    other = loop(recipe, SMALL, samples, devices[0])
    restore(other, pack(training))
    steps(other, other.steps_per_epoch)
    detector = training.result()
    batch = np.stack([sample.image for sample in samples[:2]])
    exported = OnnxSession(
        to_onnx(ExportableDetector(detector), SMALL.input_size, DETECTION.output_names), threads=1
    ).run(batch)
    with torch.no_grad():
        boxes, scores = ExportableDetector(detector).eval()(torch.from_numpy(batch))
    return {
        "losses": {device: [round(v, 5) for v in found] for device, (_, found) in runs.items()},
        "resumed_on": devices[0],
        "resumed_to_epoch": other.epoch,
        "export_boxes_px": float(np.abs(exported["boxes"] - boxes.numpy()).max()),
        "export_scores": float(np.abs(exported["scores"] - scores.numpy()).max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    known = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--devices", nargs="+", default=known, choices=known)
    args = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    print(json.dumps(same(args.devices)), flush=True)
    for name in CASES:
        for device in args.devices:
            count = args.steps if device == "cuda" else max(2, args.steps // 10)
            print(json.dumps(speed(name, device, count)), flush=True)


if __name__ == "__main__":
    main()
