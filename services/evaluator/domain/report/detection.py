"""The whole report of a detection or instance-segmentation version as one JSON document."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.evaluator.domain.numbers.columns import Ints
from services.evaluator.domain.numbers.draws import Draws, draw_images
from services.evaluator.domain.numbers.intervals import Interval
from services.evaluator.domain.numbers.plain_json import plain
from services.evaluator.domain.objects.confusion import confusion_matrix, most_confused
from services.evaluator.domain.objects.error_gallery import counts_by_kind, error_index, gallery
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.operating_point import best_threshold, counts_on_grid
from services.evaluator.domain.objects.operating_view import Moment, moment_at
from services.evaluator.domain.objects.regressions import image_passes, regression_states
from services.evaluator.domain.report import sections
from services.evaluator.domain.report.fixed import fixed_sections
from services.evaluator.domain.report.label_analysis import LabelRow
from services.evaluator.domain.report.options import ReportOptions, kept_options, read_options
from services.evaluator.domain.report.recommendations import (
    FEW_IMAGES,
    conclusion,
    notes,
    recommend,
    recommend_per_label,
)
from services.evaluator.domain.report.words import say

SCHEMA = "loupe.report/2"
DEFAULT_THRESHOLD = 0.5  # where no truth says which is best


def detection_report(evaluation: Evaluation, options: ReportOptions) -> dict[str, Any]:
    """Compute every section; nan becomes null. Images, truths or detections may be absent.

    Raises:
        BadSamples: The IoU threshold is outside [0.1, 1].
    """
    evaluation.matched_at(options.iou_threshold)
    kept = plain(kept_options(options))
    return _assemble(evaluation, options, fixed_sections(evaluation, options)) | {"options": kept}


def document_at(
    document: Mapping[str, Any],
    evaluation: Evaluation,
    *,
    threshold: float,
    iou_threshold: float,
    watched: Evaluation | None = None,
) -> dict[str, Any]:
    """Write a stored report at other thresholds: the one that would be computed anew there.

    Only what no threshold moves is taken from the stored report; ``watched`` is the stored
    evaluation of corrected images that teach.

    Raises:
        BadSamples: A threshold is out of its range.
    """
    options = read_options(
        document["options"], threshold=threshold, iou_threshold=iou_threshold, watched=watched
    )
    return {**document, **_assemble(evaluation, options, document["fixed"])}


def _assemble(
    evaluation: Evaluation, options: ReportOptions, fixed: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that a threshold moves, around the figures that none does."""
    matches, row = evaluation.matched_at(options.iou_threshold)
    grid = counts_on_grid(evaluation.arranged, matches.verdict[row])
    threshold = options.threshold
    if threshold is None:
        best = best_threshold(grid).threshold
        threshold = best if best == best else DEFAULT_THRESHOLD
    moment = moment_at(evaluation, threshold=threshold, iou_threshold=options.iou_threshold)
    matrix = confusion_matrix(evaluation.arranged, moment.result)
    draws = draw_images(evaluation.arranged.images, options.replicates, seed=options.seed)
    rates = sections.rates(moment)
    intervals, label_intervals = sections.rate_intervals(moment, rates, draws)
    per_label = recommend_per_label(grid)
    rows = sections.label_rows(
        moment, matrix, per_label["precision"], annotation_counts(moment, options), options.history
    )
    out: dict[str, Any] = plain(
        _opening(moment, options, rates, rows)
        | {
            "question": {"text": say("question"), "answers": recommend(grid)},
            "overall": {**fixed["overall"], **rates},
            "intervals": {**fixed["intervals"], **intervals},
            "labels": label_json(rows, moment, per_label, fixed, label_intervals),
            **_confusion(moment, matrix),
            "curves": sections.curves(evaluation, grid),
            "by_size": sections.size_rates(moment),
            "by_tile_edge": sections.tile_rates(moment, options.tile_plan),
            "quality": _quality(moment, fixed, draws),
            "traits": sections.traits(moment, options.image_traits),
            "regressions": regressions(moment, options),
        }
    )
    return out | {"errors": _errors(moment), "tide": fixed["tide"], "fixed": fixed}


