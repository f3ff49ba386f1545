"""The whole report, task by task, and its JSON: the blob ``loupe.report/2``."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Discriminator, TypeAdapter

from services.evaluator.domain.numbers.figure import ABSENT
from services.evaluator.domain.numbers.intervals import Interval
from services.evaluator.domain.objects.quality import GroupRate
from services.evaluator.domain.objects.tide import ErrorSplit
from services.evaluator.domain.readers.coco_records import Kind
from services.evaluator.domain.report.options import KeptOptions
from services.evaluator.domain.report.recommendations import Recommendation
from services.evaluator.domain.report.traits import Trait
from services.evaluator.domain.report.tree.confusion import (
    ConfusedCharacters,
    ConfusedLabels,
    Confusion,
)
from services.evaluator.domain.report.tree.curves import Curves, RocCurve
from services.evaluator.domain.report.tree.errors import (
    Errors,
    MissegmentedImage,
    MistakenImages,
    Regressions,
    StrictReading,
)
from services.evaluator.domain.report.tree.fixed_figures import FixedSections
from services.evaluator.domain.report.tree.identity import Identity
from services.evaluator.domain.report.tree.labels import (
    ClassifiedLabel,
    DetectedLabel,
    LabelResult,
    SegmentedLabel,
)
from services.evaluator.domain.report.tree.overall import (
    ClassificationOverall,
    DetectionOverall,
    Overall,
    SemanticOverall,
    TextOverall,
)
from services.evaluator.domain.report.tree.quality import Quality
from services.evaluator.domain.report.words import Words
from services.evaluator.domain.text.misread import MisreadLines

ReportKind = Literal["box", "mask", "classification", "semantic_segmentation", "ocr"]


@dataclass(frozen=True, slots=True)
class ThresholdQuestion:
    """Precision or recall? A threshold for each answer."""

    text: Words
    answers: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(Identity):
    """Whose report it is, on what, at which thresholds, and what must be read beside it.

    ``threshold`` is 0 where nothing is held back.
    """

    schema: Literal["loupe.report/2"] = "loupe.report/2"
    kind: ReportKind
    images: int
    dataset_images: int
    reference_only: bool
    threshold: float = 0.0
    iou_threshold: float = 0.5
    notes: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Opening):
    """What the reports of all tasks have; sections that a task lacks are empty."""

    conclusion: Words
    question: ThresholdQuestion | None = None
    overall: Overall
    intervals: dict[str, Interval]
    labels: tuple[LabelResult, ...]
    confusion: Annotated[Confusion | None, ABSENT] = None
    most_confused: tuple[ConfusedLabels, ...] = ()
    by_size: tuple[GroupRate, ...] = ()
    by_tile_edge: tuple[GroupRate, ...] = ()
    quality: Quality = field(default_factory=Quality)
    traits: tuple[Trait, ...] = ()
    regressions: Regressions = field(default_factory=Regressions)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionReport(Report):
    """Detection (``box``) or instance segmentation (``mask``).

    ``fixed`` and ``options`` are what another pair of thresholds is answered from.
    """

    kind: Kind
    overall: DetectionOverall
    labels: tuple[DetectedLabel, ...]
    curves: Curves
    errors: Errors
    tide: ErrorSplit
    fixed: FixedSections
    options: KeptOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationReport(Report):
    """Classification."""

    kind: Literal["classification"] = "classification"
    overall: ClassificationOverall
    labels: tuple[ClassifiedLabel, ...]
    roc: dict[str, RocCurve]
    errors: MistakenImages


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticReport(Report):
    """Semantic segmentation; ``errors`` are its largest ones, None in old reports."""

    kind: Literal["semantic_segmentation"] = "semantic_segmentation"
    overall: SemanticOverall
    labels: tuple[SegmentedLabel, ...]
    errors: Annotated[tuple[MissegmentedImage, ...] | None, ABSENT] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReport(Report):
    """OCR.

    Figures, mixed-up characters and ``lines`` take letters of either case for one where
    ``is_cased`` is False, since the annotations do not tell their case; ``readings`` has them both
    ways. The last three are None in old reports.
    """

    kind: Literal["ocr"] = "ocr"
    overall: TextOverall
    labels: tuple[LabelResult, ...] = ()
    character_confusions: tuple[ConfusedCharacters, ...]
    is_cased: Annotated[bool | None, ABSENT] = None
    readings: Annotated[tuple[StrictReading, ...] | None, ABSENT] = None
    lines: Annotated[MisreadLines | None, ABSENT] = None


AnyReport = DetectionReport | ClassificationReport | SemanticReport | TextReport
_JSON: TypeAdapter[AnyReport] = TypeAdapter(Annotated[AnyReport, Discriminator("kind")])


def to_json(report: AnyReport, *, indent: int | None = None) -> bytes:
    """Write a report; undefined figures are null."""
    return _JSON.dump_json(report, indent=indent)


def from_json(data: bytes) -> AnyReport:
    """Read a report of this or an earlier release of the schema."""
    return _JSON.validate_json(data)
