"""Trainer, Triton and the shared runtime say the same of the same image.

Figure of the main job: 1e-4 in scores, 0.1 px in boxes.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from services.inference.adapters.triton.session import Circuit, TritonSession
from services.inference.domain.model_config import ServedModel
from services.trainer.domain.detector.network import (
    Detector,
    DetectorShape,
    ExportableDetector,
)
from services.trainer.domain.training.export import to_onnx
from services.trainer.process.dataset import read_image
from shared.ids import new_id
from shared.runtime.detections import Detections
from shared.runtime.images import decode_rgb
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.detection import DETECTION
from shared.vision.tiles import TilePlan
from tests.adapters.inference.bench import running_bench

SCORE, BOX_PX = 1e-4, 0.1
SIZE = (160, 128)
LABELS = ("scratch", "stain", "puncture")


class TorchSession:
    """The trainer's own network behind the port of the runtime."""

    def __init__(self, detector: Detector) -> None:
        self._model = ExportableDetector(detector).eval()

    def run(self, images: np.ndarray) -> Mapping[str, np.ndarray]:
        with torch.no_grad():
            boxes, scores = self._model(torch.from_numpy(images))
        return {"boxes": boxes.numpy(), "scores": scores.numpy()}


@dataclass(frozen=True)
class Exported:
    """One network in its two forms."""

    torch: TorchSession
    onnx: bytes


@pytest.fixture(scope="module")
def exported() -> Exported:
    """A network with lively heads, so that many scores lie well above the floor."""
    torch.manual_seed(7)
    detector = Detector(DetectorShape(labels=len(LABELS), input_size=SIZE))
    for branch in (detector.score, detector.distance):
        nn.init.normal_(branch.weight, std=0.08)
    nn.init.constant_(detector.score.bias, -2.0)
    pixels = torch.from_numpy(np.stack([scene(*SIZE), scene(SIZE[0], SIZE[1])[::-1]]))
    detector.train()
    with torch.no_grad():
        for _ in range(30):  # fills the running figures of the normalisation
            detector(ExportableDetector(detector).normalise(pixels))
    detector.eval()
    onnx = to_onnx(ExportableDetector(detector), SIZE, DETECTION.output_names)
    return Exported(TorchSession(detector), onnx)


def scene(width: int, height: int) -> np.ndarray:
    rng = np.random.default_rng(width)
    coarse = rng.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(image.astype(int) + rng.integers(-20, 20, image.shape), 0, 255).astype(np.uint8)


def assert_same(found: Detections, expected: Detections) -> None:
    """Every detection has its partner: same label, score and box within the figures."""
    assert len(found) == len(expected) > 5
    for one, other in ((found, expected), (expected, found)):
        for box, score, label in zip(one.boxes_xyxy, one.scores, one.label_indices, strict=True):
            near = (other.label_indices == label) & (np.abs(other.scores - score) <= SCORE)
            assert near.any()
            assert np.abs(other.boxes_xyxy[near] - box).max(axis=1).min() <= BOX_PX


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "plan"),
    [
        ((160, 128), None),
        ((641, 479), None),
        ((900, 700), TilePlan(tile_size=(320, 256), overlap_px=32)),
        ((640, 512), TilePlan(grid=(2, 2))),
    ],
    ids=["input size", "resized", "tiled", "grid"],
)
async def test_trainer_runtime_and_triton_agree(exported, tmp_path: Path, size, plan):
    manifest = ModelManifest(
        task="detection", labels=LABELS, input_width=SIZE[0], input_height=SIZE[1], tile_plan=plan
    )
    image = scene(*size)
    local = OnnxSession(exported.onnx)
    async with running_bench(tmp_path / "triton") as bench:
        model = ServedModel(
            name=new_id(),
            number=1,
            input_width=SIZE[0],
            input_height=SIZE[1],
            label_count=3,
            outputs=DETECTION.outputs,
        )
        digest = hashlib.sha256(exported.onnx).hexdigest()
        bench.store.publish(model, exported.onnx, sha256=digest)
        bench.desired[model.name] = 1
        await bench.reconciler.reconcile()
        served = TritonSession(bench.client, (model.name, 1), circuit=Circuit())
        batch = np.stack([scene(*SIZE)] * 3)
        answers = await asyncio.to_thread(served.run, batch)
        by_triton = await asyncio.to_thread(Predictor(manifest, served).predict, image)
    for name, tolerance in (("boxes", BOX_PX), ("scores", SCORE)):
        assert np.array_equal(answers[name], local.run(batch)[name])
        assert np.abs(answers[name] - exported.torch.run(batch)[name]).max() <= tolerance
    by_runtime = Predictor(manifest, local).predict(image)
    assert np.array_equal(by_triton.boxes_xyxy, by_runtime.boxes_xyxy)
    assert np.array_equal(by_triton.scores, by_runtime.scores)
    assert_same(by_triton, Predictor(manifest, exported.torch).predict(image))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_trainer_and_inference_decode_the_same_pixels(tmp_path: Path, suffix):
    path = tmp_path / f"image{suffix}"
    cv2.imwrite(str(path), scene(321, 243))
    data = path.read_bytes()
    assert np.array_equal(decode_rgb(data), read_image(path, "image"))
