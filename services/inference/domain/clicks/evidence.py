"""Evidence: what speaks for one area of a picture being an object."""

import cv2
import numpy as np
from numpy.typing import NDArray

from services.inference.domain.clicks.patches import Bits, Floats

_RING = 3  # pixels around an area that are compared with it
_MOST = 4.0


def evidence(lab: Floats, edges: Floats, mask: Bits) -> NDArray[np.float64]:
    """Return how strong the edges along an area's outline are, and how unlike it is to its ring.

    Args:
        lab: ``(h, w, 3)``, CIE L*a*b*.
        edges: ``(h, w)``, of the same picture.
        mask: ``(h, w)``, not empty.

    Returns:
        Edges as a multiple of the picture's mean, over 4; contrast as a multiple of the spread
        inside and around. Both at most 4.
    """
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    margin = _RING + 2
    top, left = max(0, y - margin), max(0, x - margin)
    part = np.s_[top : y + height + margin, left : x + width + margin]
    core, near = mask[part].astype(np.uint8), lab[part]
    wider = cv2.dilate(core, np.ones((3, 3), np.uint8))
    rim = (wider > 0) & (cv2.erode(core, np.ones((3, 3), np.uint8)) == 0)
    ring = (cv2.dilate(core, np.ones((2 * _RING + 1, 2 * _RING + 1), np.uint8)) > 0) & (wider == 0)
    if not ring.any():
        return np.zeros(2)
    inside, around = near[core > 0], near[ring]
    spread = np.sqrt(inside.var(axis=0).sum()) + np.sqrt(around.var(axis=0).sum()) + 2
    contrast = np.linalg.norm(inside.mean(axis=0) - around.mean(axis=0)) / spread
    return np.minimum([edges[part][rim].mean() / (edges.mean() + 0.5) / 4, contrast], _MOST)


def edges_of(lab: Floats) -> Floats:
    """Return ``(h, w)``: how fast the colour changes, in ΔE a pixel."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 0.8)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8
    return np.asarray(np.sqrt((across**2 + down**2).sum(axis=2)), np.float32)
