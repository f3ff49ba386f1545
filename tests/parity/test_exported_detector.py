"""The exported model through the runtime answers what the trained network answers."""

import numpy as np
import pytest
import torch
from torchvision.ops import batched_nms

from services.trainer.domain.detector.network import (
    Detector,
    DetectorShape,
    ExportableDetector,
)
from services.trainer.domain.training.export import to_onnx
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.placement import place
from shared.runtime.predictor import Predictor
from shared.runtime.preprocess import fill_input
from shared.runtime.tasks.detection import DETECTION

SHAPE = DetectorShape(labels=3, input_size=(128, 96), channels=16)
MANIFEST = ModelManifest(
    task="detection", labels=("a", "b", "c"), input_width=128, input_height=96, threshold=0.02
)


@pytest.fixture(scope="module")
def detector() -> Detector:
    """A network whose random scores are spread enough to be told apart."""
    torch.manual_seed(11)
    detector = Detector(SHAPE).train()
    with torch.no_grad():
        for _ in range(30):  # gives the normalisations statistics, so that signals get through
            detector(torch.randn(4, 3, 96, 128))
    torch.nn.init.normal_(detector.score.weight, std=0.3)
    torch.nn.init.normal_(detector.distance.weight, std=0.1)
    return detector.eval()


@pytest.fixture(scope="module")
def session(detector: Detector) -> OnnxSession:
    return OnnxSession(
        to_onnx(ExportableDetector(detector), SHAPE.input_size, DETECTION.output_names)
    )


def image(seed: int, size: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    return np.kron(small, np.ones((8, 8, 1), np.uint8))


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_tensors_agree_for_every_batch_size(detector, session, batch):
    pixels = np.stack([image(seed, (128, 96)) for seed in range(batch)])
    with torch.no_grad():
        boxes, scores = ExportableDetector(detector).eval()(torch.from_numpy(pixels))
    outputs = session.run(pixels)
    np.testing.assert_allclose(outputs["scores"], scores.numpy(), atol=1e-4)
    np.testing.assert_allclose(outputs["boxes"], boxes.numpy(), atol=0.1)


@pytest.mark.parametrize("size", [(128, 96), (256, 192), (200, 96), (64, 200)])
def test_the_runtime_agrees_with_torch_from_pixels_to_boxes(detector, session, size):
    """The oracle is torch and torchvision's NMS, written out once more here."""
    pixels = image(3, size)
    found = Predictor(MANIFEST, session).predict(pixels)
    slot = np.empty((1, 96, 128, 3), np.uint8)
    fill_input(pixels, slot[0], "letterbox", 114)
    with torch.no_grad():
        boxes, scores = ExportableDetector(detector).eval()(torch.from_numpy(slot))
    rows, labels = (scores[0] >= MANIFEST.score_floor).nonzero(as_tuple=True)
    values = scores[0][rows, labels]
    placement = place(size, (128, 96), "letterbox")
    scale = torch.tensor([placement.scale_x, placement.scale_y] * 2)
    limit = torch.tensor([size[0], size[1]] * 2)
    placed = torch.minimum((boxes[0][rows] / scale).clamp(min=0), limit)
    best = values.argsort(descending=True, stable=True)[:1000]
    placed, values, labels = placed[best], values[best], labels[best]
    whole = ((placed[:, 2:] - placed[:, :2]) > 0).all(1)
    placed, values, labels = placed[whole], values[whole], labels[whole]
    kept = batched_nms(placed, values, labels, MANIFEST.nms_iou_threshold)[:300]
    kept = kept[values[kept] >= MANIFEST.threshold]
    assert len(found) == len(kept) > 5
    np.testing.assert_allclose(found.scores, values[kept].numpy(), atol=1e-4)
    np.testing.assert_allclose(found.boxes_xyxy, placed[kept].numpy(), atol=0.1)
    assert found.label_indices.tolist() == labels[kept].tolist()
