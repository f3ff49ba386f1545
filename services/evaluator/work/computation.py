"""One version's report computed and rendered, without stores: what a worker does in a thread."""

from dataclasses import dataclass, replace

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.objects.matches_file import matches_to_bytes
from services.evaluator.domain.objects.samples import Samples
from services.evaluator.domain.readers.versions import (
    ClassifiedVersion,
    JudgedVersion,
    ReadVersion,
    SegmentedVersion,
    Version,
)
from services.evaluator.domain.rendering.html import render_html
from services.evaluator.domain.rendering.pdf import render_pdf
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.domain.report.classification import classification_report
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.opening import TaskOptions
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.segmentation import semantic_report
from services.evaluator.domain.report.text import text_report
from services.evaluator.domain.report.traits import image_features
from services.evaluator.domain.report.tree.reports import AnyReport, DetectionReport
from services.evaluator.settings import EvaluatorSettings

LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Judged:
    """A computed report, and the matches that other thresholds are answered from."""

    report: AnyReport
    matches: bytes | None
    watched: bytes | None


def compute(version: Version, options: ReportOptions, settings: EvaluatorSettings) -> Judged:
    """Compute one report; runs outside the event loop.

    Raises:
        BadSamples: The version cannot be judged.
    """
    report: AnyReport
    matches = watched = None
    if isinstance(version, JudgedVersion):
        report, matches, watched = _detected(version, options, settings)
    else:
        report = _other_task(version, options, settings)
    return Judged(report, matches, watched)


def rendered_html(report: AnyReport, language: Language, settings: EvaluatorSettings) -> bytes:
    """Render a report as one self-contained page."""
    return render_html(report, language=language, console_url=settings.console_url).encode()


def rendered_pdf(report: AnyReport, language: Language) -> bytes:
    """Render a report on paper."""
    return render_pdf(report, language=language)


def _detected(
    version: JudgedVersion, options: ReportOptions, settings: EvaluatorSettings
) -> tuple[DetectionReport, bytes, bytes | None]:
    def judged(samples: Samples) -> Evaluation:
        return evaluate(samples, kind=version.kind, max_detections=settings.max_detections)

    evaluation = judged(version.samples)
    watched = None if version.corrected is None else judged(version.corrected)
    complete = replace(
        options, tile_plan=version.dataset.tile_plan, watched=watched, rotated=version.rotated
    )
    report = detection_report(evaluation, complete)
    kept = None if watched is None else matches_to_bytes(watched)
    return report, matches_to_bytes(evaluation), kept


def _other_task(version: Version, options: ReportOptions, settings: EvaluatorSettings) -> AnyReport:
    told = TaskOptions(
        labels=version.dataset.labels,
        image_ids=version.image_ids,
        identity=options.identity,
        dataset_images=options.dataset_images,
        annotation_counts=options.annotation_counts,
        pretrained=options.pretrained,
        history=options.history,
        elapsed_ms=options.elapsed_ms,
        features=image_features(options.image_traits),
        replicates=options.replicates,
    )
    if isinstance(version, ClassifiedVersion):
        return classification_report(version.classified, told)
    if isinstance(version, SegmentedVersion):
        return semantic_report(version.tally, told)
    if isinstance(version, ReadVersion):
        lines = evaluate(version.samples, kind="mask", max_detections=settings.max_detections)
        return text_report(
            lines, told, truth_texts=version.truth_texts, found_texts=version.found_texts
        )
    raise BadSamples(f"versions of the task {version.dataset.task} cannot be judged")
