"""Semantic segmentation, counted image by image: only one image's pixels are ever in memory."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import BadSamples, Floats, Ints
from services.evaluator.domain.numbers.counts import Counts, ratio
from services.evaluator.domain.numbers.draws import Draws, once
from services.evaluator.domain.numbers.intervals import nan_mean
from services.evaluator.domain.objects.borrowed_engines import BOUNDARY_RATIO
from services.evaluator.domain.pixels.parts import (
    DrawnImage,
    LabelMap,
    LargestErrors,
    Parts,
    SeenPart,
    seen,
)

IGNORED = 255


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
    """Counts image by image; ``labels`` counts the background, which is label 0.

    Of an image only its pixel matrix ``(K, K)``, its objects (found, wrong, missed) ``(3, K)`` and
    its outline pixels ``(4, K)`` are kept, and of those with the largest errors what is drawn.
    """

    labels: int
    _matrices: list[Ints] = field(init=False, default_factory=list)
    _objects: list[Ints] = field(init=False, default_factory=list)
    _outlines: list[Ints] = field(init=False, default_factory=list)
    _errors: LargestErrors = field(init=False, default_factory=LargestErrors)

    def __post_init__(self) -> None:
        """Refuse a number of labels that a map of bytes cannot hold."""
        if not 1 <= self.labels < IGNORED:
            raise BadSamples(f"there can be 1 to {IGNORED - 1} labels")

    @property
    def images(self) -> int:
        """Return how many images were added."""
        return len(self._matrices)

    @property
    def errors(self) -> tuple[DrawnImage, ...]:
        """Return the images with the largest wrong or missed objects."""
        return self._errors.images

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
        objects = np.zeros((3, self.labels), np.int64)
        outlines = np.zeros((4, self.labels), np.int64)
        reach = max(1, int(np.ceil(BOUNDARY_RATIO * np.hypot(*truth.shape))))
        shown = np.where(counted, predicted, IGNORED).astype(np.uint8)
        parts: list[SeenPart] = []
        for label in np.union1d(pairs[0], pairs[1]):
            masks = [(labels == label).astype(np.uint8) for labels in (truth, shown)]
            outlines[:, label] = _outline_counts(masks[0], masks[1], reach)
            if label:
                there, found = Parts.of(masks[0], masks[1]), Parts.of(masks[1], masks[0])
                objects[:, label] = _object_counts(there, found)
                parts += seen(int(label), there, found)
        self._errors.add(self.images, truth, shown, parts=parts)
        self._matrices.append(cells.reshape(self.labels, self.labels))
        self._objects.append(objects)
        self._outlines.append(outlines)

    def figures(self) -> SemanticFigures:
        """Figures over everything added so far; nothing added gives nan."""
        whole = once(self.images)
        matrix, objects, _ = self._drawn(whole)
        rates = {name: values[0] for name, values in self.replicates(whole).items()}
        return SemanticFigures(
            iou=rates["iou"],
            dice=rates["dice"],
            mean_iou=float(rates["mean_iou"]),
            mean_dice=float(rates["mean_dice"]),
            pixel_accuracy=float(rates["pixel_accuracy"]),
            boundary_f=rates["boundary_f"],
            matrix=matrix[0].astype(np.int64),
            objects=Counts(*objects[0].astype(np.int64)),
        )

    def replicates(self, draws: Draws) -> dict[str, Floats]:
        """Figures of drawn images: per label ``(B, K)``, overall ``(B,)``."""
        matrix, objects, outlines = self._drawn(draws)
        hit = np.einsum("bkk->bk", matrix)
        truth, predicted = matrix.sum(axis=2), matrix.sum(axis=1)
        iou, dice = ratio(hit, truth + predicted - hit), ratio(2 * hit, truth + predicted)
        near_found, found, near_truth, drawn = (outlines[:, part] for part in range(4))
        precision, recall = ratio(near_found, found), ratio(near_truth, drawn)
        boundary = np.nan_to_num(ratio(2 * precision * recall, precision + recall))
        boundary = np.where(np.isnan(iou), np.nan, boundary)
        everything, objects_only = np.ones(self.labels, np.bool_), np.arange(self.labels) > 0
        right, wrong, missed = (objects[:, part] for part in range(3))
        total, shown, there = (part.sum(axis=1) for part in (right, right + wrong, right + missed))
        return {
            "iou": iou,
            "dice": dice,
            "boundary_f": boundary,
            "detection_rate": ratio(right, right + missed),
            "mean_iou": nan_mean(iou, everything),
            "mean_dice": nan_mean(dice, everything),
            "mean_boundary_f": nan_mean(boundary, objects_only),
            "pixel_accuracy": ratio(hit.sum(axis=1), truth.sum(axis=1)),
            "precision": ratio(total, shown),
            "recall": ratio(total, there),
            "f1": ratio(2 * total, shown + there),
            "average_detection_rate_macro": nan_mean(ratio(right, right + missed), objects_only),
        }

    def _drawn(self, draws: Draws) -> tuple[Floats, Floats, Floats]:
        """Counts over drawn images: ``(B, K, K)``, ``(B, 3, K)``, ``(B, 4, K)``."""
        parts = []
        for rows, height in (
            (self._matrices, self.labels),
            (self._objects, 3),
            (self._outlines, 4),
        ):
            flat = np.array(rows, np.float64).reshape(self.images, height * self.labels)
            parts.append(draws.sums(flat).reshape(-1, height, self.labels))
        return parts[0], parts[1], parts[2]


def _object_counts(truth: Parts, found: Parts) -> Ints:
    """Found, false and missed objects of one label in one image."""
    hit, right = int(truth.covered.sum()), int(found.covered.sum())
    return np.array([hit, found.covered.size - right, truth.covered.size - hit], np.int64)


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
