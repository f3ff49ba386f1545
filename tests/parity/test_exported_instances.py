"""The exported instance segmenter through the runtime answers what the trained network answers."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from services.trainer.domain.detector.network import DetectorShape
from services.trainer.domain.tasks.instance_segmentation.network import (
    ExportableInstances,
    InstanceSegmenter,
)
from services.trainer.domain.training.export import to_onnx
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.placement import place
from shared.runtime.predictor import Predictor
from shared.runtime.preprocess import fill_input
from shared.runtime.tasks.instance_segmentation import INSTANCE_SEGMENTATION
from shared.vision.masks import from_text, to_dense

SHAPE = DetectorShape(labels=3, input_size=(128, 96), channels=16)
MANIFEST = ModelManifest(
    task="instance_segmentation", labels=("a", "b", "c"), input_width=128, input_height=96
)


@pytest.fixture(scope="module")
def network() -> InstanceSegmenter:
    """A network whose random scores and masks are spread enough to be told apart."""
    torch.manual_seed(11)
    network = InstanceSegmenter(SHAPE).train()
    with torch.no_grad():
        for _ in range(30):  # gives the normalisations statistics, so that signals get through
            network.instances(torch.randn(4, 3, 96, 128))
    torch.nn.init.normal_(network.score.weight, std=0.1)
    torch.nn.init.normal_(network.masks.coefficients.weight, std=0.3)
    return network.eval()


@pytest.fixture(scope="module")
def session(network: InstanceSegmenter) -> OnnxSession:
    outputs = INSTANCE_SEGMENTATION.output_names
    return OnnxSession(to_onnx(ExportableInstances(network), SHAPE.input_size, outputs))


def picture(seed: int, width: int, height: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)).astype(np.uint8)
    return np.kron(blocks, np.ones((8, 8, 1), np.uint8))[:height, :width]


@pytest.mark.parametrize("batch", [1, 3])
def test_tensors_of_the_graph_are_those_of_the_network(network, session, batch: int) -> None:
    images = np.stack([picture(seed, 128, 96) for seed in range(batch)])
    with torch.no_grad():
        expected = ExportableInstances(network)(torch.from_numpy(images))
    found = session.run(images)
    for output, tensor in zip(INSTANCE_SEGMENTATION.outputs, expected, strict=True):
        assert found[output.name].dtype == output.dtype
        np.testing.assert_allclose(found[output.name], tensor.numpy(), atol=output.tolerance)
    assert found["scores"].shape[1:] == (16 * 12 + 8 * 6 + 4 * 3, 3)
    assert found["prototypes"].shape[2:] == (24, 32)


@pytest.mark.parametrize("size", [(128, 96), (300, 200), (90, 170)])
def test_boxes_scores_and_masks_are_those_of_the_network(network, session, size) -> None:
    image = picture(5, *size)
    found = Predictor(MANIFEST, session).predict(image, threshold=0.0)
    boxes, scores, logits = of_network(network, image)
    assert len(found) > 20
    overlaps = 0
    for box, drawn in zip(found.found.boxes_xyxy, found.drawn(), strict=True):
        away = np.abs(boxes - box).max(axis=1) + np.abs(scores[:, drawn.label_index] - drawn.score)
        point = int(away.argmin())
        np.testing.assert_allclose(box, boxes[point], atol=0.1)
        assert drawn.score == pytest.approx(scores[point, drawn.label_index], abs=1e-4)
        seen = to_dense(from_text(drawn.mask.counts), *drawn.mask.size)
        logit = logits[point]
        inside = np.zeros_like(seen)
        x1, y1, x2, y2 = box.astype(int)
        inside[y1 : y2 + 1, x1 : x2 + 1] = True
        told = inside & (np.abs(logit) > 1e-3)  # where a rounding decides nothing
        mine, theirs = seen & told, (logit > 0) & told
        if theirs.any():
            assert (mine & theirs).sum() >= 0.999 * (mine | theirs).sum()
            overlaps += 1
    assert overlaps > 10


def of_network(network: InstanceSegmenter, image: np.ndarray) -> tuple[np.ndarray, ...]:
    """Boxes and scores of all points, and each one's mask at the image's pixels, by torch."""
    slot = np.empty((96, 128, 3), np.uint8)
    fill_input(image, slot, MANIFEST.resize, MANIFEST.pad_value)
    with torch.no_grad():
        boxes, scores, mix, planes = (
            one[0] for one in ExportableInstances(network)(torch.from_numpy(slot[None]))
        )
    height, width = image.shape[:2]
    placement = place((width, height), (128, 96), "letterbox")
    down, across = -(-placement.height // 4), -(-placement.width // 4)
    grid = torch.stack(
        torch.meshgrid(
            (torch.arange(height) + 0.5) * placement.scale_y / (4 * down) * 2 - 1,
            (torch.arange(width) + 0.5) * placement.scale_x / (4 * across) * 2 - 1,
            indexing="ij",
        ),
        dim=-1,
    ).flip(-1)[None]
    grown = functional.grid_sample(
        planes[None, :, :down, :across], grid, mode="bilinear", padding_mode="border",
        align_corners=False,
    )[0]  # fmt: skip
    logits = torch.einsum("ak,khw->ahw", mix, grown).numpy()
    ours = placement.to_image(boxes.numpy())
    limits = np.array([width, height] * 2, np.float32)
    return np.clip(ours, 0, limits), scores.numpy(), logits
