"""Which windows an epoch shows, and how often."""

from collections import Counter
from collections.abc import Callable, Sequence, Set

import numpy as np

from services.trainer.domain.recipe import SamplerName
from services.trainer.domain.training.ports import Sampler
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
        count: Windows of one epoch.
    """

    def __init__(self, labels: Sequence[int]) -> None:
        """Takes the label of each window; raises ValueError without any window."""
        if not labels:
            raise ValueError("a training needs at least one window")
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


_POWERS: dict[SamplerName, float] = {"uniform": 0.0, "balanced_sqrt": 0.5, "balanced": 1.0}


def sampler_of(
    name: SamplerName, labels: Sequence[Set[int]], *, auto: Callable[[], Sampler]
) -> Sampler:
    """The sampler that a recipe names.

    Args:
        name: ``auto`` is what the task does by itself.
        labels: Of each window, none of one without a target.
        auto: Makes the task's own.

    Raises:
        ValueError: There is no window.
    """
    return auto() if name == "auto" else RepeatSampler(labels, power=_POWERS[name])


class RepeatSampler:
    """Shows each window as often as the rarest of its labels asks for.

    Repeat factors of Gupta et al., LVIS (https://arxiv.org/abs/1908.03195), section 4: a label that
    ``n`` windows show counts ``(most / n) ** power`` times, at most `MOST_SHOWN`; ``most`` is the
    number of windows of the most frequent label. With power 0 every window is shown once; else of
    windows without a label as few as `EpochSampler` shows.

    Attributes:
        count: Windows of one epoch.
    """

    def __init__(self, labels: Sequence[Set[int]], *, power: float) -> None:
        """Takes the labels of each window; raises ValueError without any window."""
        if not labels:
            raise ValueError("a training needs at least one window")
        counts = Counter(label for there in labels for label in there)
        most = max(counts.values(), default=1)
        factors = np.array(
            [
                max((min((most / counts[one]) ** power, MOST_SHOWN) for one in there), default=0.0)
                for there in labels
            ]
        )
        empty = np.flatnonzero(factors == 0)
        full = len(labels) - len(empty)
        shown = min(len(empty), max(1, round(EMPTY_SHARE * full))) if power else len(empty)
        self._empty, self._shown = empty, shown
        self._whole = np.floor(factors).astype(np.int64)
        self._part = factors - self._whole
        self._extra = round(float(self._part.sum()))
        self.count = int(self._whole.sum()) + self._extra + shown

    def order(self, rng: np.random.Generator) -> Indices:
        """Indices of ``count`` windows in random order.

        >>> sampler = RepeatSampler([{0}, {0}, {0}, {0}, {1}, set()], power=0.5)
        >>> np.bincount(sampler.order(np.random.default_rng(0))).tolist()
        [1, 1, 1, 1, 2, 1]
        """
        drawn = [np.repeat(np.arange(len(self._whole)), self._whole), self._extras(rng)]
        drawn.append(rng.permutation(self._empty)[: self._shown])
        return np.asarray(rng.permutation(np.concatenate(drawn)), np.int64)

    def _extras(self, rng: np.random.Generator) -> Indices:
        """Windows that are shown once more, by what their factors have beyond whole numbers.

        Systematic sampling (Madow, 1949): evenly along the sum of the parts in random order.
        """
        turn = rng.permutation(len(self._part))
        ends = np.cumsum(self._part[turn])
        steps = (np.arange(self._extra) + rng.random()) * (ends[-1] / max(self._extra, 1))
        return np.asarray(turn[np.searchsorted(ends, steps, side="right")], np.int64)
