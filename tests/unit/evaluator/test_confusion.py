"""The matrix adds up to the labels' counts, and its F1 is the F1 shown everywhere else."""

import numpy as np
import pytest
from scenes import random_samples, samples

from services.evaluator.domain.objects.confusion import confusion_matrix, most_confused
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.matching import IGNORED
from services.evaluator.domain.objects.operating_point import counts_at, counts_on_grid

BOX = (10.0, 10.0, 20.0, 20.0)
FAR = (150.0, 150.0, 20.0, 20.0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("threshold", "iou"), [(0.0, 0.5), (0.35, 0.5), (0.6, 0.75), (0.3, 0.15)])
def test_rows_are_truths_columns_are_detections_and_f1_is_one(
    seed: int, threshold: float, iou: float
) -> None:
    evaluation = evaluate(random_samples(seed=seed))
    arranged = evaluation.arranged
    matches, row = evaluation.matched_at(iou)
    verdict = matches.verdict[row]
    result = evaluation.outcomes_at(threshold=threshold, iou_threshold=iou)
    matrix = confusion_matrix(arranged, result)
    counts = counts_at(arranged, verdict, threshold)
    shown = (arranged.score >= threshold) & (verdict != IGNORED)
    predicted = np.bincount(arranged.det_label[shown], minlength=arranged.labels)
    np.testing.assert_array_equal(matrix[:-1].sum(axis=1), evaluation.positives)
    np.testing.assert_array_equal(matrix[:, :-1].sum(axis=0), predicted)
    assert matrix[-1, -1] == 0
    diagonal = np.diag(matrix)[:-1]
    f1 = 2 * diagonal / (matrix[:-1].sum(axis=1) + matrix[:, :-1].sum(axis=0))
    np.testing.assert_array_equal(f1, counts.f_score())


def test_a_wrong_label_is_one_cell_not_a_miss_and_a_false_detection() -> None:
    evaluation = evaluate(samples([(0, 0, BOX), (0, 1, FAR)], [(0, 1, BOX, 0.9)]))
    matrix = confusion_matrix(
        evaluation.arranged, evaluation.outcomes_at(threshold=0.5, iou_threshold=0.5)
    )
    assert matrix.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert most_confused(matrix) == [(0, 1, 1)]


def test_a_truth_found_only_below_the_threshold_can_be_mistaken_above_it() -> None:
    found = [(0, 0, BOX, 0.2), (0, 1, BOX, 0.9)]
    evaluation = evaluate(samples([(0, 0, BOX)], found))
    high = evaluation.outcomes_at(threshold=0.5, iou_threshold=0.5)
    low = evaluation.outcomes_at(threshold=0.1, iou_threshold=0.5)
    assert confusion_matrix(evaluation.arranged, high).tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert confusion_matrix(evaluation.arranged, low).tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_nothing_gives_zeros() -> None:
    evaluation = evaluate(samples([], []))
    result = evaluation.outcomes_at(threshold=0.5, iou_threshold=0.5)
    assert not confusion_matrix(evaluation.arranged, result).any()


def test_the_grid_counts_what_a_single_threshold_counts() -> None:
    evaluation = evaluate(random_samples(seed=3))
    verdict = evaluation.matches.verdict[0]
    grid = counts_on_grid(evaluation.arranged, verdict)
    for step in range(0, 101, 7):
        one = counts_at(evaluation.arranged, verdict, step / 100)
        np.testing.assert_array_equal(grid.found[:, step], one.found)
        np.testing.assert_array_equal(grid.wrong[:, step], one.wrong)
        np.testing.assert_array_equal(grid.missed[:, step], one.missed)
