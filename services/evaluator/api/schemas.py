"""What the evaluator answers. Rates are in [0, 1], null where nothing defines them."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.evaluator.domain.objects.comparison import Comparison, Difference
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.handlers.judgements import Judgement, JudgementState
from services.evaluator.repository import Report
from shared.contracts.shapes import Rle

Rate = float | None
NO_SPLIT: dict[str, Any] = {"ap": None, "gain": {}, "count": {}}
HEADLINE = (
    *("average_detection_rate", "average_detection_rate_macro", "map_50", "precision", "recall"),
    *("f1", "fps"),
)
MARKS = {"rate": "rate", "ap": "metric", "share": "share", "count": "count"}
ReportKind = Literal["box", "mask", "classification", "semantic_segmentation", "ocr"]
LabelWarning = Literal["rate", "metric", "share", "count"]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class IntervalAnswer(_Answer):
    """A 95 % interval."""

    low: Rate
    high: Rate


class ThresholdsAnswer(_Answer):
    """A recommended threshold for each answer to "precision or recall?"."""

    precision: Rate
    balanced: Rate
    recall: Rate


class LabelAnswer(_Answer):
    """One row of the per-label table; ``warnings`` names the yellow marks.

    ``count`` and ``share`` are of the annotations of the whole data set; ``evaluated`` counts the
    held-out objects, by which the rates of all labels make the average one.
    """

    label: str
    detection_rate: Rate
    average_precision: Rate
    average_precision_50_95: Rate
    precision: Rate
    recall: Rate
    f1: Rate
    found: int
    wrong: int
    missed: int
    share: float
    count: int
    evaluated: int
    warnings: tuple[LabelWarning, ...]
    advice: str
    thresholds: ThresholdsAnswer
    intervals: dict[str, IntervalAnswer]
    annotations_to_target: int | None


class CurveAnswer(_Answer):
    """Counts of one label at rising thresholds: found (tp) and wrongly found (fp)."""

    label: str
    truths: int
    thresholds: tuple[float, ...]
    tp: tuple[int, ...]
    fp: tuple[int, ...]
    precision_at_recall: tuple[Rate, ...]


class ConfusionAnswer(_Answer):
    """Row: truth, column: prediction; the last row and column stand for background."""

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]


class ConfusedAnswer(_Answer):
    """A label taken for another one."""

    truth: str
    predicted: str
    count: int


class RecommendationAnswer(_Answer):
    """A threshold for one answer, and what it gives."""

    answer: Literal["precision", "balanced", "recall"]
    threshold: float
    precision: Rate
    recall: Rate
    words: str


class ErrorSplitAnswer(_Answer):
    """Error kinds (cls, loc, both, dupe, bkg, miss): AP gained if mended, and how many."""

    ap: Rate
    gain: dict[str, Rate]
    count: dict[str, int]
    intervals: dict[str, IntervalAnswer] = Field(default_factory=dict)


class GroupAnswer(_Answer):
    """Detection rate of a group of targets."""

    name: str
    truths: int
    found: int
    rate: Rate
    interval: IntervalAnswer | None = None


class TraitAnswer(_Answer):
    """What errors have in common."""

    name: str
    value: str
    inside: float
    outside: float
    count: int
    p_value: float
    words: str


class RegressionAnswer(_Answer):
    """A corrected image, watched in every version."""

    image_id: str
    state: Literal["fixed", "still_wrong", "newly_broken", "still_right"]


class ReportAnswer(_Answer):
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
    average_detection_rate: Rate
    average_detection_rate_macro: Rate
    map_50: Rate
    map_50_95: Rate
    precision: Rate
    recall: Rate
    f1: Rate
    fps: Rate
    overall: dict[str, Rate]
    intervals: dict[str, IntervalAnswer]
    labels: tuple[LabelAnswer, ...]
    curves: tuple[CurveAnswer, ...]
    confusion: ConfusionAnswer
    most_confused: tuple[ConfusedAnswer, ...]
    error_split: ErrorSplitAnswer
    by_size: tuple[GroupAnswer, ...]
    by_tile_edge: tuple[GroupAnswer, ...]
    quality: dict[str, Any]
    traits: tuple[TraitAnswer, ...]
    regressions: tuple[RegressionAnswer, ...]
    details: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(cls, report: Report, document: dict[str, Any], language: Language) -> Self:
        """Shape a report document for one language."""
        overall = dict.fromkeys(HEADLINE) | document["overall"]
        question = document["question"] or {"text": {language: ""}, "answers": []}
        return cls.model_validate(
            {
                **document,
                "created_at": report.created_at.isoformat().replace("+00:00", "Z"),
                "best_threshold": report.threshold,
                "conclusion": document["conclusion"][language],
                "notes": [note[language] for note in document["notes"]],
                "question": question["text"][language],
                "recommendations": [_said(answer, language) for answer in question["answers"]],
                **{name: overall[name] for name in overall if name in cls.model_fields},
                "map_50_95": overall.get("map"),
                "confusion": document.get("confusion") or {"labels": [], "matrix": []},
                "labels": [_label(row, language) for row in document["labels"]],
                "curves": _curves(document.get("curves")),
                "error_split": document.get("tide") or NO_SPLIT,
                "details": _details(document),
                "traits": [_said(trait, language) for trait in document["traits"]],
                "regressions": [
                    {"image_id": image, "state": state}
                    for image, state in document["regressions"]["states"].items()
                ],
            }
        )


def _said(record: dict[str, Any], language: Language) -> dict[str, Any]:
    return {**record, "words": record["words"][language]}


def _label(row: dict[str, Any], language: Language) -> dict[str, Any]:
    target = row["to_target"]
    return {
        "thresholds": dict.fromkeys(("precision", "balanced", "recall")),
        "evaluated": row["found"] + row["missed"],  # reports before November 2026 lack it
        **row,
        "average_precision": row["ap"],
        "average_precision_50_95": row.get("ap_50_95"),
        "warnings": [MARKS[name] for name in row["warnings"]],
        "advice": row["advice"][language],
        "annotations_to_target": None if target is None else target["more"],
    }


def _details(document: dict[str, Any]) -> dict[str, Any]:
    if document["kind"] in ("box", "mask"):
        return {}
    only = ("roc", "character_confusions", "errors")
    rows = {
        row["label"]: {
            name: row[name] for name in ("iou", "dice", "boundary_f", "auc") if name in row
        }
        for row in document["labels"]
    }
    return {name: document[name] for name in only if name in document} | {"labels": rows}


def _curves(curves: dict[str, Any] | None) -> list[dict[str, Any]]:
    if curves is None:
        return []
    return [
        {
            "label": label,
            "truths": curves["truths"][place],
            "thresholds": curves["thresholds"],
            "tp": curves["found"][place],
            "fp": curves["wrong"][place],
            "precision_at_recall": curves["precision_at_recall"][place],
        }
        for place, label in enumerate(curves["labels"])
    ]


class MarkAnswer(_Answer):
    """One object on an error image: false in red, missed in orange, correct in green.

    ``rle`` is its mask in instance segmentation, null where boxes are judged.
    """

    kind: Literal["false", "missed", "correct"]
    label: str
    confused_with: str | None
    score: Rate
    box: tuple[float, float, float, float]
    rle: Rle | None
    shape_id: str | None


class ErrorImageAnswer(_Answer):
    """An image on which the version erred; ``annotate`` opens it in the console."""

    image_id: str
    name: str
    width: int
    height: int
    annotate: str
    marks: tuple[MarkAnswer, ...]


class DifferenceAnswer(_Answer):
    """A figure of both versions, and whether the difference can be chance."""

    first: Rate
    second: Rate
    difference: Rate
    interval: IntervalAnswer
    p_value: float

    @classmethod
    def of(cls, found: Difference) -> Self:
        """Shape one difference."""
        return cls(
            first=known(found.first),
            second=known(found.second),
            difference=known(found.difference),
            interval=IntervalAnswer(low=known(found.interval.low), high=known(found.interval.high)),
            p_value=found.p_value,
        )


class ComparisonAnswer(_Answer):
    """Version ``second`` against ``first`` on the images both were judged on."""

    first: str
    second: str
    images: int
    figures: dict[str, DifferenceAnswer]
    images_better: int
    images_worse: int
    sign_test_p: float
    regressions: tuple[RegressionAnswer, ...]

    @classmethod
    def of(cls, names: tuple[str, str], found: Comparison, states: dict[str, str]) -> Self:
        """Shape a comparison."""
        return cls.model_validate(
            {
                "first": names[0],
                "second": names[1],
                "images": found.images,
                "figures": {k: DifferenceAnswer.of(v) for k, v in found.figures.items()},
                "images_better": found.images_better,
                "images_worse": found.images_worse,
                "sign_test_p": found.sign_test_p,
                "regressions": [{"image_id": i, "state": s} for i, s in states.items()],
            }
        )


class ProgressAnswer(_Answer):
    """How far a judgement is: percent in [0, 100], and what is being done."""

    percent: float
    stage: str


class JudgementAnswer(_Answer):
    """The judgement on a version; ``revision`` counts the report that is there, 0 for none."""

    version: str
    state: JudgementState
    reason: str
    progress: ProgressAnswer
    revision: int

    @classmethod
    def of(cls, judgement: Judgement) -> Self:
        """Shape one judgement."""
        report, progress = judgement.report, judgement.progress
        return cls(
            version=report.name,
            state=judgement.state,
            reason=judgement.reason,
            progress=ProgressAnswer(percent=progress.percent, stage=progress.stage),
            revision=report.revision if report.state == "completed" else 0,
        )


def known(value: float) -> Rate:
    """Write nan as null."""
    return None if value != value else value
