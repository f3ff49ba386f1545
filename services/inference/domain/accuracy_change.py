"""What an exported file may lose against the reported model, and when that is too much."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from services.inference.domain.accuracy import Tally

MOST_LOSS = 0.01  # one point of F1
_DRAWS, _SEED = 1000, 20261128
_ENDS = (2.5, 97.5)  # of the 95 % interval

Verdict = Literal["kept", "degraded", "lost"]
Floats = NDArray[np.float64]


class AccuracyChange(BaseModel):
    """F1 of a label before and after an export, on the same images; of all where it has no name.

    ``low`` and ``high`` are the 95 % interval of ``exported - reported``. ``truths`` are what
    people drew: objects, lines, images or, of a segmentation, pixels.
    """

    model_config = ConfigDict(frozen=True)

    label: str
    truths: int
    reported: float
    exported: float
    low: float
    high: float


def changes(
    names: Sequence[str], reported: Sequence[Tally], exported: Sequence[Tally]
) -> list[AccuracyChange]:
    """Compare F1 on the same images: of all labels first (their mean), then label by label.

    F1 is ``2 right / (2 right + too many + missing)``, of pixels Dice's coefficient. The interval
    of a difference is that of the paired bootstrap over images (Efron and Tibshirani 1993, 13.3).
    Labels that no image shows are left out; without any there is nothing to tell.

    Args:
        names: Of the labels, ``L``.
        reported: A tally ``(L, 3)`` an image.
        exported: Of the same images.
    """
    before, after = (
        np.array(one, np.float64).reshape(-1, len(names), 3) for one in (reported, exported)
    )
    truths = (before[..., 0] + before[..., 2]).sum(axis=0)
    shown = np.flatnonzero(truths).tolist()
    if not shown:
        return []
    count = len(before)
    draws = np.random.default_rng(_SEED).multinomial(count, np.full(count, 1 / count), _DRAWS)
    old, new = (_with_mean(_f1(one.sum(axis=0))[None, shown])[0] for one in (before, after))
    # A label that no image of a draw shows says nothing there, whatever is found of it.
    missing = np.tensordot(draws, before[..., 0] + before[..., 2], 1)[:, shown] == 0
    drawn = [
        np.where(missing, np.nan, _f1(np.tensordot(draws, one, 1))[:, shown])
        for one in (before, after)
    ]
    apart = _with_mean(drawn[1]) - _with_mean(drawn[0])
    low, high = np.nanpercentile(apart, _ENDS, axis=0)
    told = ["", *(names[place] for place in shown)]
    objects = [truths.sum(), *truths[shown]]
    return [
        AccuracyChange(
            label=told[place],
            truths=int(objects[place]),
            reported=float(old[place]),
            exported=float(new[place]),
            low=float(min(low[place], new[place] - old[place])),
            high=float(max(high[place], new[place] - old[place])),
        )
        for place in range(len(told))
    ]


def verdict(found: Sequence[AccuracyChange]) -> Verdict:
    """Judge a file that answers otherwise than the reported model.

    ``lost``: all labels together, or one of them, lose more than `MOST_LOSS` even at the better end
    of the interval. ``degraded``: they may lose more, by its worse end. ``kept``: they do not.

    >>> def of(low: float, high: float) -> AccuracyChange:
    ...     facts = {"label": "", "truths": 9, "reported": 0.9, "exported": 0.9}
    ...     return AccuracyChange(**facts, low=low, high=high)
    >>> verdict([of(-0.01, 0.0)]), verdict([of(-0.02, 0.01)]), verdict([of(-0.04, -0.02)])
    ('kept', 'degraded', 'lost')
    """
    if any(one.high < -MOST_LOSS for one in found):
        return "lost"
    return "degraded" if any(one.low < -MOST_LOSS for one in found) else "kept"


def agreement(tallies: Sequence[Tally]) -> float:
    """Return how far two answers agree, the mean of all images: 1 where each is the other.

    Of an image it is F1 of all labels together; two empty answers agree.

    >>> agreement([np.array([[1, 0, 0]]), np.array([[1, 1, 1]]), np.array([[0, 0, 0]])])
    0.8333333333333334
    """
    sums = np.array([one.sum(axis=0) for one in tallies], np.float64).reshape(-1, 3)
    return float(np.nan_to_num(_f1(sums), nan=1.0).mean()) if len(sums) else 1.0


def _f1(tallies: Floats) -> Floats:
    """F1 of tallies ``(..., 3)``; NaN where nothing is there and nothing is found."""
    right, spare, missing = np.moveaxis(tallies, -1, 0)
    with np.errstate(invalid="ignore"):
        return np.asarray(2 * right / (2 * right + spare + missing), np.float64)


def _with_mean(values: Floats) -> Floats:
    """Put the mean over labels in front, ``(D, L)`` → ``(D, 1 + L)``; 0 of a draw without any."""
    known = np.isfinite(values)
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.concatenate([mean[:, None], values], axis=1)
