"""What no threshold of a detector moves: computed once, and taken over at other thresholds."""

from dataclasses import dataclass

from services.evaluator.domain.numbers.figure import Figure
from services.evaluator.domain.numbers.intervals import Interval
from services.evaluator.domain.objects.tide import ErrorSplit
from services.evaluator.domain.report.tree.overall import FixedOverall
from services.evaluator.domain.report.tree.quality import OtherPrecisions

LabelIntervals = dict[str, tuple[Interval, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPrecisions:
    """AP of each label: ``ap`` and ``ap_50`` at IoU 0.5, ``ap_50_95`` over 0.50:0.95."""

    ap: tuple[Figure, ...]
    ap_50: tuple[Figure, ...]
    ap_50_95: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedSections:
    """Overall figures, those of labels in the order of the labels, error split and quality."""

    overall: FixedOverall
    intervals: dict[str, Interval]
    labels: LabelPrecisions
    label_intervals: LabelIntervals
    tide: ErrorSplit
    quality: OtherPrecisions
    quality_intervals: dict[str, Interval]
