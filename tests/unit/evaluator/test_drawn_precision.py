"""Drawing by weights gives what drawing image by image gives, and groups do not change it."""

import numpy as np
import pytest
from scenes import random_samples

from services.evaluator.domain.numbers.draws import GROUPS, MOST_ALONE, Draws, draw_images, once
from services.evaluator.domain.objects import drawn_precision
from services.evaluator.domain.objects.average_precision import RECALL_POINTS
from services.evaluator.domain.objects.drawn_precision import (
    LEAST_CORNERS,
    Ranking,
    ap_replicates,
)
from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.objects.matching import FALSE, TRUE
from services.evaluator.domain.objects.replicates import truths_by_image


def drawn_one_by_one(evaluation: Evaluation, times: np.ndarray, row: int) -> np.ndarray:
    """AP of each label and draw ``(B, K)``, by going through the detections of every draw."""
    ranking, verdict = Ranking.of(evaluation.arranged), evaluation.matches.verdict[row]
    positives = times @ truths_by_image(evaluation.arranged, ~evaluation.arranged.truth_crowd)
    out = np.full(positives.shape, np.nan)
    for draw, label in np.argwhere(positives > 0):
        here = slice(ranking.start[label], ranking.start[label + 1])
        weight, kind = times[draw, ranking.image[here]], verdict[ranking.rows[here]]
        found = np.cumsum(np.where(kind == TRUE, weight, 0.0))
        wrong = np.cumsum(np.where(kind == FALSE, weight, 0.0))
        corners = (kind == TRUE) & (weight > 0)
        found, wrong = found[corners], wrong[corners]
        envelope = np.maximum.accumulate((found / (found + wrong))[::-1])[::-1]
        place = np.searchsorted(found / positives[draw, label], RECALL_POINTS)
        reached = envelope[place[place < envelope.size]]
        out[draw, label] = sum(reached.tolist()) / RECALL_POINTS.size
    return out


def of_all(evaluation: Evaluation, draws: Draws, most_cells: int = 10**8) -> np.ndarray:
    arranged = evaluation.arranged
    truths = truths_by_image(arranged, ~arranged.truth_crowd)
    verdicts, ranking = evaluation.matches.verdict, Ranking.of(arranged)
    return ap_replicates(verdicts, ranking, truths, draws, most_cells=most_cells)


@pytest.mark.parametrize("seed", range(5))
def test_small_sets_get_the_figures_of_every_draw_alone(seed: int) -> None:
    """To the last bit: every right detection is a corner of its curve."""
    evaluation = evaluate(random_samples(seed=seed, images=30))
    draws = draw_images(30, 20, seed=seed)
    found = of_all(evaluation, draws, drawn_precision.MOST_CELLS)
    for row in range(len(evaluation.matches.verdict)):
        expected = drawn_one_by_one(evaluation, draws.times, row)
        np.testing.assert_array_equal(found[row], expected)


def test_drawing_a_group_is_drawing_each_of_its_images() -> None:
    evaluation = evaluate(random_samples(seed=8, images=60))
    r = np.random.default_rng(0)
    draws = Draws(r.integers(0, 9, 60), r.integers(0, 3, (20, 9)).astype(np.float64), 9)
    alone = Draws(np.arange(60), draws.times[:, draws.group], 60)
    np.testing.assert_array_equal(of_all(evaluation, draws), of_all(evaluation, alone))
    columns = r.integers(0, 5, (60, 2))
    np.testing.assert_array_equal(draws.sums(columns), alone.sums(columns))


def test_fewer_corners_leave_the_spread_of_the_draws() -> None:
    evaluation = evaluate(random_samples(seed=2, images=1500, labels=2, per_image=12))
    draws = draw_images(1500, 300)
    whole, fewer = of_all(evaluation, draws), of_all(evaluation, draws, 0)
    assert (evaluation.matches.verdict[0] == TRUE).sum() > 2 * 8 * LEAST_CORNERS
    assert np.abs(whole - fewer).max() > 0
    np.testing.assert_allclose(fewer.std(axis=1), whole.std(axis=1), rtol=0.05)
    np.testing.assert_allclose(fewer.mean(axis=1), whole.mean(axis=1), atol=0.01)


def test_loops_that_are_not_compiled_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation, draws = evaluate(random_samples(seed=5, images=20)), draw_images(20, 5)
    compiled = of_all(evaluation, draws)
    for name in ("_counts", "_areas", "_write_curve"):
        loop = getattr(drawn_precision, name)
        monkeypatch.setattr(drawn_precision, name, getattr(loop, "py_func", loop))
    np.testing.assert_array_equal(of_all(evaluation, draws), compiled)


def test_draws_are_repeatable_and_as_many_as_images() -> None:
    first, again = draw_images(30, 50, seed=9), draw_images.__wrapped__(30, 50, seed=9)
    np.testing.assert_array_equal(first.times, again.times)
    assert (first.times.sum(axis=1) == 30).all()
    assert first.drawn == 30


def test_images_of_a_large_set_are_dealt_into_groups() -> None:
    draws = draw_images(MOST_ALONE + 1, 5)
    assert draws.drawn == GROUPS
    assert (draws.times.sum(axis=1) == GROUPS).all()
    sizes = np.bincount(draws.group, minlength=GROUPS)
    assert sizes.max() - sizes.min() == 1
    assert draw_images(MOST_ALONE, 5).drawn == MOST_ALONE


def test_images_that_are_not_drawn_count_nothing() -> None:
    draws = draw_images(3, 9).of_some(np.array([4, 0, 2]), 5)
    np.testing.assert_array_equal(draws.sums(np.array([0, 7, 0, 7, 0])), np.zeros(9))
    np.testing.assert_array_equal(draws.sums(np.array([1, 0, 1, 0, 1])), np.full(9, 3.0))
    assert once(4).sums(np.array([1, 2, 3, 4])).tolist() == [10.0]
