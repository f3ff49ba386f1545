"""Right, wrong and missed, and the rates that follow from them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import Floats, Ints


@dataclass(frozen=True, slots=True)
class Counts:
    """Right (``found``), false (``wrong``) and missed objects of each label, ``(K,)`` or wider."""

    found: Ints
    wrong: Ints
    missed: Ints

    def precision(self) -> Floats:
        """Found / predicted."""
        return ratio(self.found, self.found + self.wrong)

    def recall(self) -> Floats:
        """Found / labelled: the detection rate."""
        return ratio(self.found, self.found + self.missed)

    def f_score(self, beta: float = 1.0) -> Floats:
        """F-beta; beta above 1 weighs recall, below 1 precision."""
        weight = beta * beta
        total = (1 + weight) * self.found + weight * self.missed + self.wrong
        return ratio((1 + weight) * self.found, total)


def detection_rates(counts: Counts) -> tuple[float, float]:
    """The average detection rate, and the plain mean of the labels' rates; nan where undefined.

    The average one is found over labelled objects: the mean of the labels' rates weighted by their
    labelled objects (the manual's table). Labels without objects have no rate and no weight.

    >>> detection_rates(Counts(np.array([3, 1]), np.array([0, 0]), np.array([0, 1])))
    (0.8, 0.75)
    """
    found, missed = np.array(counts.found.sum()), np.array(counts.missed.sum())
    rates = counts.recall()
    known = rates[~np.isnan(rates)]
    return float(ratio(found, found + missed)), float(known.mean()) if known.size else float("nan")


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Divide, nan where the whole is 0.

    >>> ratio(np.array([1, 0]), np.array([2, 0])).tolist()
    [0.5, nan]
    """
    out: Floats = np.full(np.shape(part), np.nan)
    np.divide(part, whole, out=out, where=np.asarray(whole) > 0)
    return out
