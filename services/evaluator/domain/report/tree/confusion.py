"""What is taken for what: labels, and characters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from services.evaluator.domain.numbers.columns import Ints
from services.evaluator.domain.numbers.figure import ABSENT, rows_of
from services.evaluator.domain.objects.confusion import most_confused


@dataclass(frozen=True, slots=True)
class Confusion:
    """Row: truth, column: prediction; background is last, in pixels first.

    Counts are of objects, or of what ``unit`` says.
    """

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    unit: Annotated[Literal["pixels"] | None, ABSENT] = None

    @classmethod
    def of(
        cls, labels: Sequence[str], matrix: Ints, *, unit: Literal["pixels"] | None = None
    ) -> "Confusion":
        """Take over a square array of counts."""
        return cls(tuple(labels), rows_of(matrix), unit)


@dataclass(frozen=True, slots=True)
class ConfusedLabels:
    """A label taken for another one, and how often."""

    truth: str
    predicted: str
    count: int


@dataclass(frozen=True, slots=True)
class ConfusedCharacters:
    """A character read as another one; empty where it was left out or inserted."""

    truth: str
    read: str
    count: int


def confused_labels(matrix: Ints, labels: Sequence[str]) -> tuple[ConfusedLabels, ...]:
    """Labels most often taken for one another, worst first; the matrix ends with background."""
    return tuple(
        ConfusedLabels(labels[truth], labels[predicted], count)
        for truth, predicted, count in most_confused(matrix)
    )
