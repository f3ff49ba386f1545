"""Hand-worked matching: who takes which truth, and what is swallowed."""

from dataclasses import replace

import numpy as np
import pytest
from scenes import random_samples, samples

from services.evaluator.domain.objects.coco_summary import coco_summary
from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.objects.matching import FALSE, IGNORED, TRUE, match
from services.evaluator.domain.objects.samples import Regions, Samples, check
from shared.vision.masks import bounds_xywh, from_polygons, table

BOX = (10.0, 10.0, 20.0, 20.0)
FAR = (150.0, 150.0, 20.0, 20.0)


def verdicts(evaluation: Evaluation, iou: float = 0.5) -> list[int]:
    """Verdicts in the order in which detections were given."""
    matches, row = evaluation.matched_at(iou)
    out = np.empty(len(evaluation.samples.detections), np.int64)
    out[evaluation.arranged.det_source] = matches.verdict[row]
    return out.tolist()


def with_crowd(given: Samples, crowd: list[bool]) -> Samples:
    return replace(given, truths=replace(given.truths, crowd=np.array(crowd)))


def test_the_best_score_takes_the_truth_and_the_second_is_a_duplicate() -> None:
    evaluation = evaluate(samples([(0, 0, BOX)], [(0, 0, BOX, 0.4), (0, 0, BOX, 0.9)]))
    assert verdicts(evaluation) == [FALSE, TRUE]


def test_a_detection_takes_the_truth_that_it_overlaps_most() -> None:
    shifted = (12.0, 10.0, 20.0, 20.0)
    evaluation = evaluate(samples([(0, 0, BOX), (0, 0, shifted)], [(0, 0, shifted, 0.9)]))
    assert evaluation.matches.truth_of[0].tolist() == [1]


def test_of_equal_overlaps_the_later_truth_is_taken_as_in_coco() -> None:
    evaluation = evaluate(samples([(0, 0, BOX), (0, 0, BOX)], [(0, 0, BOX, 0.9)]))
    assert evaluation.matches.truth_of[0].tolist() == [1]


def test_another_label_never_matches() -> None:
    evaluation = evaluate(samples([(0, 0, BOX)], [(0, 1, BOX, 0.9)]))
    assert verdicts(evaluation) == [FALSE]


def test_an_overlap_of_exactly_the_threshold_matches() -> None:
    half = (10.0, 10.0, 20.0, 10.0)
    evaluation = evaluate(samples([(0, 0, BOX)], [(0, 0, half, 0.9)]))
    assert verdicts(evaluation, 0.5) == [TRUE]
    assert verdicts(evaluation, 0.51) == [FALSE]


def test_a_crowd_is_never_a_miss_and_swallows_any_number() -> None:
    given = samples([(0, 0, (0.0, 0.0, 100.0, 100.0))], [(0, 0, BOX, 0.9), (0, 0, BOX, 0.8)])
    evaluation = evaluate(with_crowd(given, [True]))
    assert verdicts(evaluation) == [IGNORED, IGNORED]
    assert evaluation.positives.tolist() == [0, 0]
    assert not evaluation.outcomes_at(threshold=0.0, iou_threshold=0.5).missed.any()


def test_a_crowd_of_another_label_swallows_nothing() -> None:
    given = samples([(0, 1, (0.0, 0.0, 100.0, 100.0))], [(0, 0, BOX, 0.9)])
    assert verdicts(evaluate(with_crowd(given, [True]))) == [FALSE]


def test_a_real_truth_goes_before_a_crowd_that_covers_more() -> None:
    loose = (8.0, 8.0, 26.0, 26.0)
    given = samples([(0, 0, (0.0, 0.0, 100.0, 100.0)), (0, 0, loose)], [(0, 0, BOX, 0.9)])
    assert verdicts(evaluate(with_crowd(given, [True, False]))) == [TRUE]


def test_an_ignore_region_swallows_detections_of_every_label_but_no_truth() -> None:
    given = samples([(0, 0, BOX)], [(0, 0, BOX, 0.9), (0, 1, BOX, 0.8), (0, 1, FAR, 0.7)])
    region = Regions(np.zeros(1, np.int64), np.array([[0.0, 0.0, 60.0, 60.0]]))
    evaluation = evaluate(replace(given, regions=region))
    assert verdicts(evaluation) == [TRUE, IGNORED, FALSE]
    assert evaluation.positives.tolist() == [1, 0]


def test_an_ignore_region_is_its_outline_not_its_box() -> None:
    triangle = table([from_polygons([[0, 0, 100, 0, 0, 100]], 200, 200)], [(200, 200)])
    inside, outside = (5.0, 5.0, 20.0, 20.0), (70.0, 70.0, 20.0, 20.0)
    given = samples([], [(0, 0, inside, 0.9), (0, 0, outside, 0.8)])
    region = Regions(np.zeros(1, np.int64), bounds_xywh(triangle), triangle)
    assert verdicts(evaluate(replace(given, regions=region))) == [IGNORED, FALSE]


