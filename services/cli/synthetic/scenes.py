"""One picture: surface, lamp, look-alikes and defects, with the exact shape of every defect."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.cli.synthetic.date_codes import DateCode, print_date_code
from services.cli.synthetic.defects import DEFECT_LABELS, DefectLook, draw_defect
from services.cli.synthetic.distractors import (
    Box,
    draw_dust,
    draw_hole_row,
    draw_screw,
    draw_seam,
    draw_smudge,
)
from services.cli.synthetic.lighting import light_surface
from services.cli.synthetic.surfaces import render_surface

_CLEARANCE_PX = 6
_PLACEMENT_TRIES = 40
_SIZES_PX = {"scratch": (45, 150), "puncture": (14, 34), "stain": (32, 95)}
_TINY_SIZES_PX = {"scratch": (28, 70), "puncture": (11, 14), "stain": (14, 36)}
_TINY_SHARE = 0.2  # small pictures hold some tiny defects too, or 12 px holes would be too rare


@dataclass(frozen=True)
class SceneSpec:
    """What to render; with the seed it decides every pixel.

    Attributes:
        name: File name without folder, e.g. `train_0007.jpg`.
        split: `train`, `test` (held out) or `unseen` (kept from the project until it is tested).
        surface: One of `surfaces.SURFACES`.
        width: Image width in pixels.
        height: Image height in pixels.
        light_level: 1.0 is the normal exposure.
        defect_count: How many defects to place; 0 gives a negative image.
        large: Whether defects have the small sizes of the large pictures (12 px holes).
    """

    name: str
    split: str
    surface: str
    width: int
    height: int
    light_level: float
    defect_count: int
    large: bool


@dataclass(frozen=True)
class SyntheticDefect:
    """One defect's exact annotation.

    Attributes:
        label: One of `defects.DEFECT_LABELS`.
        box: x1, y1, x2, y2 in pixels, end exclusive: the extent of the mask.
        polygon: `(N, 2)` float, outline of the mask in pixels.
        mask: `(y2 - y1, x2 - x1)` bool, the mask inside the box.
    """

    label: str
    box: Box
    polygon: NDArray[np.float64]
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class SyntheticImage:
    """A rendered picture with its truth.

    Attributes:
        spec: What was asked for.
        pixels_rgb: `(H, W, 3)` uint8.
        defects: Every defect; empty for a negative image.
        date_codes: Printed texts, not defects.
    """

    spec: SceneSpec
    pixels_rgb: NDArray[np.uint8]
    defects: tuple[SyntheticDefect, ...]
    date_codes: tuple[DateCode, ...]


def render_scene(spec: SceneSpec, *, rng: np.random.Generator) -> SyntheticImage:
    """Render one picture.

    Args:
        spec: What to render.
        rng: Source of all randomness.

    Returns:
        The picture. Fewer defects than asked for are placed where there is no free room.
    """
    image = render_surface(spec.surface, spec.width, spec.height, rng=rng)
    taken, codes = _add_look_alikes(image, spec, rng)
    if rng.random() < 0.35:
        draw_smudge(image, rng=rng)
    light_angle = float(rng.uniform(0, 2 * np.pi))
    defects = []
    for _ in range(spec.defect_count):
        defect = _place_defect(image, spec, taken, light_angle, rng)
        if defect is not None:
            taken.append(defect.box)
            defects.append(defect)
    area_mpx = spec.width * spec.height / 1e6
    draw_dust(image, rng=rng, grains=int(rng.integers(0, 1 + int(20 * area_mpx))))
    lit = light_surface(image, level=spec.light_level, rng=rng)
    pixels = np.clip(lit * 255 + 0.5, 0, 255).astype(np.uint8)
    return SyntheticImage(spec, pixels, tuple(defects), codes)


def _add_look_alikes(
    image: NDArray[np.float32], spec: SceneSpec, rng: np.random.Generator
) -> tuple[list[Box], tuple[DateCode, ...]]:
    many = 6 if spec.large else 1
    for _ in range(int(rng.integers(0, 1 + many)) if rng.random() < 0.6 else 0):
        draw_seam(image, rng=rng)
    heads = int(rng.integers(0, 4 * many)) if rng.random() < 0.5 else 0
    taken = [draw_screw(image, rng=rng, large=spec.large) for _ in range(heads)]
    if rng.random() < 0.25:
        taken.append(draw_hole_row(image, rng=rng))
    codes: tuple[DateCode, ...] = ()
    if rng.random() < 0.4 or spec.large:
        scale = float(rng.uniform(1.0, 1.6) if spec.large else rng.uniform(0.5, 0.8))
        code = print_date_code(image, rng=rng, scale=scale)
        codes, taken = (code,), [*taken, code.box]
    return taken, codes


def _place_defect(
    image: NDArray[np.float32],
    spec: SceneSpec,
    taken: list[Box],
    light_angle: float,
    rng: np.random.Generator,
) -> SyntheticDefect | None:
    label = DEFECT_LABELS[int(rng.integers(len(DEFECT_LABELS)))]
    tiny = spec.large or rng.random() < _TINY_SHARE
    smallest, largest = (_TINY_SIZES_PX if tiny else _SIZES_PX)[label]
    size = smallest * (largest / smallest) ** rng.random()
    strength = float(rng.uniform(0.4, 1.0))
    inverted = spec.surface == "anodised"
    patch = draw_defect(label, DefectLook(size, strength, light_angle, inverted), rng=rng)
    high, wide = patch.mask.shape
    for _ in range(_PLACEMENT_TRIES):
        x, y = int(rng.integers(0, spec.width - wide)), int(rng.integers(0, spec.height - high))
        if all(_is_apart((x, y, x + wide, y + high), other) for other in taken):
            region = image[y : y + high, x : x + wide]
            region[...] = region * patch.factor + patch.offset
            return _annotate(label, patch.mask, x, y)
    return None


def _is_apart(first: Box, second: Box) -> bool:
    return (
        first[2] + _CLEARANCE_PX <= second[0]
        or second[2] + _CLEARANCE_PX <= first[0]
        or first[3] + _CLEARANCE_PX <= second[1]
        or second[3] + _CLEARANCE_PX <= first[1]
    )


def _annotate(label: str, mask: NDArray[np.bool_], x: int, y: int) -> SyntheticDefect:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    box = (x + left, y + top, x + right, y + bottom)
    tight = mask[top:bottom, left:right]
    return SyntheticDefect(label, box, _outline(tight) + np.array(box[:2]), tight)


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Outline of the largest part, traced on a 4x grid so that it runs along the pixel edges."""
    scale = 4
    grown = np.kron(mask, np.ones((scale, scale), np.uint8)).astype(np.uint8)
    contours, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(contours, key=cv2.contourArea)
    simple = cv2.approxPolyDP(largest, 0.4 * scale, closed=True)
    return (simple.reshape(-1, 2).astype(np.float64) + 0.5) / scale
