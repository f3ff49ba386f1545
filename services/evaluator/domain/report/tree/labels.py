"""One row of the per-label table, task by task."""

from dataclasses import dataclass
from typing import Literal

from services.evaluator.domain.numbers.figure import Figure
from services.evaluator.domain.numbers.intervals import Interval
from services.evaluator.domain.report.learning_curve import Estimate
from services.evaluator.domain.report.words import Words

LabelMark = Literal["rate", "ap", "share", "count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelThresholds:
    """A recommended threshold for each answer to "precision or recall?"."""

    precision: Figure
    balanced: Figure
    recall: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelResult:
    """What every task says of a label; ``warnings`` names the yellow marks.

    ``count`` and ``share`` are of the annotations of the whole data set; ``evaluated`` counts the
    held-out objects (reports before November 2026 lack it). ``intervals`` are by figure.
    """

    label: str
    detection_rate: Figure
    ap: Figure
    precision: Figure
    recall: Figure
    f1: Figure
    found: int
    wrong: int
    missed: int
    evaluated: int | None = None
    share: float
    count: int
    warnings: tuple[LabelMark, ...]
    advice: Words
    intervals: dict[str, Interval]
    to_target: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedLabel(LabelResult):
    """A label of detection or instance segmentation: AP at IoU 0.5 and over 0.50:0.95."""

    ap_50: Figure
    ap_50_95: Figure
    thresholds: LabelThresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifiedLabel(LabelResult):
    """A label of classification: the area under its ROC curve."""

    auc: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentedLabel(LabelResult):
    """A label of semantic segmentation: figures of its pixels; it has no AP."""

    iou: Figure
    dice: Figure
    boundary_f: Figure
