"""How many more annotations a label needs: a power law through the versions seen so far.

Source: Hestness et al. 2017, "Deep learning scaling is predictable, empirically": the error falls
as ``a * n ** -b``. With versions of different counts ``a`` and ``b`` are fitted; with only one, the
upper end of the exponents that paper reports is assumed and the estimate says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isnan
from typing import Literal

import numpy as np

from services.evaluator.domain.report.words import Words, percent, say

TARGET = 0.90
ASSUMED_EXPONENT = 0.35
EXPONENT_RANGE = (0.05, 1.0)
LEAST_ERROR = 1e-3  # a rate of 1 has no logarithm
REACHABLE_FACTOR = 20  # beyond twenty times the annotations it is not a plan


@dataclass(frozen=True, slots=True)
class Estimate:
    """``more`` annotations to reach ``target``; None when annotations alone will hardly do."""

    more: int | None
    target: float
    basis: Literal["fitted", "assumed", "reached"]

    def words(self, label: str) -> Words:
        """Say it in words."""
        target = percent(self.target)
        if self.more is None:
            return say("more_will_not_do", label=label, target=target)
        key = "more_to_target_assumed" if self.basis == "assumed" else "more_to_target"
        return say(key, label=label, more=self.more, target=target)


def annotations_needed(
    history: Sequence[tuple[int, float]], *, target: float = TARGET
) -> Estimate | None:
    """Estimate from ``(annotation count, detection rate)`` of each version, newest last.

    Points without annotations or rate are left out; nothing left gives None.

    >>> annotations_needed([(100, 0.95)])
    Estimate(more=0, target=0.9, basis='reached')
    """
    points = [(count, rate) for count, rate in history if count > 0 and not isnan(rate)]
    if not points:
        return None
    count, rate = points[-1]
    if rate >= target:
        return Estimate(0, target, "reached")
    exponent = _fitted_exponent(points)
    basis: Literal["fitted", "assumed"] = "assumed" if exponent is None else "fitted"
    power = 1 / (ASSUMED_EXPONENT if exponent is None else exponent)
    factor = ((1 - rate) / max(1 - target, LEAST_ERROR)) ** power
    if factor > REACHABLE_FACTOR:
        return Estimate(None, target, basis)
    return Estimate(ceil(count * (factor - 1)), target, basis)


def _fitted_exponent(points: Sequence[tuple[int, float]]) -> float | None:
    counts = np.log([count for count, _ in points])
    if np.ptp(counts) < 1e-9:
        return None
    errors = np.log([max(1 - rate, LEAST_ERROR) for _, rate in points])
    centred = counts - counts.mean()
    slope = float((centred * (errors - errors.mean())).sum() / (centred**2).sum())
    low, high = EXPONENT_RANGE
    return min(max(-slope, low), high)
