"""Sections of a report as they are served, in one language where they have words.

Sections without words are served as they stand in the report itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from services.evaluator.domain.numbers.figure import ABSENT, Figure, SomeFigure
from services.evaluator.domain.numbers.intervals import Interval
from services.evaluator.domain.objects.regressions import State
from services.evaluator.domain.objects.tide import ErrorSplit
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.domain.report.recommendations import Answer, Recommendation
from services.evaluator.domain.report.traits import Trait
from services.evaluator.domain.report.tree.confusion import (
    ConfusedCharacters,
    Confusion,
)
from services.evaluator.domain.report.tree.curves import Curves, RocCurve
from services.evaluator.domain.report.tree.errors import MistakenImages, StrictReading
from services.evaluator.domain.report.tree.labels import (
    ClassifiedLabel,
    DetectedLabel,
    LabelMark,
    LabelResult,
    LabelThresholds,
    SegmentedLabel,
)
from services.evaluator.domain.report.tree.reports import (
    AnyReport,
    ClassificationReport,
    DetectionReport,
    TextReport,
)
from services.evaluator.domain.text.misread import MisreadLines

NAN = float("nan")
NO_SPLIT = ErrorSplit(ap=NAN, gain={}, count={})
NO_THRESHOLDS = LabelThresholds(precision=NAN, balanced=NAN, recall=NAN)
LabelWarning = Literal["rate", "metric", "share", "count"]
MARKS: dict[LabelMark, LabelWarning] = {
    "rate": "rate",
    "ap": "metric",
    "share": "share",
    "count": "count",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAnswer:
    """One row of the per-label table; ``warnings`` names the yellow marks.

    ``count`` and ``share`` are of the annotations of the whole data set; ``evaluated`` counts the
    held-out objects, by which the rates of all labels make the average one.
    """

    label: str
    detection_rate: Figure
    average_precision: Figure
    average_precision_50_95: Figure
    precision: Figure
    recall: Figure
    f1: Figure
    found: int
    wrong: int
    missed: int
    share: float
    count: int
    evaluated: int
    warnings: tuple[LabelWarning, ...]
    advice: str
    thresholds: LabelThresholds
    intervals: dict[str, Interval]
    annotations_to_target: int | None

    @classmethod
    def of(cls, row: LabelResult, language: Language) -> Self:
        """Say one row."""
        detected = row if isinstance(row, DetectedLabel) else None
        return cls(
            label=row.label,
            detection_rate=row.detection_rate,
            average_precision=row.ap,
            average_precision_50_95=detected.ap_50_95 if detected else NAN,
            precision=row.precision,
            recall=row.recall,
            f1=row.f1,
            found=row.found,
            wrong=row.wrong,
            missed=row.missed,
            share=row.share,
            count=row.count,
            evaluated=row.found + row.missed,
            warnings=tuple(MARKS[name] for name in row.warnings),
            advice=row.advice[language],
            thresholds=detected.thresholds if detected else NO_THRESHOLDS,
            intervals=row.intervals,
            annotations_to_target=None if row.to_target is None else row.to_target.more,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveAnswer:
    """Counts of one label at rising thresholds: found (tp) and wrongly found (fp)."""

    label: str
    truths: int
    thresholds: tuple[float, ...]
    tp: tuple[int, ...]
    fp: tuple[int, ...]
    precision_at_recall: tuple[Figure, ...]

    @classmethod
    def of(cls, curves: Curves) -> tuple[Self, ...]:
        """Give each label its own."""
        return tuple(
            cls(
                label=label,
                truths=curves.truths[place],
                thresholds=curves.thresholds,
                tp=curves.found[place],
                fp=curves.wrong[place],
                precision_at_recall=curves.precision_at_recall[place],
            )
            for place, label in enumerate(curves.labels)
        )


@dataclass(frozen=True, slots=True)
class ConfusionAnswer:
    """Row: truth, column: prediction; the last row and column stand for background."""

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, confusion: Confusion | None) -> Self:
        """Leave the matrix empty where a task has none."""
        return cls((), ()) if confusion is None else cls(confusion.labels, confusion.matrix)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationAnswer:
    """A threshold for one answer, and what it gives."""

    answer: Answer
    threshold: float
    precision: Figure
    recall: Figure
    words: str

    @classmethod
    def of(cls, given: Recommendation, language: Language) -> Self:
        """Say one recommendation."""
        return cls(
            answer=given.answer,
            threshold=given.threshold,
            precision=given.precision,
            recall=given.recall,
            words=given.words[language],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitAnswer:
    """What errors have in common."""

    name: str
    value: str
    inside: float
    outside: float
    count: int
    p_value: float
    words: str

    @classmethod
    def of(cls, trait: Trait, language: Language) -> Self:
        """Say one trait."""
        return cls(
            name=trait.name,
            value=trait.value,
            inside=trait.inside,
            outside=trait.outside,
            count=trait.count,
            p_value=trait.p_value,
            words=trait.words[language],
        )


@dataclass(frozen=True, slots=True)
class RegressionAnswer:
    """A corrected image, watched in every version."""

    image_id: str
    state: State

    @classmethod
    def of(cls, states: Mapping[str, State]) -> tuple[Self, ...]:
        """List the images."""
        return tuple(cls(image, state) for image, state in states.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDetails:
    """Figures of a label that only one of the other tasks has."""

    iou: SomeFigure = None
    dice: SomeFigure = None
    boundary_f: SomeFigure = None
    auc: SomeFigure = None

    @classmethod
    def of(cls, row: LabelResult) -> Self:
        """Take them from a row."""
        if isinstance(row, SegmentedLabel):
            return cls(iou=row.iou, dice=row.dice, boundary_f=row.boundary_f)
        return cls(auc=row.auc) if isinstance(row, ClassifiedLabel) else cls()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDetails:
    """What only other tasks than detection have: nothing of it stands in a detector's report.

    ``roc`` and ``errors`` belong to classification; ``character_confusions``, ``is_cased``,
    ``readings`` and ``lines`` to OCR.
    """

    roc: Annotated[dict[str, RocCurve] | None, ABSENT] = None
    character_confusions: Annotated[tuple[ConfusedCharacters, ...] | None, ABSENT] = None
    errors: Annotated[MistakenImages | None, ABSENT] = None
    labels: Annotated[dict[str, LabelDetails] | None, ABSENT] = None
    is_cased: Annotated[bool | None, ABSENT] = None
    readings: Annotated[tuple[StrictReading, ...] | None, ABSENT] = None
    lines: Annotated[MisreadLines | None, ABSENT] = None

    @classmethod
    def of(cls, said: AnyReport) -> Self:
        """Take them from a report."""
        if isinstance(said, DetectionReport):
            return cls()
        labels = {row.label: LabelDetails.of(row) for row in said.labels}
        if isinstance(said, ClassificationReport):
            return cls(roc=said.roc, errors=said.errors, labels=labels)
        if isinstance(said, TextReport):
            return cls(
                character_confusions=said.character_confusions,
                labels=labels,
                is_cased=said.is_cased,
                readings=said.readings,
                lines=said.lines,
            )
        return cls(labels=labels)
