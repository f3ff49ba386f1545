"""The sorts that everything else relies on are numpy's stable ones."""

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
