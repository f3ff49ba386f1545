import torch

from services.trainer.domain.detector.points import anchor_points
from services.trainer.domain.detector.targets import TOP_POINTS, Targets, assign

SIZE = (64, 64)
POINTS, STRIDES = anchor_points(SIZE, (8, 16, 32))


def targets(boxes, labels, ignored=None) -> Targets:
    count = len(boxes)
    return Targets(
        torch.tensor(boxes, dtype=torch.float32).reshape(1, count, 4),
        torch.tensor(labels, dtype=torch.int64).reshape(1, count),
        torch.ones(1, count, dtype=torch.bool),
        torch.zeros(1, len(POINTS), dtype=torch.bool) if ignored is None else ignored,
    )


def around(side: float) -> torch.Tensor:
    half = side / 2
    return torch.cat([POINTS - half, POINTS + half], 1)[None]


def uniform_scores(labels: int = 2) -> torch.Tensor:
    return torch.full((1, len(POINTS), labels), 0.1)


def run(boxes, labels, ignored=None, predicted=None):
    wished = targets(boxes, labels, ignored)
    shown = around(20) if predicted is None else predicted
    return assign(uniform_scores(), shown, wished, points=POINTS, strides=STRIDES)


def test_points_learn_the_target_they_lie_in_and_no_more_than_the_best():
    found = run([[8, 8, 40, 40]], [1])
    inside = (POINTS > 8).all(1) & (POINTS < 40).all(1)
    assert found.positive[0].sum() <= TOP_POINTS
    assert inside[found.positive[0]].all()
    assert (found.scores[0, :, 0] == 0).all()
    assert found.scores[0, :, 1].max() > 0


def test_the_best_point_wishes_its_iou():
    found = run([[10, 10, 30, 30]], [0])
    best = found.scores[0, :, 0].max().item()
    box, shown = torch.tensor([10.0, 10, 30, 30]), around(20)[0]
    sides = torch.minimum(shown[:, 2:], box[2:]) - torch.maximum(shown[:, :2], box[:2])
    overlap = sides.clamp(min=0).prod(1)
    iou = (overlap / (400 + 400 - overlap))[found.positive[0]].max().item()
    assert abs(best - iou) < 1e-5


def test_a_target_smaller_than_a_cell_still_has_a_point():
    found = run([[13.0, 13.0, 15.0, 15.0]], [0])
    assert found.positive.any()


def test_a_thin_scratch_between_rows_of_points_still_has_one():
    found = run([[6.0, 7.0, 58.0, 9.0]], [0])
    assert found.positive.any()


def test_a_point_in_two_targets_learns_the_one_it_overlaps_most():
    found = run([[0, 0, 64, 64], [10, 10, 30, 30]], [0, 1])
    middle = ((POINTS - 20).abs() < 4.1).all(1)
    chosen = found.boxes_xyxy[0][middle & found.positive[0]]
    assert len(chosen) > 0
    assert (chosen == torch.tensor([10.0, 10, 30, 30])).all()


def test_ignored_points_learn_nothing():
    ignored = torch.ones(1, len(POINTS), dtype=torch.bool)
    assert not run([[8, 8, 40, 40]], [1], ignored).positive.any()


def test_no_targets_means_background_everywhere():
    found = run([], [])
    assert not found.positive.any()
    assert found.scores.sum() == 0


def test_padding_is_never_assigned():
    wished = targets([[8, 8, 40, 40], [0, 0, 0, 0]], [1, 0])
    wished.present[0, 1] = False
    found = assign(uniform_scores(), around(20), wished, points=POINTS, strides=STRIDES)
    assert (found.scores[0, :, 0] == 0).all()
