"""How far a figure can be trusted: Wilson intervals for rates, image bootstrap for the rest.

Sources: Wilson 1927 for rates; Efron 1979 for the bootstrap; Hesterberg 2015 for its small samples.
A bootstrap interval is about the value that the figure has on average over test sets **of this
size**. For a rate that is the rate itself; an interpolated AP or a mean over labels lies a little
beside its value on endless data, and no test set can show that one. So the draws are centred on the
figure (their own mean carries the same offset a second time), spread by ``sqrt(n / (n - 1))`` and
cut at the quantiles of Student's t instead of the normal law. A simulation in the tests holds the
coverage to 95 ± 2 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import ndtr, stdtrit

from services.evaluator.domain.numbers.columns import Flags, Floats, Ints
from services.evaluator.domain.numbers.draws import Draws
from services.evaluator.domain.numbers.figure import Figure

Z_95 = 1.959963984540054
RATE_BOUNDS = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval; both ends undefined when nothing can be said."""

    low: Figure
    high: Figure


UNKNOWN = Interval(float("nan"), float("nan"))


def wilson(successes: int, trials: int, *, z: float = Z_95) -> Interval:
    """Wilson score interval of a rate; no trials give nan.

    >>> interval = wilson(9, 10)
    >>> round(interval.low, 6), round(interval.high, 6)
    (0.59585, 0.982124)
    """
    if trials == 0:
        return UNKNOWN
    rate, square = successes / trials, z * z / trials
    middle = rate + square / 2
    reach = z * sqrt(rate * (1 - rate) / trials + square / (4 * trials))
    low, high = (middle - reach) / (1 + square), (middle + reach) / (1 + square)
    return Interval(max(0.0, low), min(1.0, high))


def wilsons(successes: Ints, trials: Ints) -> tuple[Interval, ...]:
    """Wilson intervals of several rates."""
    return tuple(wilson(int(s), int(n)) for s, n in zip(successes, trials, strict=True))


def bootstrap_interval(
    figure: float,
    replicates: Floats,
    drawn: int,
    *,
    bounds: tuple[float, float] = RATE_BOUNDS,
) -> Interval:
    """Interval of a figure from its bootstrap values ``(B,)``.

    As many images, or groups of them, were ``drawn`` (:attr:`Draws.drawn`). Undefined replicates
    are left out; an undefined figure, fewer than two drawn or fewer than two replicates give nan.
    ``bounds`` are the least and greatest value the figure can have.
    """
    known = replicates[~np.isnan(replicates)]
    if np.isnan(figure) or known.size < 2 or drawn < 2:
        return UNKNOWN
    spread = sqrt(drawn / (drawn - 1))
    tail = float(ndtr(stdtrit(drawn - 1, 0.025) * spread))
    low, high = np.quantile(known - known.mean(), [tail, 1 - tail]) + figure
    least, most = bounds
    return Interval(float(min(max(low, least), figure)), float(max(min(high, most), figure)))


def bootstrap_intervals(
    figures: Mapping[str, float], replicates: Mapping[str, Floats], drawn: int
) -> dict[str, Interval]:
    """Intervals of rates by name."""
    return {
        name: bootstrap_interval(figures[name], values, drawn)
        for name, values in replicates.items()
    }


def jackknife_interval(figure: float, without: Floats) -> Interval:
    """Interval of a rate from its values ``(G,)`` without one group of images each.

    For figures that cannot be weighted (Shao and Tu 1995, ch. 2.3: delete-a-group jackknife).
    An undefined figure or value, or fewer than two groups, gives nan.
    """
    groups = without.size
    if groups < 2 or np.isnan([figure, *without]).any():
        return UNKNOWN
    reach = float(-stdtrit(groups - 1, 0.025) * sqrt((groups - 1) * without.var()))
    return Interval(max(figure - reach, 0.0), min(figure + reach, 1.0))


def mean_replicates(sums: Floats, counts: Floats | Ints, draws: Draws) -> Floats:
    """Resampled ``sum / count`` of columns by image, ``(M,)`` or ``(M, C)``: ``(B,)``, ``(B, C)``.

    ``counts`` of one column serve all; nan where a replicate counts nothing.
    """
    drawn, whole = draws.sums(sums), draws.sums(counts)
    out: Floats = np.full(drawn.shape, np.nan)
    np.divide(drawn, whole, out=out, where=whole > 0)
    return out


def nan_mean(values: Floats, labels: Flags) -> Floats:
    """Mean over the chosen labels of each replicate, undefined ones left out, ``(B,)``."""
    chosen = values[:, labels]
    known = ~np.isnan(chosen)
    sums, sizes = np.where(known, chosen, 0.0).sum(axis=1), known.sum(axis=1)
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)
