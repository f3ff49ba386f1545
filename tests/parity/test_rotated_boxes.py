"""Rotated-box AP against polygons clipped on their own and a plain loop over detections."""

import numpy as np
import pytest

from services.evaluator.domain.objects.borrowed_engines import RotatedObjects, rotated_precision
from shared.vision import polygons, rotated_boxes

THRESHOLDS = np.linspace(0.5, 0.95, 10)


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    rings = [rotated_boxes.corners(_degrees(box))[0] for box in (first, second)]
    areas = [polygons.area(ring) for ring in rings]
    shared = polygons.area(polygons.convex_intersection(rings[0], rings[1]))
    return shared / (sum(areas) - shared)


def _degrees(box: np.ndarray) -> np.ndarray:
    return np.array([[*box[:4], np.rad2deg(box[4])]])


def average_precision(truths: RotatedObjects, found: RotatedObjects, floor: float) -> float:
    """One label: greedy by score, 101 recall points."""
    assert found.score is not None
    taken: set[int] = set()
    hits = []
    for row in np.argsort(-found.score, kind="stable"):
        same = np.flatnonzero(truths.image == found.image[row])
        free = [t for t in same if t not in taken]
        best = max(free, key=lambda t: overlap(truths.boxes[t], found.boxes[row]), default=None)
        hit = best is not None and overlap(truths.boxes[best], found.boxes[row]) >= floor
        if hit:
            taken.add(best)
        hits.append(hit)
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    recall = right / truths.image.size
    places = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.mean([envelope[p] if p < len(hits) else 0.0 for p in places]))


@pytest.mark.parametrize("seed", range(6))
def test_turned_boxes_get_the_ap_of_their_polygons(seed: int) -> None:
    r = np.random.default_rng(seed)
    count = 24
    boxes = np.concatenate(
        [
            r.uniform(30, 170, (count, 2)),
            r.uniform(15, 60, (count, 2)),
            r.uniform(-1.5, 1.5, (count, 1)),
        ],
        axis=1,
    )
    moved = boxes + r.normal(0, [2, 2, 2, 2, 0.08], boxes.shape)
    image = np.repeat(np.arange(6), 4)
    nothing = np.zeros(count, np.int64)
    truths = RotatedObjects(image, nothing, boxes)
    found = RotatedObjects(image, nothing, moved, r.permutation(count) / count)
    expected = [average_precision(truths, found, floor) for floor in THRESHOLDS]
    assert expected[0] > 0
    ours = rotated_precision(truths, found, images=6, labels=1)
    assert ours == pytest.approx((np.mean(expected), expected[0]), abs=1e-6)


def test_a_square_turned_by_45_degrees_overlaps_as_an_octagon() -> None:
    """IoU of a square and itself turned by 45°: 1 / sqrt(2), so right at 0.7 and wrong at 0.75."""
    one = np.zeros(1, np.int64)
    truth = RotatedObjects(one, one, np.array([[50.0, 50, 40, 40, 0]]))
    found = RotatedObjects(one, one, np.array([[50.0, 50, 40, 40, np.pi / 4]]), np.array([0.9]))
    ours = rotated_precision(truth, found, images=1, labels=1)
    assert ours == pytest.approx((0.5, 1.0), abs=1e-9)
