"""The whole report of a detection or instance-segmentation version as one JSON document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.evaluator.domain import report_sections as sections
from services.evaluator.domain.confusion import confusion_matrix, most_confused
from services.evaluator.domain.error_gallery import (
    counts_by_kind,
    error_index,
    records,
    select,
)
from services.evaluator.domain.evaluation import Evaluation
from services.evaluator.domain.label_analysis import LabelRow
from services.evaluator.domain.operating_point import best_threshold
from services.evaluator.domain.plain_json import plain
from services.evaluator.domain.recommendations import (
    FEW_IMAGES,
    conclusion,
    notes,
    recommend,
    recommend_per_label,
)
from services.evaluator.domain.regressions import image_passes, regression_states
from services.evaluator.domain.tide import error_split
from services.evaluator.domain.traits import ImageTraits
from services.evaluator.domain.words import say
from shared.vision.tiles import TilePlan

SCHEMA = "loupe.report/1"
SAMPLE_ERRORS = 60


@dataclass(frozen=True)
class ReportOptions:
    """What a report needs to know beside the evaluation.

    ``threshold`` None takes the best F1. ``annotation_counts`` are those of the whole data set by
    label (default: the evaluated truths). ``history`` gives each label's (annotations, rate) of
    earlier versions. ``replicates`` 0 leaves the bootstrap out.
    """

    threshold: float | None = None
    iou_threshold: float = 0.5
    identity: Mapping[str, Any] = field(default_factory=dict)
    dataset_images: int | None = None
    annotation_counts: Sequence[int] | None = None
    history: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    tile_plan: TilePlan | None = None
    elapsed_ms: Sequence[float] = ()
    image_traits: ImageTraits | None = None
    corrected: frozenset[str] = frozenset()
    passed_before: Mapping[str, bool] = field(default_factory=dict)
    replicates: int = 200
    seed: int = 0


def detection_report(evaluation: Evaluation, options: ReportOptions) -> dict[str, Any]:
    """Compute every section; nan becomes null. Images, truths or detections may be absent.

    Raises:
        BadSamples: The IoU threshold is outside [0.1, 1].
    """
    matches, row = evaluation.matched_at(options.iou_threshold)
    verdict = matches.verdict[row]
    threshold = options.threshold
    if threshold is None:
        best = best_threshold(evaluation.arranged, verdict).threshold
        threshold = 0.5 if np.isnan(best) else best
    result = evaluation.outcomes_at(threshold=threshold, iou_threshold=options.iou_threshold)
    moment = sections.Moment(evaluation, matches, row, result, threshold)
    matrix = confusion_matrix(evaluation.arranged, result)
    per_label = recommend_per_label(evaluation.arranged, verdict)
    counts = annotation_counts(evaluation, options)
    rows = sections.label_rows(moment, matrix, per_label, counts, options.history)
    intervals = sections.intervals(moment, options.replicates, options.seed)
    overall = sections.overall(moment, options.elapsed_ms)
    index = error_index(evaluation, result, matches, row)
    images = len(evaluation.samples.images.ids)
    dataset_images = images if options.dataset_images is None else options.dataset_images
    rate = overall["average_detection_rate"]
    passes = image_passes(evaluation, result)
    states = regression_states(options.corrected, passes, options.passed_before)
    names = evaluation.samples.labels
    document: dict[str, Any] = plain(
        {
            "schema": SCHEMA,
            **options.identity,
            "kind": evaluation.kind,
            "images": images,
            "dataset_images": dataset_images,
            "reference_only": dataset_images < FEW_IMAGES,
            "threshold": threshold,
            "iou_threshold": options.iou_threshold,
            "conclusion": conclusion(rate, overall["precision"], rows),
            "notes": notes(rate, dataset_images=dataset_images, evaluated=images),
            "question": {
                "text": say("question"),
                "answers": [vars_of(r) for r in recommend(evaluation.arranged, verdict)],
            },
            "overall": overall,
            "intervals": intervals.overall,
            "labels": label_json(rows, moment, per_label, intervals),
            "confusion": {"labels": [*names, "background"], "matrix": matrix},
            "most_confused": [
                {"truth": names[t], "predicted": names[p], "count": count}
                for t, p, count in most_confused(matrix)
            ],
            "curves": sections.curves(moment),
            "tide": vars_of(error_split(evaluation.arranged, evaluation.overlaps)),
            "by_size": [vars_of(group) for group in sections.size_rates(moment)],
            "by_tile_edge": sections.tile_rates(moment, options.tile_plan),
            "quality": sections.quality(moment),
            "errors": {
                "counts": counts_by_kind(index),
                "samples": records(evaluation, index, select(evaluation, index)[:SAMPLE_ERRORS]),
            },
            "traits": sections.traits(moment, options.image_traits),
            "regressions": {"states": states, "passes": _corrected(passes, options.corrected)},
        }
    )
    return document


def label_json(
    rows: list[LabelRow],
    moment: sections.Moment,
    thresholds: Mapping[str, Sequence[float]],
    intervals: sections.Intervals,
) -> list[dict[str, Any]]:
    """Rows of the per-label table, best rate first, with figures at the report's threshold."""
    names = moment.evaluation.samples.labels
    counts = moment.counts
    figures = {
        "precision": counts.precision(),
        "recall": counts.recall(),
        "f1": counts.f_score(),
        "found": counts.found,
        "wrong": counts.wrong,
        "missed": counts.missed,
        "ap_50": moment.evaluation.precisions.ap[moment.evaluation.matches.at(0.5)],
        "ap_50_95": moment.evaluation.precisions.ap.mean(axis=0),
    }
    out = []
    for row in rows:
        place = names.index(row.figures.label)
        estimate = row.figures.to_target
        out.append(
            {
                "label": row.figures.label,
                "detection_rate": row.figures.detection_rate,
                "ap": row.figures.ap,
                "share": row.share,
                "count": row.figures.count,
                "warnings": list(row.warnings),
                "advice": row.advice,
                **{name: values[place] for name, values in figures.items()},
                "thresholds": {answer: values[place] for answer, values in thresholds.items()},
                "intervals": {name: part[place] for name, part in intervals.labels.items()},
                "to_target": None if estimate is None else vars_of(estimate),
            }
        )
    return out


def annotation_counts(evaluation: Evaluation, options: ReportOptions) -> list[int]:
    """Annotations of each label: of the whole data set if given, else of the evaluated images."""
    if options.annotation_counts is not None:
        return [int(count) for count in options.annotation_counts]
    return [int(count) for count in evaluation.positives]


def vars_of(record: Any) -> dict[str, Any]:  # noqa: ANN401 - any of our frozen dataclasses
    """Fields of a slotted dataclass."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _corrected(passes: Mapping[str, bool], corrected: frozenset[str]) -> dict[str, bool]:
    return {image: passed for image, passed in passes.items() if image in corrected}
