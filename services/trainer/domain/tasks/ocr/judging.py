"""How well a network reads lines and finds text that do not teach it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from services.trainer.domain.tasks.ocr.network import TextNetwork
from services.trainer.domain.tasks.ocr.samples import IGNORED
from services.trainer.domain.training.validation import Validation
from shared.runtime.letter_case import in_one_case
from shared.runtime.text_boxes import IS_TEXT
from shared.runtime.text_reader import decode_signs

Ints = NDArray[np.int64]
SURE = 1.0  # standard errors that a better figure must lie above the first network's


@dataclass(frozen=True, slots=True)
class Reading:
    """How lines are read.

    Attributes:
        errors: Wrong signs of each line, ``(N,)``, where case counts as the annotations tell it.
        lengths: How many signs each has, ``(N,)``.
        strict: Wrong signs where a letter of the other case is wrong, too, ``(N,)``.
        is_cased: Whether the annotations tell the case of letters; else ``errors`` leave it aside.
    """

    errors: Ints
    lengths: Ints
    strict: Ints
    is_cased: bool

    @property
    def rate(self) -> float:
        """Character error rate."""
        return float(self.errors.sum() / self.lengths.sum())

    @property
    def strict_rate(self) -> float:
        """Character error rate where a letter of the other case is wrong, too."""
        return float(self.strict.sum() / self.lengths.sum())

    @property
    def exact(self) -> float:
        """Share of the lines that are read without error."""
        return float((self.errors == 0).mean())

    def validation(self) -> Validation:
        """The share of signs read right, with its interval."""
        count = int(self.lengths.sum())
        return Validation.of_share(max(0, count - int(self.errors.sum())), count)

    def is_better_than(self, before: "Reading") -> bool:
        """Whether the same lines are read surely better than before.

        Where the annotations do not tell the case of letters, it decides only between readings of
        which the new one has no more errors without it: then who writes as they do is better.
        """
        if is_better(self.errors, before.errors):
            return True
        no_worse = bool(self.errors.sum() <= before.errors.sum())
        return no_worse and is_better(self.strict, before.strict)


def is_better(now: NDArray[np.float64] | Ints, before: NDArray[np.float64] | Ints) -> bool:
    """Whether losses ``(N,)`` of the same things became less, by more than chance would explain.

    A paired comparison: the sum of the differences against its standard error.

    >>> is_better(np.array([0, 0, 1]), np.array([1, 1, 1])), is_better(np.array([1]), np.array([1]))
    (True, False)
    """
    gains = (before - now).astype(np.float64)
    return bool(gains.sum() > SURE * np.sqrt((gains**2).sum()))


@torch.no_grad()
def texts_of(
    network: TextNetwork, features: Sequence[Tensor], signs: Sequence[str], batch: int = 16
) -> list[str]:
    """What the network reads in lines."""
    device = network.head.weight.device
    found: dict[int, str] = {}
    for rows in by_width(features, batch):
        seen = torch.stack([features[row] for row in rows]).to(device, torch.float32)
        best = network.read(seen).argmax(2).cpu().numpy()
        for row, steps in zip(rows, best, strict=True):
            found[row], _ = decode_signs(steps, np.ones(len(steps), np.float32), signs)
    return [found[row] for row in range(len(features))]


@torch.no_grad()
def likely(network: TextNetwork, features: Sequence[Tensor], count: int, batch: int = 16) -> Tensor:
    """Rows of the signs ``(count,)`` that the network finds most likely somewhere in lines."""
    weight = network.head.weight
    best = weight.new_full((len(weight),), -torch.inf)
    for rows in by_width(features, batch):
        seen = torch.stack([features[row] for row in rows]).to(weight.device, torch.float32)
        best = best.maximum(network.read(seen).log_softmax(2).amax((0, 1)))
    return best.topk(min(count, len(best))).indices.cpu()


def by_width(features: Sequence[Tensor], batch: int) -> list[list[int]]:
    """Rows of lines of one width, at most ``batch`` together."""
    groups: dict[int, list[int]] = {}
    for row, one in enumerate(features):
        groups.setdefault(one.shape[-1], []).append(row)
    return [
        rows[first : first + batch]
        for _, rows in sorted(groups.items())
        for first in range(0, len(rows), batch)
    ]


def reading_of(read: Sequence[str], texts: Sequence[str], *, is_cased: bool = True) -> Reading:
    """Compares what was read with what is written."""
    strict = _distances(read, texts)
    errors = strict
    if not is_cased:
        errors = _distances([in_one_case(one) for one in read], [in_one_case(one) for one in texts])
    return Reading(errors, np.array([len(text) for text in texts], np.int64), strict, is_cased)


def _distances(read: Sequence[str], texts: Sequence[str]) -> Ints:
    found = [distance(one, text) for one, text in zip(read, texts, strict=True)]
    return np.array(found, np.int64)


def distance(one: str, other: str) -> int:
    """Fewest signs to change, leave out or put in (Levenshtein 1966).

    >>> distance("kitten", "sitting")
    3
    """
    row = list(range(len(other) + 1))
    for place, sign in enumerate(one, start=1):
        diagonal, row[0] = row[0], place
        for column, wanted in enumerate(other, start=1):
            changed = diagonal + (sign != wanted)
            diagonal, row[column] = row[column], min(changed, row[column] + 1, row[column - 1] + 1)
    return row[-1]


@torch.no_grad()
def missed_area(
    network: TextNetwork, features: Sequence[Sequence[Tensor]], areas: Sequence[NDArray[np.uint8]]
) -> NDArray[np.float64]:
    """Of each page what its found text lacks to the truth: 1 - F1 of pixels, ``(N,)``."""
    device = network.head.weight.device
    told = []
    for maps, area in zip(features, areas, strict=True):
        seen = [one[None].to(device, torch.float32) for one in maps]
        found = network.find(seen)[0].sigmoid().cpu().numpy() > IS_TEXT
        counted, text = area != IGNORED, area == 1
        both = float((found & text).sum())
        all_of_both = float((found & counted).sum() + text.sum())
        told.append(1 - 2 * both / all_of_both if all_of_both else 0.0)
    return np.array(told)
