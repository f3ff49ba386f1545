"""A difference that is there is found; one that is not is called chance, as often as it should."""

from dataclasses import replace

import numpy as np
import pytest
from scenes import random_samples
from scipy.stats import binomtest

from services.evaluator.domain.objects.comparison import Side, compare, p_value, sign_test
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.samples import Samples


def thinned(given: Samples, r: np.random.Generator, keep: float) -> Samples:
    """The same images and truths with a share of the detections."""
    kept = r.random(len(given.detections)) < keep
    found = given.detections
    return replace(
        given,
        detections=replace(
            found,
            image=found.image[kept],
            label=found.label[kept],
            boxes_xywh=found.boxes_xywh[kept],
            score=found.score[kept],
            area=found.area[kept],
        ),
    )


def test_a_worse_version_is_told_apart() -> None:
    given = random_samples(seed=0, images=120)
    worse = thinned(given, np.random.default_rng(1), 0.6)
    found = compare(Side(evaluate(worse), 0.2), Side(evaluate(given), 0.2))
    difference = found.figures["average_detection_rate"]
    assert difference.difference > 0.2
    assert difference.interval.low > 0
    assert difference.p_value < 0.01
    assert found.images == 120
    assert found.images_better > found.images_worse
    assert found.figures["map_50"].p_value < 0.01
    assert found.figures["map"].p_value < 0.01
    assert found.figures["map"].first < found.figures["map"].second


def test_a_version_is_as_good_as_itself() -> None:
    side = Side(evaluate(random_samples(seed=3)), 0.3)
    found = compare(side, side, replicates=100)
    assert all(figure.difference == 0 for figure in found.figures.values())
    assert all(figure.p_value == 1 for figure in found.figures.values())
    assert found.sign_test_p == 1


def test_chance_is_called_a_difference_one_time_in_twenty() -> None:
    r = np.random.default_rng(5)
    hits = 0
    for seed in range(200):
        given = random_samples(seed=seed, images=60)
        sides = [Side(evaluate(thinned(given, r, 0.8)), 0.2) for _ in range(2)]
        found = compare(sides[0], sides[1], replicates=200)
        hits += found.figures["average_detection_rate"].p_value < 0.05
    assert hits <= 22  # P(more than 22 of 200 at one in twenty) is under 1 in 5000


def test_only_common_images_count() -> None:
    given = random_samples(seed=2, images=30)
    other = replace(
        given,
        images=replace(given.images, ids=tuple(f"i{k}" if k < 10 else f"x{k}" for k in range(30))),
    )
    assert compare(Side(evaluate(given), 0.2), Side(evaluate(other), 0.2)).images == 10
    apart = replace(given, images=replace(given.images, ids=tuple(f"x{k}" for k in range(30))))
    nothing = compare(Side(evaluate(given), 0.2), Side(evaluate(apart), 0.2), replicates=20)
    assert nothing.images == 0
    assert nothing.figures["f1"].p_value == 1.0


@pytest.mark.parametrize(
    ("difference", "replicates", "expected"),
    [(0.1, [0.1] * 999, 0.002), (0.0, [-0.1, 0.1] * 500, 1.0), (0.1, [], 1.0)],
)
def test_p_values_are_two_sided(
    difference: float, replicates: list[float], expected: float
) -> None:
    assert p_value(difference, np.array(replicates)) == pytest.approx(expected, abs=1e-6)


def test_an_offset_of_all_draws_is_no_difference() -> None:
    drawn = np.random.default_rng(0).normal(0, 0.01, 999)
    assert p_value(0.0, drawn + 0.05) == p_value(0.0, drawn) > 0.9


@pytest.mark.parametrize(
    ("better", "worse"), [(0, 0), (1, 0), (0, 7), (3, 3), (41, 60), (900, 1100)]
)
def test_the_sign_test_is_that_of_scipy(better: int, worse: int) -> None:
    expected = binomtest(better, better + worse).pvalue if better + worse else 1.0
    assert sign_test(better, worse) == pytest.approx(expected, rel=1e-12)