def test_a_box_without_area_is_a_miss_and_matches_nothing() -> None:
    flat = (10.0, 10.0, 0.0, 20.0)
    evaluation = evaluate(samples([(0, 0, flat)], [(0, 0, flat, 0.9)]))
    assert verdicts(evaluation) == [FALSE]
    assert coco_summary(evaluation)["map"] == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_cutting_at_a_confidence_leaves_the_matches_above_it(seed: int) -> None:
    given = random_samples(seed=seed)
    whole = evaluate(given)
    kept = given.detections.score >= 0.4
    cut = given.detections
    cut = replace(
        cut,
        image=cut.image[kept],
        label=cut.label[kept],
        boxes_xywh=cut.boxes_xywh[kept],
        score=cut.score[kept],
        area=cut.area[kept],
    )
    again = evaluate(replace(given, detections=cut))
    above = whole.arranged.score >= 0.4
    for iou in whole.matches.thresholds:
        (first, row), (second, same) = whole.matched_at(iou), again.matched_at(iou)
        np.testing.assert_array_equal(first.truth_of[row][above], second.truth_of[same])


def test_truths_taken_at_every_threshold_are_those_of_one_matching() -> None:
    evaluation = evaluate(random_samples(seed=6))
    whole = match(evaluation.arranged, evaluation.own_pairs())
    assert len(evaluation.matches.truth_of) < len(whole.truth_of)  # boxes keep those of one
    for place, iou in enumerate(whole.thresholds):
        matches, row = evaluation.matched_at(iou)
        np.testing.assert_array_equal(matches.truth_of[row], whole.truth_of[place])
        np.testing.assert_array_equal(matches.verdict[row], whole.verdict[place])


@pytest.mark.parametrize("iou", [0.1, 0.25, 0.5, 0.62, 0.9])
def test_another_iou_from_stored_overlaps_is_a_new_matching(iou: float) -> None:
    evaluation = evaluate(random_samples(seed=4))
    matches, row = evaluation.matched_at(iou)
    fresh = match(evaluation.arranged, evaluation.own_pairs(), (iou,))
    np.testing.assert_array_equal(matches.verdict[row], fresh.verdict[0])


def test_detections_beyond_the_limit_are_dropped_lowest_first() -> None:
    found = [(0, 0, FAR, score) for score in (0.9, 0.8, 0.7)] + [(0, 0, BOX, 0.1)]
    given = samples([(0, 0, BOX)], found)
    assert coco_summary(evaluate(given, max_detections=3))["mar_100"] == 0.0
    assert coco_summary(evaluate(given, max_detections=4))["mar_100"] == 1.0


def test_a_million_detections_on_one_image_are_bounded() -> None:
    count = 1_000_000
    r = np.random.default_rng(0)
    given = samples([(0, 0, BOX)], [(0, 0, BOX, 0.99)])
    found = given.detections
    many = replace(
        found,
        image=np.zeros(count, np.int64),
        label=r.integers(0, 2, count),
        boxes_xywh=np.concatenate([r.uniform(60, 150, (count, 2)), np.full((count, 2), 9.0)], 1),
        score=r.random(count),
        area=np.full(count, 81.0),
    )
    check(replace(given, detections=many))
    evaluation = evaluate(replace(given, detections=many), max_detections=100)
    assert evaluation.arranged.score.size == 200
    assert coco_summary(evaluation)["map"] == 0.0


def test_nothing_at_all_is_undefined_not_zero() -> None:
    for given in (samples([], []), samples([], [(0, 0, BOX, 0.9)]), samples([], [], images=0)):
        summary = coco_summary(evaluate(given))
        assert all(np.isnan(value) for value in summary.values())


def test_truths_without_detections_score_zero() -> None:
    summary = coco_summary(evaluate(samples([(0, 0, BOX)], [])))
    assert summary["map"] == summary["mar_100"] == 0.0
    assert np.isnan(summary["map_large"])


def test_ap_of_a_worked_example() -> None:
    """Two truths; right at 0.9, wrong at 0.8, right at 0.7: precision 1 to recall ½, then ⅔."""
    found = [(0, 0, BOX, 0.9), (0, 0, (90.0, 90.0, 9.0, 9.0), 0.8), (0, 0, FAR, 0.7)]
    evaluation = evaluate(samples([(0, 0, BOX), (0, 0, FAR)], found))
    expected = (51 * 1.0 + 50 * 2 / 3) / 101
    assert coco_summary(evaluation)["map_50"] == pytest.approx(expected)
