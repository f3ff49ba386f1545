"""Two texts side by side, with the fewest differences (Levenshtein 1966)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from services.evaluator.domain.numbers.columns import Columns, Ints
from services.evaluator.domain.text.strictness import Strictness
from shared.vision.compilation import compiled

NOTHING = ""  # a character that is not there: inserted or left out
EXACT = Strictness()


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of a line as it is written and as it was read, "" where one of them has none."""

    truth: str
    read: str
    wrong: bool


def align(truth: str, read: str, strictness: Strictness = EXACT) -> list[TextPart]:
    """Pair the characters of two texts, one each, with the fewest differences that are mistakes.

    Characters that strictness does not look at are left out.

    >>> [(one.truth, one.read) for one in align("ab", "b")]
    [('a', ''), ('b', 'b')]
    >>> [one.wrong for one in align("A1", "a7", Strictness(case=False))]
    [False, True]
    """
    there, taken = strictness.shown(truth), strictness.shown(read)
    first, second = _codes(strictness.told(truth)), _codes(strictness.told(read))
    rows, columns = _steps(first, second)
    return [
        TextPart(
            there[i] if i >= 0 else NOTHING,
            taken[j] if j >= 0 else NOTHING,
            wrong=bool(i < 0 or j < 0 or first[i] != second[j]),
        )
        for i, j in zip(rows, columns, strict=True)
    ]


def parts_of(pairs: Sequence[TextPart]) -> tuple[TextPart, ...]:
    """Both texts in as few parts as tell right from wrong.

    >>> [(one.truth, one.read) for one in parts_of(align("100", "10O"))]
    [('10', '10'), ('0', 'O')]
    """
    return tuple(
        TextPart("".join(one.truth for one in run), "".join(one.read for one in run), wrong)
        for wrong, run in ((wrong, list(some)) for wrong, some in groupby(pairs, _is_wrong))
    )


def _is_wrong(pair: TextPart) -> bool:
    return pair.wrong


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
