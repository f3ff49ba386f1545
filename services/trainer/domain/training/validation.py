"""How good a network is on images that do not teach it."""

import math
from dataclasses import dataclass
from typing import Self

_Z = 1.959963984540054  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Validation:
    """A figure in [0, 1] with its 95 % interval: of a classifier, the share of images it knows.

    Attributes:
        value: The figure.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of_share(cls, right: int, count: int) -> Self:
        """The share ``right`` of ``count`` with Wilson's interval (JASA 22, 1927), ``count`` >= 1.

        >>> Validation.of_share(9, 10)
        Validation(value=0.9, low=0.5958499732047615, high=0.9821237869049271)
        """
        share, z2 = right / count, _Z * _Z / count
        middle = (share + z2 / 2) / (1 + z2)
        half = _Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count)) / (1 + z2)
        # Of none and of all an end is the share itself, but for rounding.
        return cls(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))
