"""Which windows an epoch shows, and how often."""

from collections.abc import Sequence

import numpy as np

from shared.vision.boxes import Indices

EMPTY_SHARE = 0.5  # windows without targets an epoch, per window with some


class EpochSampler:
    """Draws the order of an epoch.

    Attributes:
        count: Windows of one epoch.
    """

    def __init__(self, has_targets: Sequence[bool]) -> None:
        """Takes whether each window has targets; raises ValueError without any window."""
        if not has_targets:
            raise ValueError("a training needs at least one window")
        flags = np.array(has_targets, np.bool_)
        self._full = np.flatnonzero(flags)
        self._empty = np.flatnonzero(~flags)
        shown = min(len(self._empty), max(1, round(EMPTY_SHARE * len(self._full))))
        self.count = len(self._full) + shown

    def order(self, rng: np.random.Generator) -> Indices:
        """Indices of ``count`` windows in random order, each at most once.

        >>> sampler = EpochSampler([True, True, False, False, False])
        >>> np.sort(sampler.order(np.random.default_rng(0)))[:2].tolist()
        [0, 1]
        """
        empty = rng.permutation(self._empty)[: self.count - len(self._full)]
        return np.asarray(rng.permutation(np.concatenate([self._full, empty])), np.int64)


MOST_SHOWN = 4  # times an epoch that a window of a rare label is shown


class BalancedSampler:
    """Shows every window, and those of rare labels more often.

    Attributes:
        windows: How many there are.
        count: Windows of one epoch.
    """

    def __init__(self, labels: Sequence[int]) -> None:
        """Takes the label of each window; raises ValueError without any window."""
        if not labels:
            raise ValueError("a training needs at least one window")
        self.windows = len(labels)
        known = np.array(labels, np.int64)
        self._rows = [np.flatnonzero(known == label) for label in np.unique(known)]
        most = max(len(rows) for rows in self._rows)
        self._shown = [min(most, MOST_SHOWN * len(rows)) for rows in self._rows]
        self.count = sum(self._shown)

    def order(self, rng: np.random.Generator) -> Indices:
        """Indices of ``count`` windows in random order.

        >>> sampler = BalancedSampler([0, 0, 0, 1])
        >>> np.bincount(sampler.order(np.random.default_rng(0))).tolist()
        [1, 1, 1, 3]
        """
        drawn = []
        for rows, shown in zip(self._rows, self._shown, strict=True):
            rounds = -(-shown // len(rows))
            drawn.append(np.concatenate([rng.permutation(rows) for _ in range(rounds)])[:shown])
        return np.asarray(rng.permutation(np.concatenate(drawn)), np.int64)
