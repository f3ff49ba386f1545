"""The whole report of a detection or instance-segmentation version."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from services.evaluator.domain.numbers.draws import draw_images
from services.evaluator.domain.numbers.figure import by_name
from services.evaluator.domain.objects.confusion import confusion_matrix
from services.evaluator.domain.objects.error_gallery import counts_by_kind, error_index, gallery
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.operating_point import best_threshold, counts_on_grid
from services.evaluator.domain.objects.operating_view import OperatingView, view_at
from services.evaluator.domain.objects.regressions import image_passes, regression_states
from services.evaluator.domain.report import sections
from services.evaluator.domain.report.fixed_figures import fixed_sections
from services.evaluator.domain.report.label_analysis import LabelRow, label_results
from services.evaluator.domain.report.options import (
    KeptOptions,
    ReportOptions,
    kept_options,
    read_options,
)
from services.evaluator.domain.report.recommendations import (
    FEW_IMAGES,
    conclusion,
    notes,
    recommend,
    recommend_per_label,
)
from services.evaluator.domain.report.tree.confusion import Confusion, confused_labels
from services.evaluator.domain.report.tree.errors import Errors, Regressions
from services.evaluator.domain.report.tree.fixed_figures import FixedSections, LabelIntervals
from services.evaluator.domain.report.tree.identity import Identity
from services.evaluator.domain.report.tree.labels import DetectedLabel, LabelThresholds
from services.evaluator.domain.report.tree.overall import DetectionOverall
from services.evaluator.domain.report.tree.reports import (
    DetectionReport,
    Opening,
    ThresholdQuestion,
)
from services.evaluator.domain.report.words import say

DEFAULT_THRESHOLD = 0.5  # where no truth says which is best


def detection_report(evaluation: Evaluation, options: ReportOptions) -> DetectionReport:
    """Compute every section; undefined figures are nan. Images or objects may be absent.

    Raises:
        BadSamples: The IoU threshold is outside [0.1, 1].
    """
    evaluation.matched_at(options.iou_threshold)
    fixed = fixed_sections(evaluation, options)
    return _assemble(evaluation, options, fixed, kept_options(options))


def report_at(
    report: DetectionReport,
    evaluation: Evaluation,
    *,
    threshold: float,
    iou_threshold: float,
    watched: Evaluation | None = None,
) -> DetectionReport:
    """Write a stored report at other thresholds: the one that would be computed anew there.

    Only what no threshold moves is taken from the stored report; ``watched`` is the stored
    evaluation of corrected images that teach.

    Raises:
        BadSamples: A threshold is out of its range.
    """
    options = replace(
        read_options(report.options, Identity.of(report)),
        threshold=threshold,
        iou_threshold=iou_threshold,
        watched=watched,
    )
    return _assemble(evaluation, options, report.fixed, report.options)


def _assemble(
    evaluation: Evaluation, options: ReportOptions, fixed: FixedSections, kept: KeptOptions
) -> DetectionReport:
    """Everything that a threshold moves, around the figures that none does."""
    matches, row = evaluation.matched_at(options.iou_threshold)
    grid = counts_on_grid(evaluation.arranged, matches.verdict[row])
    threshold = options.threshold
    if threshold is None:
        best = best_threshold(grid).threshold
        threshold = DEFAULT_THRESHOLD if np.isnan(best) else best
    view = view_at(evaluation, threshold=threshold, iou_threshold=options.iou_threshold)
    matrix = confusion_matrix(evaluation.arranged, view.result)
    draws = draw_images(evaluation.arranged.images, options.replicates, seed=options.seed)
    rates = sections.rates(view)
    intervals, label_intervals = sections.rate_intervals(view, rates, draws)
    thresholds = recommend_per_label(grid)
    rows = sections.label_rows(
        view,
        matrix,
        [one.precision for one in thresholds],
        annotation_counts(view, options),
        options.history,
    )
    names, rate = evaluation.samples.labels, rates["average_detection_rate"]
    return DetectionReport(
        **by_name(_opening(view, options, rate)),
        conclusion=conclusion(rate, rates["precision"], rows),
        question=ThresholdQuestion(say("question"), recommend(grid)),
        overall=DetectionOverall(**by_name(fixed.overall), **rates),
        intervals={**fixed.intervals, **intervals},
        labels=_labels(rows, view, thresholds, fixed, label_intervals),
        confusion=Confusion.of([*names, "background"], matrix),
        most_confused=confused_labels(matrix, names),
        curves=sections.curves(evaluation, grid),
        by_size=sections.size_rates(view),
        by_tile_edge=sections.tile_rates(view, options.tile_plan),
        quality=sections.quality(view, fixed, draws),
        traits=sections.traits(view, options.image_traits),
        regressions=regressions(view, options),
        errors=_errors(view),
        tide=fixed.tide,
        fixed=fixed,
        options=kept,
    )


def _opening(view: OperatingView, options: ReportOptions, rate: float) -> Opening:
    """Whose report it is, and what must be read beside it."""
    images = len(view.evaluation.samples.images.ids)
    dataset_images = images if options.dataset_images is None else options.dataset_images
    return Opening(
        **by_name(options.identity),
        kind=view.evaluation.kind,
        images=images,
        dataset_images=dataset_images,
        reference_only=dataset_images < FEW_IMAGES,
        threshold=view.threshold,
        iou_threshold=options.iou_threshold,
        notes=notes(
            rate,
            dataset_images=dataset_images,
            evaluated=images,
            pretrained=options.pretrained,
        ),
    )


def _labels(
    rows: Sequence[LabelRow],
    view: OperatingView,
    thresholds: Sequence[LabelThresholds],
    fixed: FixedSections,
    intervals: LabelIntervals,
) -> tuple[DetectedLabel, ...]:
    """Rows of the per-label table, best rate first, with figures at the report's threshold."""
    places = {name: k for k, name in enumerate(view.evaluation.samples.labels)}
    ends = {**fixed.label_intervals, **intervals, "detection_rate": intervals["recall"]}
    return tuple(
        DetectedLabel(
            **by_name(result),
            ap_50=fixed.labels.ap_50[k],
            ap_50_95=fixed.labels.ap_50_95[k],
            thresholds=thresholds[k],
        )
        for result in label_results(rows, view.counts, places, ends)
        for k in [places[result.label]]
    )


def _errors(view: OperatingView) -> Errors:
    index = error_index(view.evaluation, view.result, view.matches, view.row)
    return Errors(counts_by_kind(index), gallery(view.evaluation, index))


def regressions(view: OperatingView, options: ReportOptions) -> Regressions:
    """Corrected images, among the judged and the watched ones: their state, and who passes."""
    passes = image_passes(view.evaluation, view.result)
    if options.watched is not None:
        seen = options.watched.outcomes_at(
            threshold=view.threshold, iou_threshold=options.iou_threshold
        )
        passes |= image_passes(options.watched, seen)
    corrected = {image: passed for image, passed in passes.items() if image in options.corrected}
    states = regression_states(options.corrected, corrected, options.passed_before)
    return Regressions(states, corrected)


def annotation_counts(view: OperatingView, options: ReportOptions) -> list[int]:
    """Annotations of each label: of the whole data set if given, else of the evaluated images."""
    given = options.annotation_counts
    return [int(count) for count in (view.evaluation.positives if given is None else given)]
