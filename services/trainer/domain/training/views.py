"""Where the pixels of a random view come from: mirrored, turned, scaled, moved."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.augmentation_choice import AugmentationChoice
from services.trainer.domain.training.augmentation import Augmentation
from shared.contracts.shapes import IgnoreRegion
from shared.runtime.preprocess import Image

PAD = 114  # the grey of the runtime's letterbox
Flip = int | None
"""As OpenCV says it: 1 left to right, 0 upside down, -1 both, None as it is."""
FLIPS: tuple[Flip, ...] = (None, 1, 0, -1)


def flips_of(choice: AugmentationChoice) -> tuple[Flip, ...]:
    """The mirrored images that may teach, the image itself first.

    >>> flips_of(AugmentationChoice()), flips_of(AugmentationChoice(flip_horizontal=False))
    ((None, 1, 0, -1), (None, 0))
    """
    across, down = choice.may_flip("horizontal"), choice.may_flip("vertical")
    return tuple(
        flip for flip in FLIPS if (across or flip in (None, 0)) and (down or flip in (None, 1))
    )


def without_regions(pixels: Image, regions: Sequence[IgnoreRegion]) -> Image:
    """The image ``(h, w, 3)`` uint8 with grey regions; itself where there are none."""
    if not regions:
        return pixels
    painted = pixels.copy()
    for region in regions:
        corners = np.round(np.array(region.points, np.float64)).astype(np.int32)
        cv2.fillPoly(painted, [corners], (PAD, PAD, PAD))
    return painted


def view_matrix(
    image_size: tuple[int, int],
    size: tuple[int, int],
    settings: Augmentation,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """A random affine map from an image to its view, ``(2, 3)``, in continuous pixel coordinates.

    Args:
        image_size: Width and height of the image.
        size: Those of the view.
        settings: How far the view may differ; with `NONE` it is what the predictor would show.
        rng: Where the randomness comes from.
    """
    low, high = settings.zoom
    zoom = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    scale_x = -zoom if rng.random() < settings.flip_horizontal else zoom
    scale_y = -zoom if rng.random() < settings.flip_vertical else zoom
    linear = _turned(np.diag([scale_x, scale_y]), image_size, size, settings, rng)
    width, height = image_size
    corners = linear @ np.array([[0, width, 0, width], [0, 0, height, height]])
    moves = [
        _offset(ends, length, settings.shift, rng)
        for ends, length in zip(corners, size, strict=True)
    ]
    return np.column_stack([linear, moves])


def _turned(
    linear: NDArray[np.float64],
    image_size: tuple[int, int],
    size: tuple[int, int],
    settings: Augmentation,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """The map turned about the origin; by a quarter an image shrinks until it fits as before."""
    if settings.quarter_turns:
        turns = int(rng.integers(0, 4))
        cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[turns]
        fits = min(1.0, size[0] / image_size[1], size[1] / image_size[0]) if turns % 2 else 1.0
        linear = fits * np.array([[cosine, -sine], [sine, cosine]]) @ linear
    if settings.rotation:
        angle = np.radians(rng.uniform(-settings.rotation, settings.rotation))
        cosine, sine = np.cos(angle), np.sin(angle)
        linear = np.array([[cosine, -sine], [sine, cosine]]) @ linear
    return linear


def _offset(
    ends: NDArray[np.float64], view_length: int, shift: float, rng: np.random.Generator
) -> float:
    """How far the sample moves along one side of the view, its corners lying at ``ends`` before.

    Its first pixel comes to lie anywhere it fits, or any part of it when it does not.
    """
    low = float(ends.min())
    spare = view_length - (float(ends.max()) - low)
    if shift == 0 and spare >= 0:
        start = 0.0  # the corner, as in the predictor
    else:
        start = rng.uniform(min(spare, 0), max(spare, 0))
        start += rng.uniform(-shift, shift) * view_length
    return float(start - low)


def is_upright(matrix: NDArray[np.float64]) -> bool:
    """Whether a view's map only mirrors, scales and moves, so that upright boxes stay upright."""
    return not (matrix[0, 1] or matrix[1, 0])


def moved(points: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Points ``(N, 2)`` of a sample in its view.

    >>> moved(np.array([[1, 2]], np.float32), np.array([[0.0, -1, 10], [1, 0, 0]]))
    array([[8., 1.]], dtype=float32)
    """
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


def warped(image: Image, matrix: NDArray[np.float64], size: tuple[int, int]) -> Image:
    """The view's pixels, ``size`` (width, height), padded with grey."""
    by_index = matrix.copy()  # cv2 maps indices, pixel centres lie half a pixel further
    by_index[:, 2] += 0.5 * (matrix[:, :2].sum(axis=1) - 1)
    pixels = cv2.warpAffine(
        image, by_index, size, flags=cv2.INTER_LINEAR, borderValue=(PAD, PAD, PAD)
    )
    return np.asarray(pixels, np.uint8)
