"""Semantic segmentation, added up image by image: only one image's pixels are ever in memory."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.engine import BOUNDARY_RATIO
from services.evaluator.domain.operating_point import Counts, ratio
from services.evaluator.domain.samples import BadSamples, Floats, Ints

LabelMap = NDArray[np.uint8]
IGNORED = 255
FOUND_SHARE = 0.5  # an object is found when half of its pixels carry its label


@dataclass(frozen=True, slots=True)
class SemanticFigures:
    """Per label ``(K,)``, nan where a label occurs in neither; means over what is defined.

    ``matrix`` counts pixels, truth × prediction; label 0 is the background and takes part in
    ``mean_iou`` but not in ``objects``.
    """

    iou: Floats
    dice: Floats
    mean_iou: float
    mean_dice: float
    pixel_accuracy: float
    boundary_f: Floats
    matrix: Ints
    objects: Counts


@dataclass(slots=True)
class SemanticTally:
    """Running totals over images; ``labels`` counts the background, which is label 0."""

    labels: int
    matrix: Ints = field(init=False)
    _objects: Ints = field(init=False)
    _outline: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Start at zero."""
        if not 1 <= self.labels < IGNORED:
            raise BadSamples(f"there can be 1 to {IGNORED - 1} labels")
        self.matrix = np.zeros((self.labels, self.labels), np.int64)
        self._objects = np.zeros((3, self.labels), np.int64)
        self._outline = np.zeros((4, self.labels), np.int64)

    def add(self, truth: LabelMap, predicted: LabelMap) -> None:
        """Add one image: ``(H, W)`` label indices, 255 in the truth where nothing counts.

        Raises:
            BadSamples: The maps differ in shape or hold an unknown label.
        """
        if truth.shape != predicted.shape or truth.ndim != 2:
            raise BadSamples("truth and prediction differ in size")
        counted = truth != IGNORED
        pairs = truth[counted].astype(np.int64), predicted[counted].astype(np.int64)
        if counted.any() and max(int(pairs[0].max()), int(pairs[1].max())) >= self.labels:
            raise BadSamples("a label map holds an unknown label")
        cells = np.bincount(pairs[0] * self.labels + pairs[1], minlength=self.labels**2)
        self.matrix += cells.reshape(self.labels, self.labels)
        reach = max(1, int(np.ceil(BOUNDARY_RATIO * np.hypot(*truth.shape))))
        shown = np.where(counted, predicted, IGNORED).astype(np.uint8)
        for label in np.union1d(pairs[0], pairs[1]):
            masks = [(labels == label).astype(np.uint8) for labels in (truth, shown)]
            self._outline[:, label] += _outline_counts(masks[0], masks[1], reach)
            if label:
                self._objects[:, label] += _object_counts(masks[0], masks[1])

    def figures(self) -> SemanticFigures:
        """Figures over everything added so far; nothing added gives nan."""
        hit = np.diag(self.matrix)
        truth, predicted = self.matrix.sum(axis=1), self.matrix.sum(axis=0)
        iou = ratio(hit, truth + predicted - hit)
        dice = ratio(2 * hit, truth + predicted)
        near_found, found, near_truth, drawn = self._outline
        precision, recall = ratio(near_found, found), ratio(near_truth, drawn)
        with np.errstate(invalid="ignore"):
            boundary = np.where(
                precision + recall > 0, 2 * precision * recall / (precision + recall), 0.0
            )
        boundary = np.where(np.isnan(iou), np.nan, boundary)
        total = np.array(self.matrix.sum())
        return SemanticFigures(
            iou=iou,
            dice=dice,
            mean_iou=_mean(iou),
            mean_dice=_mean(dice),
            pixel_accuracy=float(ratio(np.array(hit.sum()), total)),
            boundary_f=boundary,
            matrix=self.matrix.copy(),
            objects=Counts(*(row.copy() for row in self._objects)),
        )


def _object_counts(truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> Ints:
    """Found, false and missed connected components (8 neighbours) of one label in one image."""
    truths, found = _covered(truth, predicted)
    shown, right = _covered(predicted, truth)
    return np.array([found, shown - right, truths - found], np.int64)


def _covered(objects: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[int, int]:
    """Number of components, and of those with at least half of their pixels in ``other``."""
    count, parts = cv2.connectedComponents(objects, connectivity=8)
    area = np.bincount(parts.ravel(), minlength=count)[1:]
    shared = np.bincount(parts[other > 0].ravel(), minlength=count)[1:]
    return count - 1, int((shared >= FOUND_SHARE * area).sum())


def _outline_counts(truth: NDArray[np.uint8], found: NDArray[np.uint8], reach: int) -> Ints:
    """Predicted outline pixels near the true outline, all of them, and the other way round."""
    outlines = [_outline(mask) for mask in (truth, found)]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = [np.asarray(cv2.dilate(outline, kernel), np.uint8) for outline in outlines]
    return np.array(
        [
            np.count_nonzero(outlines[1] & near[0]),
            np.count_nonzero(outlines[1]),
            np.count_nonzero(outlines[0] & near[1]),
            np.count_nonzero(outlines[0]),
        ],
        np.int64,
    )


def _outline(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    inner = cv2.erode(
        mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return (mask - inner).astype(np.uint8)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
