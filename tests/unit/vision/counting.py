"""Points counted by OpenCV: the oracle of areas and overlaps."""

import cv2
import numpy as np
from numpy.typing import NDArray


def points_inside(ring: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each of the ``(M, 2)`` points lies inside the ``(N, 2)`` ring."""
    outline = ring.astype(np.float32)
    return np.array([cv2.pointPolygonTest(outline, point, False) > 0 for point in points.tolist()])
