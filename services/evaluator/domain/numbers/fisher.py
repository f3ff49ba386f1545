"""Fisher's exact test, one-sided, for large counts."""

from functools import lru_cache
from math import sqrt

import numpy as np
from scipy.special import gammaln

from services.evaluator.domain.numbers.columns import Floats, Ints

TAIL = 12.0  # standard deviations; what lies beyond changes no digit that is shown


def fisher_tail(both: int, *, within: int, errors: int, total: int) -> float:
    """Chance of ``both`` or more errors among ``within`` of ``total``: Fisher's exact test.

    >>> round(fisher_tail(3, within=4, errors=4, total=8), 4)
    0.2429
    """
    mean = within * errors / total
    spread = sqrt(mean * (1 - within / total) * (1 - errors / total) * total / max(total - 1, 1))
    last = min(within, errors, int(max(both, mean) + TAIL * spread) + 50)
    counts = np.arange(both, last + 1)
    inside, outside = _log_choose(errors, counts), _log_choose(total - errors, within - counts)
    whole = _log_choose(total, np.array([within]))
    return min(1.0, float(np.exp(inside + outside - whole).sum()))


def _log_choose(of: int, chosen: Ints) -> Floats:
    """Logarithm of binomial coefficients; minus infinity where they are 0."""
    table = _log_factorials(of.bit_length())
    possible = (chosen >= 0) & (chosen <= of)
    taken = np.where(possible, chosen, 0)
    out: Floats = np.where(possible, table[of] - table[taken] - table[of - taken], -np.inf)
    return out


@lru_cache(maxsize=32)
def _log_factorials(bits: int) -> Floats:
    """Logarithms of the factorials of all numbers of so many bits."""
    out: Floats = gammaln(np.arange(1 << bits) + 1.0)
    return out
