"""The sorts that everything else relies on are numpy's stable ones."""

from dataclasses import fields

import numpy as np
import pytest
from scenes import random_samples

from services.evaluator.domain.numbers.ordering import rising_order
from services.evaluator.domain.objects.evaluation_order import arrange


@pytest.mark.parametrize("seed", range(20))
def test_rising_order_is_the_stable_sort(seed: int) -> None:
    r = np.random.default_rng(seed)
    values = np.concatenate(
        [
            r.integers(-3, 4, 200) / 2,
            r.standard_normal(200),
            [0.0, -0.0, 1e300, -1e300, 5e-324, -5e-324],
            r.random(50).astype(np.float32),
        ]
    )
    r.shuffle(values)
    np.testing.assert_array_equal(rising_order(values), np.argsort(values, kind="stable"))


def test_no_values_and_equal_values_keep_their_order() -> None:
    assert rising_order(np.zeros(0)).size == 0
    assert rising_order(np.full(5, 0.5)).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(5))
def test_detections_of_an_image_stand_best_first_and_ties_as_given(seed: int) -> None:
    arranged = arrange(random_samples(seed=seed, per_image=30))
    expected = np.lexsort((arranged.det_source, -arranged.score, arranged.det_image()))
    np.testing.assert_array_equal(arranged.by_image(), expected)


@pytest.mark.parametrize("seed", range(5))
def test_boxes_that_are_given_away_are_arranged_alike_and_stand_in_memory_once(seed: int) -> None:
    expected = arrange(random_samples(seed=seed, per_image=30))
    given = random_samples(seed=seed, per_image=30)
    arranged = arrange(given, given_away=True)
    for name in (f.name for f in fields(arranged) if f.name != "det_source"):
        np.testing.assert_array_equal(getattr(arranged, name), getattr(expected, name), name)
    found = given.detections
    assert arranged.det_boxes is found.boxes_xywh
    assert arranged.score is found.score
    np.testing.assert_array_equal(found.image, arranged.det_image())
    np.testing.assert_array_equal(found.label[arranged.det_source], arranged.det_label)


def test_boxes_beyond_the_limit_of_an_image_leave_what_is_given_away_as_it_is() -> None:
    given, before = random_samples(seed=3, per_image=30), random_samples(seed=3, per_image=30)
    arranged = arrange(given, max_detections=2, given_away=True)
    assert arranged.score.size < len(given.detections)
    np.testing.assert_array_equal(given.detections.score, before.detections.score)
    np.testing.assert_array_equal(arranged.score, arrange(before, max_detections=2).score)
