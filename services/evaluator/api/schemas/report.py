"""The report as it is served: computed or read before, and validated no more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from services.evaluator.api.schemas.sections import (
    NAN,
    NO_SPLIT,
    ConfusionAnswer,
    CurveAnswer,
    LabelAnswer,
    RecommendationAnswer,
    RegressionAnswer,
    ReportDetails,
    TraitAnswer,
)
from services.evaluator.domain.numbers.figure import Figure
from services.evaluator.domain.numbers.intervals import Interval
from services.evaluator.domain.objects.quality import GroupRate
from services.evaluator.domain.objects.tide import ErrorSplit
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.domain.report.tree.confusion import (
    ConfusedLabels,
)
from services.evaluator.domain.report.tree.overall import (
    DetectionOverall,
    Overall,
    TextOverall,
)
from services.evaluator.domain.report.tree.quality import Quality
from services.evaluator.domain.report.tree.reports import (
    AnyReport,
    DetectionReport,
    ReportKind,
)
from services.evaluator.repository import StoredReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    """The report on a version, at the thresholds asked for.

    Sections that only detection has are empty for another task; ``details`` holds what only the
    other tasks have: ROC curves, error images, figures of each label, mixed-up characters.
    """

    version: str
    project_id: str
    training_id: str
    revision: int
    created_at: str
    dataset_hash: str
    task: str
    kind: ReportKind
    images: int
    dataset_images: int
    reference_only: bool
    threshold: float
    iou_threshold: float
    best_threshold: float
    conclusion: str
    notes: tuple[str, ...]
    question: str
    recommendations: tuple[RecommendationAnswer, ...]
    average_detection_rate: Figure
    average_detection_rate_macro: Figure
    map_50: Figure
    map_50_95: Figure
    precision: Figure
    recall: Figure
    f1: Figure
    fps: Figure
    overall: Overall
    intervals: dict[str, Interval]
    labels: tuple[LabelAnswer, ...]
    curves: tuple[CurveAnswer, ...]
    confusion: ConfusionAnswer
    most_confused: tuple[ConfusedLabels, ...]
    error_split: ErrorSplit
    by_size: tuple[GroupRate, ...]
    by_tile_edge: tuple[GroupRate, ...]
    quality: Quality
    traits: tuple[TraitAnswer, ...]
    regressions: tuple[RegressionAnswer, ...]
    details: ReportDetails

    @classmethod
    def of(cls, report: StoredReport, said: AnyReport, language: Language) -> Self:
        """Say a report in one language."""
        overall, question = said.overall, said.question
        detector = overall if isinstance(overall, DetectionOverall) else None
        detected = said if isinstance(said, DetectionReport) else None
        return cls(
            version=said.version or report.name,
            project_id=said.project_id or report.project_id,
            training_id=said.training_id or report.training_id,
            revision=said.revision or report.revision,
            created_at=_utc(report.created_at),
            dataset_hash=said.dataset_hash or report.dataset_hash,
            task=said.task or "",
            kind=said.kind,
            images=said.images,
            dataset_images=said.dataset_images,
            reference_only=said.reference_only,
            threshold=said.threshold,
            iou_threshold=said.iou_threshold,
            best_threshold=report.threshold,
            conclusion=said.conclusion[language],
            notes=tuple(note[language] for note in said.notes),
            question=question.text[language] if question else "",
            recommendations=tuple(
                RecommendationAnswer.of(one, language)
                for one in (question.answers if question else ())
            ),
            average_detection_rate=overall.average_detection_rate,
            average_detection_rate_macro=(
                NAN if isinstance(overall, TextOverall) else overall.average_detection_rate_macro
            ),
            map_50=detector.map_50 if detector else NAN,
            map_50_95=detector.map if detector else NAN,
            precision=overall.precision,
            recall=overall.recall,
            f1=overall.f1,
            fps=overall.fps,
            overall=overall,
            intervals=said.intervals,
            labels=tuple(LabelAnswer.of(row, language) for row in said.labels),
            curves=CurveAnswer.of(detected.curves) if detected else (),
            confusion=ConfusionAnswer.of(said.confusion),
            most_confused=said.most_confused,
            error_split=detected.tide if detected else NO_SPLIT,
            by_size=said.by_size,
            by_tile_edge=said.by_tile_edge,
            quality=said.quality,
            traits=tuple(TraitAnswer.of(trait, language) for trait in said.traits),
            regressions=RegressionAnswer.of(said.regressions.states),
            details=ReportDetails.of(said),
        )


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
