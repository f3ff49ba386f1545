"""How good a segmenter is on images that do not teach it: mean IoU, as the report counts it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from services.trainer.domain.networks.decoders import CELL_PX
from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.tasks.semantic_segmentation.network import Segmenter
from services.trainer.domain.tasks.semantic_segmentation.samples import Sample
from services.trainer.domain.tasks.semantic_segmentation.truths import IGNORED
from services.trainer.domain.tasks.semantic_segmentation.views import shown
from services.trainer.domain.training.validation import Validation
from shared.runtime.segmentation import Segmentation

BATCH = 8
DRAWS = 500


@dataclass(frozen=True, slots=True)
class PixelCounts:
    """Pixels of each sample: found rightly, in the truth, in the answer, ``(N, 3, 1 + C)``."""

    pixels: NDArray[np.float64]

    @property
    def mean_iou(self) -> float:
        """Over the background and each label that occurs; 0 without a pixel."""
        return float(_mean_iou(self.pixels.sum(axis=0)[None])[0])

    def validation(self) -> Validation:
        """The mean IoU, with the 95 % interval of samples drawn anew (Efron, 1979)."""
        rng = np.random.default_rng(0)
        count = len(self.pixels)
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS)
        values = _mean_iou(np.tensordot(drawn.astype(np.float64), self.pixels, axes=1))
        low, high = np.quantile(values, (0.025, 0.975))
        return Validation(self.mean_iou, float(low), float(high))


def _mean_iou(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    hit = pixels[:, 0]
    union = pixels[:, 1] + pixels[:, 2] - hit
    there = union > 0
    share = np.divide(hit, union, out=np.zeros_like(hit), where=there)
    return np.asarray(share.sum(axis=1) / np.maximum(there.sum(axis=1), 1), np.float64)


@torch.no_grad()
def judged(network: Segmenter, samples: Sequence[Sample]) -> PixelCounts:
    """What the network finds in samples, at least one, against their labels; the mode is kept."""
    was_training = network.training
    network.eval()
    size, device = network.shape.input_size, network.head.weight.device
    normalise = Normalisation().to(device)
    count = network.shape.labels + 1
    pixels_of: list[NDArray[np.float64]] = []
    for first in range(0, len(samples), BATCH):
        part = samples[first:][:BATCH]
        pixels = torch.from_numpy(np.stack([shown(one, size)[0] for one in part])).to(device)
        logits = network(normalise(pixels).contiguous(memory_format=torch.channels_last))
        scores = torch.softmax(logits, dim=1)[:, 1:].cpu().numpy()
        pixels_of += [_pixels(one, found, count) for one, found in zip(part, scores, strict=True)]
    network.train(was_training)
    return PixelCounts(np.stack(pixels_of))


def _pixels(sample: Sample, scores: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    height, width = sample.labels.shape
    grown = np.stack(
        [
            cv2.resize(one, None, fx=CELL_PX, fy=CELL_PX, interpolation=cv2.INTER_LINEAR)
            for one in scores
        ]
    )
    found = Segmentation.of_scores(grown[:, :height, :width]).labels
    counted = sample.labels != IGNORED
    truth, answer = sample.labels[counted], found[counted]
    of_each = (truth[truth == answer], truth, answer)
    return np.stack([np.bincount(each, minlength=count) for each in of_each]).astype(np.float64)
