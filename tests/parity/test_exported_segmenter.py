"""The exported segmenter through the runtime answers what the trained network answers."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from services.trainer.domain.tasks.semantic_segmentation.network import (
    ExportableSegmenter,
    Segmenter,
    SegmenterShape,
)
from services.trainer.domain.training.export import to_onnx
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.placement import place
from shared.runtime.predictor import Predictor
from shared.runtime.preprocess import fill_input
from shared.runtime.tasks.semantic_segmentation import SEMANTIC_SEGMENTATION
from shared.vision.masks import from_text, to_dense

SHAPE = SegmenterShape(labels=3, input_size=(128, 96), backbone="efficientnet_lite0", channels=16)
MANIFEST = ModelManifest(
    task="semantic_segmentation", labels=("a", "b", "c"), input_width=128, input_height=96
)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    """A network whose random scores are spread enough to be told apart."""
    torch.manual_seed(11)
    segmenter = Segmenter(SHAPE, None).train()
    with torch.no_grad():
        for _ in range(30):  # gives the normalisations statistics, so that signals get through
            segmenter(torch.randn(4, 3, 96, 128))
    torch.nn.init.normal_(segmenter.head.weight, std=0.6)
    torch.nn.init.zeros_(segmenter.background.bias)
    return segmenter.eval()


@pytest.fixture(scope="module")
def session(segmenter: Segmenter) -> OnnxSession:
    outputs = SEMANTIC_SEGMENTATION.output_names
    return OnnxSession(to_onnx(ExportableSegmenter(segmenter), SHAPE.input_size, outputs))


def picture(seed: int, width: int, height: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)).astype(np.uint8)
    return np.kron(blocks, np.ones((8, 8, 1), np.uint8))[:height, :width]


@pytest.mark.parametrize("batch", [1, 3])
def test_scores_of_the_graph_are_those_of_the_network(segmenter, session, batch: int) -> None:
    images = np.stack([picture(seed, 128, 96) for seed in range(batch)])
    with torch.no_grad():
        expected = ExportableSegmenter(segmenter)(torch.from_numpy(images)).numpy()
    (found,) = session.run(images).values()
    assert found.shape == (batch, *SEMANTIC_SEGMENTATION.outputs[0].shape(3)[:1], 24, 32)
    assert expected.std() > 0.05
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("size", [(128, 96), (300, 200), (90, 170)])
def test_labels_masks_and_scores_are_those_of_the_network(segmenter, session, size) -> None:
    image = picture(5, *size)
    found = Predictor(MANIFEST, session).predict(image, threshold=0.0)
    expected = network_scores(segmenter, image)
    sure = np.sort(np.concatenate([1 - expected.sum(0)[None], expected]), axis=0)
    labels = np.concatenate([1 - expected.sum(0)[None], expected]).argmax(0)
    told = sure[-1] - sure[-2] > 1e-3  # where a rounding decides nothing
    assert told.mean() > 0.98
    np.testing.assert_array_equal(found.labels[told], labels[told])
    assert len(np.unique(labels)) > 2
    columns = found.columns()
    starts, data = columns["rle_starts"].tolist(), columns["rle"].tobytes()
    for row, label in enumerate(columns["label"].tolist()):
        mask = to_dense(from_text(data[starts[row] : starts[row + 1]]), *image.shape[:2])
        truth = labels == label + 1
        assert (mask & truth).sum() >= 0.999 * (mask | truth).sum()
    for one, drawn in zip(found.objects, found.drawn(), strict=True):
        mask = to_dense(from_text(drawn.mask.counts), *image.shape[:2])
        assert drawn.score == pytest.approx(expected[one.label_index][mask].mean(), abs=1e-4)


def network_scores(segmenter: Segmenter, image: np.ndarray) -> np.ndarray:
    """The network's scores at each pixel of the image, by torch's own interpolation."""
    slot = np.empty((96, 128, 3), np.uint8)
    fill_input(image, slot, MANIFEST.resize, MANIFEST.pad_value)
    with torch.no_grad():
        scores = ExportableSegmenter(segmenter)(torch.from_numpy(slot[None]))
    height, width = image.shape[:2]
    placement = place((width, height), (128, 96), "letterbox")
    down, across = (
        -(-placement.height // 4),
        -(-placement.width // 4),
    )  # what only pads says nothing
    scores = scores[:, :, :down, :across]
    grid = torch.stack(
        torch.meshgrid(
            (torch.arange(height) + 0.5) * placement.scale_y / (4 * down) * 2 - 1,
            (torch.arange(width) + 0.5) * placement.scale_x / (4 * across) * 2 - 1,
            indexing="ij",
        ),
        dim=-1,
    ).flip(-1)[None]
    return functional.grid_sample(
        scores, grid, mode="bilinear", padding_mode="border", align_corners=False
    )[0].numpy()
