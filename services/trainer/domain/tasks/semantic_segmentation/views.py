"""Random views of a sample, its labels moved with its pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.tasks.semantic_segmentation.loss import TARGET_PX
from services.trainer.domain.tasks.semantic_segmentation.samples import Sample
from services.trainer.domain.tasks.semantic_segmentation.truths import IGNORED, LabelMap
from services.trainer.domain.training.appearance import changed
from services.trainer.domain.training.augmentation import Augmentation
from services.trainer.domain.training.views import PAD, view_matrix, warped
from shared.runtime.preprocess import Image


def view(
    sample: Sample, size: tuple[int, int], settings: Augmentation, rng: np.random.Generator
) -> tuple[Image, LabelMap]:
    """A random view of ``size`` (width, height), and the labels of its target's pixels."""
    height, width = sample.image.shape[:2]
    matrix = view_matrix((width, height), size, settings, rng)
    pixels = changed(warped(sample.image, matrix, size), settings, rng)
    return pixels, _moved(sample.labels, matrix, size)


def shown(sample: Sample, size: tuple[int, int], flip: int | None = None) -> tuple[Image, LabelMap]:
    """The sample, mirrored or not, in its corner of the input, as the predictor places it.

    Returns:
        Pixels ``(H, W, 3)`` and labels of the target's pixels; what pads is `IGNORED`.
    """
    image, labels = np.ascontiguousarray(sample.image), sample.labels
    if flip is not None:
        image = np.asarray(cv2.flip(image, flip), np.uint8)
        labels = np.asarray(cv2.flip(labels, flip), np.uint8)
    out = np.full((size[1], size[0], 3), PAD, np.uint8)
    out[: image.shape[0], : image.shape[1]] = image
    return out, _moved(labels, np.array([[1.0, 0, 0], [0, 1.0, 0]]), size)


def _moved(labels: LabelMap, matrix: NDArray[np.float64], size: tuple[int, int]) -> LabelMap:
    """Labels of a view's target pixels; outside the sample nothing is learnt."""
    by_index = matrix / TARGET_PX  # cv2 maps indices, pixel centres lie half a pixel further
    by_index[:, 2] += 0.5 * (by_index[:, :2].sum(axis=1) - 1)
    moved = cv2.warpAffine(
        labels,
        by_index,
        (size[0] // TARGET_PX, size[1] // TARGET_PX),
        flags=cv2.INTER_NEAREST,
        borderValue=(IGNORED,),
    )
    return np.asarray(moved, np.uint8)
