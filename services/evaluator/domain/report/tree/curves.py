"""What the threshold slider and the curves of a report draw."""

from dataclasses import dataclass

from services.evaluator.domain.numbers.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Counts of ``K`` labels at rising thresholds, and P-R curves at IoU 0.5.

    ``found`` and ``wrong`` hold a row a label and a column a threshold; ``f1`` is the mean over
    labels; ``precision_at_recall`` samples each label's precision at recalls 0, 0.01 … 1.
    """

    thresholds: tuple[float, ...]
    labels: tuple[str, ...]
    truths: tuple[int, ...]
    found: tuple[tuple[int, ...], ...]
    wrong: tuple[tuple[int, ...], ...]
    f1: tuple[Figure, ...]
    precision_at_recall: tuple[tuple[Figure, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RocCurve:
    """One label against the rest, from (0, 0) on."""

    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
