"""The signs that a network reads, and how texts become rows of them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from services.trainer.domain.losses.ctc import BLANK

MOST_NEW = 512  # signs that a training adds; texts with rarer ones teach nothing


def plain(text: str | None) -> str:
    r"""A text as it is read: one space for any white space, none around it.

    >>> plain(" A  B\n")
    'A B'
    """
    return " ".join((text or "").split())


def steps_needed(text: str) -> int:
    """Steps that a line must have for a text: one a sign, one more between equal neighbours.

    >>> steps_needed("hello")
    6
    """
    return len(text) + sum(one == other for one, other in pairwise(text))


@dataclass(frozen=True)
class Alphabet:
    """Signs in the order of a network's answers, which begin with the blank.

    Attributes:
        signs: Of the first network, then those that the training adds.
        added: How many of them it adds.
    """

    signs: tuple[str, ...]
    added: int = 0

    @classmethod
    def of(cls, stock: Sequence[str], texts: Iterable[str]) -> "Alphabet":
        """The signs of the first network and the most frequent ones that it lacks.

        >>> Alphabet.of("ab", ["bag"]).signs
        ('a', 'b', 'g')
        """
        known = frozenset(stock)
        counts = Counter(sign for text in texts for sign in text if sign not in known)
        often = sorted(counts, key=lambda sign: (-counts[sign], sign))[:MOST_NEW]
        return cls((*stock, *sorted(often)), len(often))

    @property
    def digest(self) -> str:
        """Tells it from every other alphabet."""
        return hashlib.sha256("\x1f".join(self.signs).encode()).hexdigest()[:16]

    @cached_property
    def _rows(self) -> dict[str, int]:
        rows: dict[str, int] = {}
        for row, sign in enumerate(self.signs, start=BLANK + 1):
            rows.setdefault(sign, row)
        return rows

    def rows(self, text: str) -> list[int] | None:
        """Each sign's row in a network's answer; None where one is not known."""
        found = [self._rows.get(sign) for sign in text]
        return None if None in found else [row for row in found if row is not None]
