"""One version's report computed and rendered, without stores: what a worker does in a thread."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.objects.matches_file import matches_to_bytes
from services.evaluator.domain.objects.samples import Samples
from services.evaluator.domain.readers.versions import (
    ClassifiedVersion,
    JudgedVersion,
    ReadVersion,
    SegmentedVersion,
    TaskVersion,
)
from services.evaluator.domain.rendering.html import render_html
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.domain.report.classification import classification_report
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.opening import TaskOptions
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.segmentation import semantic_report
from services.evaluator.domain.report.text import text_report
from services.evaluator.domain.report.traits import image_features
from services.evaluator.domain.report.tree.reports import AnyReport
from services.evaluator.domain.text.recognition import Lines
from services.evaluator.settings import EvaluatorSettings
from shared.contracts.shapes import Task

LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Judged:
    """A computed report, and the matches that other thresholds are answered from."""

    report: AnyReport
    matches: bytes | None = None
    watched: bytes | None = None


def compute(version: TaskVersion, options: ReportOptions, settings: EvaluatorSettings) -> Judged:
    """Compute one report; runs outside the event loop.

    Raises:
        BadSamples: The version cannot be judged.
    """
    return REPORTS[version.dataset.task](version, options, settings)


def rendered_html(report: AnyReport, language: Language, settings: EvaluatorSettings) -> bytes:
    """Render a report as one self-contained page."""
    return render_html(report, language=language, console_url=settings.console_url).encode()


def rendered_pdf(report: AnyReport, language: Language) -> bytes:
    """Render a report on paper."""
    from services.evaluator.domain.rendering.pdf import render_pdf  # 13 MB, until then not needed

    return render_pdf(report, language=language)


def _detected(
    version: JudgedVersion, options: ReportOptions, settings: EvaluatorSettings
) -> Judged:
    def judged(samples: Samples) -> Evaluation:
        return evaluate(
            samples,
            kind=version.kind,
            max_detections=settings.max_detections,
            given_away=version.rotated is None,  # which shares columns with them
        )

    evaluation = judged(version.samples)
    watched = None if version.corrected is None else judged(version.corrected)
    complete = replace(
        options, tile_plan=version.dataset.tile_plan, watched=watched, rotated=version.rotated
    )
    report = detection_report(evaluation, complete)
    kept = None if watched is None else matches_to_bytes(watched)
    return Judged(report, matches_to_bytes(evaluation), kept)


def _classified(version: ClassifiedVersion, options: ReportOptions, _: EvaluatorSettings) -> Judged:
    return Judged(classification_report(version.classified, _told(version, options)))


def _segmented(version: SegmentedVersion, options: ReportOptions, _: EvaluatorSettings) -> Judged:
    return Judged(semantic_report(version.tally, _told(version, options)))


def _read(version: ReadVersion, options: ReportOptions, settings: EvaluatorSettings) -> Judged:
    lines = evaluate(version.samples, kind="mask", max_detections=settings.max_detections)
    read = Lines(lines, version.truth_texts, version.found_texts)
    cased = version.dataset.is_cased
    return Judged(text_report(read, _told(version, options), is_cased=cased))


def _told(version: TaskVersion, options: ReportOptions) -> TaskOptions:
    return TaskOptions(
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


REPORTS: dict[Task, Callable[[Any, ReportOptions, EvaluatorSettings], Judged]] = {
    "classification": _classified,
    "detection": _detected,
    "instance_segmentation": _detected,
    "semantic_segmentation": _segmented,
    "ocr": _read,
}