def _opening(
    moment: Moment, options: ReportOptions, rates: Mapping[str, float], rows: list[LabelRow]
) -> dict[str, Any]:
    """Whose report it is, the conclusion and what must be read beside it."""
    images = len(moment.evaluation.samples.images.ids)
    dataset_images = images if options.dataset_images is None else options.dataset_images
    rate = rates["average_detection_rate"]
    return {
        "schema": SCHEMA,
        **options.identity,
        "kind": moment.evaluation.kind,
        "images": images,
        "dataset_images": dataset_images,
        "reference_only": dataset_images < FEW_IMAGES,
        "threshold": moment.threshold,
        "iou_threshold": options.iou_threshold,
        "conclusion": conclusion(rate, rates["precision"], rows),
        "notes": notes(
            rate,
            dataset_images=dataset_images,
            evaluated=images,
            pretrained=options.pretrained,
        ),
    }


def label_json(
    rows: list[LabelRow],
    moment: Moment,
    thresholds: Mapping[str, Sequence[float]],
    fixed: Mapping[str, Any],
    intervals: Mapping[str, list[Interval]],
) -> list[dict[str, Any]]:
    """Rows of the per-label table, best rate first, with figures at the report's threshold."""
    names = moment.evaluation.samples.labels
    counts = moment.counts
    figures = fixed["labels"] | {
        "precision": counts.precision(),
        "recall": counts.recall(),
        "f1": counts.f_score(),
        "found": counts.found,
        "wrong": counts.wrong,
        "missed": counts.missed,
        "evaluated": counts.found + counts.missed,
    }
    ends = {**fixed["label_intervals"], **intervals}
    ends["detection_rate"] = ends["recall"]
    out = []
    for row in rows:
        place = names.index(row.figures.label)
        out.append(
            {
                "label": row.figures.label,
                "detection_rate": row.figures.detection_rate,
                "share": row.share,
                "count": row.figures.count,
                "warnings": list(row.warnings),
                "advice": row.advice,
                **{name: values[place] for name, values in figures.items()},
                "thresholds": {answer: values[place] for answer, values in thresholds.items()},
                "intervals": {name: part[place] for name, part in ends.items() if len(part)},
                "to_target": row.figures.to_target,
            }
        )
    return out


def _confusion(moment: Moment, matrix: Ints) -> dict[str, Any]:
    names = moment.evaluation.samples.labels
    return {
        "confusion": {"labels": [*names, "background"], "matrix": matrix},
        "most_confused": [
            {"truth": names[t], "predicted": names[p], "count": count}
            for t, p, count in most_confused(matrix)
        ],
    }


def _quality(moment: Moment, fixed: Mapping[str, Any], draws: Draws) -> dict[str, Any]:
    found = sections.quality(moment, draws)
    intervals = {**fixed["quality_intervals"], **found["intervals"]}
    return {**fixed["quality"], **found, "intervals": intervals}


def _errors(moment: Moment) -> dict[str, Any]:
    index = error_index(moment.evaluation, moment.result, moment.matches, moment.row)
    return {"counts": counts_by_kind(index), "samples": gallery(moment.evaluation, index)}


def regressions(moment: Moment, options: ReportOptions) -> dict[str, Any]:
    """Corrected images, among the judged and the watched ones: their state, and who passes."""
    passes = image_passes(moment.evaluation, moment.result)
    if options.watched is not None:
        seen = options.watched.outcomes_at(
            threshold=moment.threshold, iou_threshold=options.iou_threshold
        )
        passes |= image_passes(options.watched, seen)
    corrected = {image: passed for image, passed in passes.items() if image in options.corrected}
    states = regression_states(options.corrected, corrected, options.passed_before)
    return {"states": states, "passes": corrected}


def annotation_counts(moment: Moment, options: ReportOptions) -> list[int]:
    """Annotations of each label: of the whole data set if given, else of the evaluated images."""
    given = options.annotation_counts
    return [int(count) for count in (moment.evaluation.positives if given is None else given)]
