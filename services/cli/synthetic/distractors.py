"""Look-alikes that are not defects: seams, screw holes, dust, fingerprints of the process."""

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels, end exclusive."""


def draw_seam(image_rgb: NDArray[np.float32], *, rng: np.random.Generator) -> None:
    """Draw a straight joint from edge to edge: even in width, unlike a scratch. In place."""
    height, width = image_rgb.shape[:2]
    vertical = rng.random() < 0.5
    span, room = (height, width) if vertical else (width, height)
    position = int(rng.uniform(0.08, 0.92) * room)
    drift = int(rng.uniform(-0.06, 0.06) * span)
    first = (position, 0) if vertical else (0, position)
    last = (position + drift, height - 1) if vertical else (width - 1, position + drift)
    thickness = int(rng.integers(2, 5))
    tone = float(image_rgb.mean())
    line = np.zeros((height, width), np.uint8)
    cv2.line(line, first, last, 255, thickness, cv2.LINE_AA)
    covered = np.flatnonzero(line.any(1)), np.flatnonzero(line.any(0))
    window = (
        slice(covered[0][0], covered[0][-1] + 1),
        slice(covered[1][0], covered[1][-1] + 1),
    )
    alpha = line[window].astype(np.float32)[..., None] / 255 * 0.8
    shade = np.float32(tone * rng.uniform(0.25, 0.5))
    image_rgb[window] = image_rgb[window] * (1 - alpha) + shade * alpha


def draw_screw(image_rgb: NDArray[np.float32], *, rng: np.random.Generator, large: bool) -> Box:
    """Draw a screw head: a perfect circle with a chamfer ring and a slot. In place.

    Args:
        image_rgb: `(H, W, 3)` float32, changed in place.
        rng: Source of all randomness.
        large: Whether the picture is one of the large ones, where heads are larger.

    Returns:
        The box that it covers, so that no defect is placed on it.
    """
    height, width = image_rgb.shape[:2]
    radius = int(rng.integers(34, 60) if large else rng.integers(17, 30))
    x = int(rng.integers(radius + 3, width - radius - 3))
    y = int(rng.integers(radius + 3, height - radius - 3))
    box = (x - radius - 3, y - radius - 3, x + radius + 4, y + radius + 4)
    patch = image_rgb[box[1] : box[3], box[0] : box[2]]
    tone = float(patch.mean())
    centre = (radius + 3, radius + 3)
    head = np.ascontiguousarray(patch)
    cv2.circle(head, centre, radius, (tone * 0.45,) * 3, -1, cv2.LINE_AA)
    cv2.circle(head, centre, int(radius * 0.84), (tone * 1.18,) * 3, -1, cv2.LINE_AA)
    turn = rng.uniform(0, np.pi)
    for quarter in (0.0, np.pi / 2)[: int(rng.integers(1, 3))]:
        arm = 0.62 * radius * np.array([np.cos(turn + quarter), np.sin(turn + quarter)])
        start = (round(centre[0] - arm[0]), round(centre[1] - arm[1]))
        end = (round(centre[0] + arm[0]), round(centre[1] + arm[1]))
        cv2.line(head, start, end, (tone * 0.35,) * 3, max(2, radius // 6), cv2.LINE_AA)
    image_rgb[box[1] : box[3], box[0] : box[2]] = head
    return box


def draw_hole_row(image_rgb: NDArray[np.float32], *, rng: np.random.Generator) -> Box:
    """Drill three to five equal round holes in a line: wanted, unlike a puncture. In place.

    Args:
        image_rgb: `(H, W, 3)` float32, changed in place.
        rng: Source of all randomness.

    Returns:
        The box that the row covers.
    """
    height, width = image_rgb.shape[:2]
    holes, radius = int(rng.integers(3, 6)), int(rng.integers(7, 12))
    pitch = 4 * radius
    across, along = 2 * radius + 6, (holes - 1) * pitch + 2 * radius + 6
    wide, high = (along, across) if rng.random() < 0.5 else (across, along)
    x, y = int(rng.integers(0, width - wide)), int(rng.integers(0, height - high))
    patch = np.ascontiguousarray(image_rgb[y : y + high, x : x + wide])
    tone = float(patch.mean())
    for step in range(holes):
        offset = radius + 3 + step * pitch
        centre = (offset, radius + 3) if wide > high else (radius + 3, offset)
        cv2.circle(patch, centre, radius, (tone * 1.2,) * 3, -1, cv2.LINE_AA)
        cv2.circle(patch, centre, int(radius * 0.72), (tone * 0.3,) * 3, -1, cv2.LINE_AA)
    image_rgb[y : y + high, x : x + wide] = patch
    return (x, y, x + wide, y + high)


def draw_dust(image_rgb: NDArray[np.float32], *, rng: np.random.Generator, grains: int) -> None:
    """Sprinkle bright and dark specks of one to three pixels. In place."""
    height, width = image_rgb.shape[:2]
    for _ in range(grains):
        x, y = int(rng.integers(2, width - 3)), int(rng.integers(2, height - 3))
        size = int(rng.integers(1, 4))
        step = np.float32(rng.choice([-0.12, 0.16]) * rng.uniform(0.5, 1.2))
        image_rgb[y : y + size, x : x + size] += step


def draw_smudge(image_rgb: NDArray[np.float32], *, rng: np.random.Generator) -> None:
    """Darken a wide area without any edge: shading, not a stain. In place."""
    height, width = image_rgb.shape[:2]
    small = np.zeros((30, 40), np.float32)
    centre = (int(rng.integers(4, 36)), int(rng.integers(4, 26)))
    cv2.circle(small, centre, int(rng.integers(3, 7)), 1.0, -1)
    soft = cv2.GaussianBlur(small, (0, 0), 3.0)
    shade = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
    image_rgb *= 1 - np.float32(rng.uniform(0.1, 0.22)) * shade[..., None]
