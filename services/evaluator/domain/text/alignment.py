"""Two texts side by side, with the fewest differences (Levenshtein 1966)."""

import numpy as np

from services.evaluator.domain.numbers.columns import Columns, Ints
from shared.vision.compilation import compiled

NOTHING = ""  # a character that is not there: inserted or left out


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


@compiled
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
