"""OCR: where text is, and what it says. Lines are matched by place, then read by character.

Character error rate: edit distance (Levenshtein 1966) over the length of the true text.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from services.evaluator.domain.evaluation import Evaluation
from services.evaluator.domain.operating_point import ratio
from services.evaluator.domain.samples import BadSamples, Columns, Ints

NOTHING = ""  # a character that is not there: inserted or left out


@dataclass(frozen=True, slots=True)
class TextFigures:
    """Localisation and reading.

    ``cer`` is over lines that were located, ``cer_end_to_end`` over all lines, a missed one
    counting as all its characters; ``exact_match`` is the share of all true lines located and read
    without error. nan where nothing defines a figure. ``confusions`` lists (true, read, times),
    "" for left out or inserted, most frequent first.
    """

    precision: float
    recall: float
    f1: float
    cer: float
    cer_end_to_end: float
    exact_match: float
    confusions: list[tuple[str, str, int]]


def text_figures(
    evaluation: Evaluation,
    *,
    truth_texts: Sequence[str],
    found_texts: Sequence[str],
    threshold: float,
    iou_threshold: float = 0.5,
) -> TextFigures:
    """Read off all figures.

    Args:
        evaluation: Line boxes under one label, matched.
        truth_texts: Text of each true line, in input order.
        found_texts: Text of each predicted line, in input order.
        threshold: Least confidence of a predicted line.
        iou_threshold: Overlap from which a line is located.

    Raises:
        BadSamples: The number of texts and of boxes differ.
    """
    samples, arranged = evaluation.samples, evaluation.arranged
    if len(truth_texts) != len(samples.truths) or len(found_texts) != len(samples.detections):
        raise BadSamples("there must be one text for each line")
    result = evaluation.outcomes_at(threshold=threshold, iou_threshold=iou_threshold)
    matches, row = evaluation.matched_at(iou_threshold)
    found = np.flatnonzero(result.found)
    pairs = [
        (truth_texts[arranged.truth_source[truth]], found_texts[arranged.det_source[det]])
        for det, truth in zip(found, matches.truth_of[row][found], strict=True)
    ]
    missed = [truth_texts[arranged.truth_source[t]] for t in np.flatnonzero(result.missed)]
    false = int(result.false.sum() + (result.mistaken_for >= 0).sum())
    return _figures(pairs, missed, false)


def _figures(pairs: list[tuple[str, str]], missed: list[str], false: int) -> TextFigures:
    located, lines = len(pairs), len(pairs) + len(missed)
    aligned = [align(truth, read) for truth, read in pairs]
    errors = [sum(1 for a, b in line if a != b) for line in aligned]
    length, lost = sum(len(truth) for truth, _ in pairs), sum(len(text) for text in missed)
    confusions = Counter((a, b) for line in aligned for a, b in line if a != b)
    ordered = sorted(confusions.items(), key=lambda item: (-item[1], item[0]))
    return TextFigures(
        precision=_share(located, located + false),
        recall=_share(located, lines),
        f1=_share(2 * located, 2 * located + false + len(missed)),
        cer=_share(sum(errors), length),
        cer_end_to_end=_share(sum(errors) + lost, length + lost),
        exact_match=_share(errors.count(0), lines),
        confusions=[(a, b, times) for (a, b), times in ordered],
    )


def _share(part: int, whole: int) -> float:
    return float(ratio(np.array(part), np.array(whole)))


def edit_distance(first: str, second: str) -> int:
    """Least insertions, deletions and substitutions that turn one text into the other.

    >>> edit_distance("kitten", "sitting")
    3
    """
    return sum(1 for a, b in align(first, second) if a != b)


def align(truth: str, read: str) -> list[tuple[str, str]]:
    """Pair the characters of two texts with the fewest differences; "" where one has none.

    >>> align("ab", "b")
    [('a', ''), ('b', 'b')]
    """
    rows, columns = _steps(_codes(truth), _codes(read))
    return [
        (truth[i] if i >= 0 else NOTHING, read[j] if j >= 0 else NOTHING)
        for i, j in zip(rows, columns, strict=True)
    ]


def _codes(text: str) -> Ints:
    return np.array([ord(character) for character in text], np.int64)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _steps(first: Ints, second: Ints) -> Columns:
    """Path through the table of edit distances, from its end: substitution before gaps."""
    n, m = first.size, second.size
    cost = np.empty((n + 1, m + 1), np.int64)
    cost[:, 0] = np.arange(n + 1)
    cost[0, :] = np.arange(m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            same = cost[i - 1, j - 1] + (first[i - 1] != second[j - 1])
            cost[i, j] = min(same, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    rows, columns = np.full(n + m, -1, np.int64), np.full(n + m, -1, np.int64)
    i, j, place = n, m, n + m
    while i > 0 or j > 0:
        place -= 1
        both = i > 0 and j > 0
        if both and cost[i, j] == cost[i - 1, j - 1] + (first[i - 1] != second[j - 1]):
            i, j = i - 1, j - 1
            rows[place], columns[place] = i, j
        elif i > 0 and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            rows[place] = i
        else:
            j -= 1
            columns[place] = j
    return rows[place:], columns[place:]
