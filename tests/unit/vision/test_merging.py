"""The grid gives what comparing every pair gives."""

import numpy as np
import pytest

from shared.vision.boxes import area, intersection_matrix, iou_matrix
from shared.vision.merging import Merged, MergeMethod, MergeRule, Overlap, merge


def _all_pairs(boxes, scores, labels, rule):
    """The definition, written over an N × N matrix in float64."""
    wide = boxes.astype(np.float64)
    smaller = np.minimum(area(wide)[:, None], area(wide))
    shared = intersection_matrix(wide, wide) / np.where(smaller > 0, smaller, 1)
    matrix = iou_matrix(wide, wide) if rule.overlap is Overlap.IOU else shared
    order = np.argsort(-scores, kind="stable")
    stands_for = np.full(len(scores), -1)
    for rank, best in enumerate(order):
        standing = stands_for[best] == -1
        if standing:
            stands_for[best] = best
        if not standing and rule.method is not MergeMethod.NMM:
            continue
        for other in order[rank + 1 :]:
            same = not rule.per_label or labels[best] == labels[other]
            value = matrix[best, other]
            if stands_for[other] == -1 and same and value > 0 and value >= rule.threshold:
                stands_for[other] = stands_for[best]
    kept = [index for index in order if stands_for[index] == index]
    grown = wide.copy()
    if rule.method is not MergeMethod.NMS:
        for index, root in enumerate(stands_for):
            grown[root, :2] = np.minimum(grown[root, :2], wide[index, :2])
            grown[root, 2:] = np.maximum(grown[root, 2:], wide[index, 2:])
    return Merged(grown[kept].astype(np.float32), np.array(kept), stands_for)


def _scene(rng: np.random.Generator, kind: str):
    count = int(rng.integers(1, 150))
    centres = rng.uniform(0, 300, (count, 2))
    sides = rng.uniform(1, 60, (count, 2))
    if kind == "mixed sizes":
        sides = 10 ** rng.uniform(-1, 3, (count, 2))
    if kind == "on a lattice":  # ties in score and overlap, shared edges, empty boxes
        centres, sides = np.round(centres / 20) * 20, rng.integers(0, 3, (count, 2)) * 20.0
    if kind == "one heap":
        centres = rng.normal(50, 2, (count, 2))
    if kind == "far away":
        centres[::7] += 1e6
    scores = rng.uniform(0, 1, count)
    if kind == "on a lattice":
        scores = np.round(scores, 1)
    boxes = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)
    labels = rng.integers(0, 4, count)
    return boxes.astype(np.float32), scores.astype(np.float32), labels


@pytest.mark.parametrize("method", list(MergeMethod))
@pytest.mark.parametrize("overlap", list(Overlap))
@pytest.mark.parametrize(
    "kind", ["like sizes", "mixed sizes", "on a lattice", "one heap", "far away"]
)
def test_grid_agrees_with_all_pairs(method, overlap, kind):
    rng = np.random.default_rng(7)
    for round_number in range(25):
        boxes, scores, labels = _scene(rng, kind)
        rule = MergeRule(
            method,
            overlap,
            threshold=(0.0, 0.3, 0.5, 1.0)[round_number % 4],
            per_label=round_number % 5 > 0,
        )
        expected = _all_pairs(boxes, scores, labels, rule)
        found = merge(boxes, scores, labels=labels, rule=rule)
        np.testing.assert_array_equal(found.kept, expected.kept)
        np.testing.assert_array_equal(found.stands_for, expected.stands_for)
        np.testing.assert_array_equal(found.boxes_xyxy, expected.boxes_xyxy)


def test_no_boxes_give_no_boxes():
    empty = merge(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), rule=MergeRule())
    assert empty.boxes_xyxy.shape == (0, 4)
    assert len(empty.kept) == len(empty.stands_for) == 0


def test_labels_are_kept_apart_unless_told_otherwise():
    boxes = np.array([[0, 0, 10, 10]] * 2, np.float32)
    scores, labels = np.array([0.9, 0.8], np.float32), np.array([0, 1])
    assert len(merge(boxes, scores, labels=labels, rule=MergeRule()).kept) == 2
    assert len(merge(boxes, scores, labels=labels, rule=MergeRule(per_label=False)).kept) == 1


def test_merging_passes_on_only_in_nmm():
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    kept = {
        method: merge(boxes, scores, rule=MergeRule(method, threshold=0.4)).kept.tolist()
        for method in MergeMethod
    }
    assert kept == {MergeMethod.NMS: [0, 2], MergeMethod.GREEDYNMM: [0, 2], MergeMethod.NMM: [0]}


def test_fifty_thousand_copies_of_one_box_are_one():
    boxes = np.tile(np.array([[5, 5, 25, 25]], np.float32), (50_000, 1))
    scores = np.linspace(0.1, 0.9, 50_000, dtype=np.float32)
    for method in MergeMethod:
        assert merge(boxes, scores, rule=MergeRule(method)).kept.tolist() == [49_999]


@pytest.mark.parametrize(
    ("boxes", "scores", "labels"),
    [
        pytest.param([[0, 0, np.nan, 1]], [0.5], [0], id="a coordinate is not a number"),
        pytest.param([[0, 0, 1, 1]], [np.inf], [0], id="a score is not finite"),
        pytest.param([[0, 0, 1, 1]], [0.5, 0.4], [0, 0], id="more scores than boxes"),
        pytest.param([[0, 0, 1, 1]], [0.5], [0, 1], id="more labels than boxes"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(boxes, scores, labels):
    with pytest.raises(ValueError, match=r"boxes|labels"):
        merge(
            np.array(boxes, np.float32),
            np.array(scores, np.float32),
            labels=np.array(labels),
            rule=MergeRule(),
        )


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_threshold_outside_its_range_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold"):
        MergeRule(threshold=threshold)
