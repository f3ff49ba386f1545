"""The sections of a detection report that follow from a confidence and an IoU threshold."""

from collections.abc import Mapping, Sequence

import numpy as np

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.numbers.counts import Counts, detection_rates
from services.evaluator.domain.numbers.draws import Draws
from services.evaluator.domain.numbers.figure import by_name, rows_of
from services.evaluator.domain.numbers.intervals import (
    RATE_BOUNDS,
    Interval,
    bootstrap_interval,
    bootstrap_intervals,
    mean_replicates,
    nan_mean,
    wilsons,
)
from services.evaluator.domain.objects import quality as quality_of
from services.evaluator.domain.objects.average_precision import mean
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.operating_point import SCORE_GRID
from services.evaluator.domain.objects.operating_view import OperatingView
from services.evaluator.domain.objects.outlines import MEASURES
from services.evaluator.domain.objects.replicates import image_counts, rate_replicates
from services.evaluator.domain.report import traits as traits_of
from services.evaluator.domain.report.label_analysis import LabelFigures, LabelRow, analyse
from services.evaluator.domain.report.learning_curve import annotations_needed
from services.evaluator.domain.report.recommendations import totals
from services.evaluator.domain.report.tree.curves import Curves
from services.evaluator.domain.report.tree.fixed_figures import FixedSections, LabelIntervals
from services.evaluator.domain.report.tree.quality import Quality
from shared.vision.tiles import TilePlan

COUNT_ERRORS = {
    "count_mean_absolute": (0.0, np.inf),
    "count_bias": (-np.inf, np.inf),
    "count_exact_rate": (0.0, 1.0),
}  # and between what they can lie


def rates(view: OperatingView) -> dict[str, float]:
    """Precision, recall, F1 and detection rates at the threshold.

    ``precision`` and ``recall`` are over all objects, ``f1`` is the mean over labels (C-155);
    ``average_detection_rate`` weighs labels by their counts, the ``_macro`` one does not.
    """
    counts = view.counts
    precision, recall = totals(counts)
    average, macro = detection_rates(counts)
    return {
        "precision": precision,
        "recall": recall,
        "f1": mean(counts.f_score()[view.evaluation.positives > 0]),
        "average_detection_rate": average,
        "average_detection_rate_macro": macro,
    }


def rate_intervals(
    view: OperatingView, figures: Mapping[str, float], draws: Draws
) -> tuple[dict[str, Interval], LabelIntervals]:
    """95 % intervals of the overall rates by name, and of each label (``K`` per name).

    Image bootstrap, but Wilson for the precision and recall of a label; no draws leave the first
    out.
    """
    counts = view.counts
    labels: LabelIntervals = {
        "precision": wilsons(counts.found, counts.found + counts.wrong),
        "recall": wilsons(counts.found, counts.found + counts.missed),
    }
    if not len(draws):
        return {}, labels
    arranged = view.evaluation.arranged
    per_image = image_counts(arranged, view.verdict, view.threshold)
    drawn = rate_replicates(per_image, draws)
    has = view.evaluation.positives > 0
    replicates = {
        "precision": drawn.micro_precision,
        "recall": drawn.detection_rate,
        "average_detection_rate": drawn.detection_rate,
        "average_detection_rate_macro": nan_mean(drawn.recall, has),
        "f1": nan_mean(drawn.f1, has),
    }
    labels["f1"] = tuple(
        bootstrap_interval(float(value), column, draws.drawn)
        for value, column in zip(counts.f_score(), drawn.f1.T, strict=True)
    )
    return bootstrap_intervals(figures, replicates, draws.drawn), labels


def label_rows(
    view: OperatingView,
    matrix: Ints,
    precise_thresholds: Sequence[float],
    annotations: Sequence[int],
    history: Mapping[str, Sequence[tuple[int, float]]],
) -> list[LabelRow]:
    """The per-label table."""
    names = view.evaluation.samples.labels
    found = view.counts.recall()
    ap = view.evaluation.precisions.ap[view.evaluation.matches.at(0.5)]
    others = matrix[:-1, :-1].copy()
    np.fill_diagonal(others, 0)
    figures = []
    for place, name in enumerate(names):
        rival = int(others[place].argmax()) if len(names) > 1 else place
        seen = [*history.get(name, ()), (annotations[place], float(found[place]))]
        figures.append(
            LabelFigures(
                label=name,
                detection_rate=float(found[place]),
                ap=float(ap[place]),
                count=annotations[place],
                false_detections=int(view.counts.wrong[place]),
                confused_with=names[rival] if others[place, rival] else None,
                confused_count=int(others[place, rival]),
                threshold=view.threshold,
                precise_threshold=precise_thresholds[place],
                to_target=annotations_needed(seen),
            )
        )
    return analyse(figures)


def curves(evaluation: Evaluation, grid: Counts) -> Curves:
    """What the threshold slider draws: counts of each label at 101 thresholds, and P-R curves."""
    has = evaluation.positives > 0
    at_half = evaluation.precisions.curve[evaluation.matches.at(0.5)]
    return Curves(
        thresholds=tuple(SCORE_GRID.tolist()),
        labels=tuple(evaluation.samples.labels),
        truths=tuple(evaluation.positives.tolist()),
        found=rows_of(grid.found),
        wrong=rows_of(grid.wrong),
        f1=tuple(_mean_over_labels(grid.f_score()[has]).tolist()),
        precision_at_recall=rows_of(np.round(at_half, 4)),
    )


def _mean_over_labels(values: Floats) -> Floats:
    return values.mean(axis=0) if len(values) else np.full(values.shape[1], np.nan)


def size_rates(view: OperatingView) -> tuple[quality_of.GroupRate, ...]:
    """Detection rate by object size."""
    return quality_of.rate_by_size(view.evaluation.arranged, view.taken)


def tile_rates(view: OperatingView, plan: TilePlan | None) -> tuple[quality_of.GroupRate, ...]:
    """Detection rate of targets that a tile edge cuts, beside the others; none without tiles."""
    if plan is None or plan.is_whole:
        return ()
    return quality_of.rate_by_tile_edge(view.evaluation, view.taken, plan)


def quality(view: OperatingView, fixed: FixedSections, draws: Draws) -> Quality:
    """Tightness and counting, for masks also outlines: means, and their intervals by name.

    The count error is predicted minus labelled objects an image: its mean size, its bias and how
    often it is 0.
    """
    arranged = view.evaluation.arranged
    measures = quality_of.outline_measures(view)
    names = MEASURES[: measures.shape[1]]
    means = measures.mean(axis=0) if len(measures) else np.full(len(names), np.nan)
    sums = np.zeros((arranged.images, len(names)))
    image = arranged.det_image()[view.pairs[0]]
    np.add.at(sums, image, measures)
    pairs = np.bincount(image, minlength=arranged.images)[:, None]
    difference = quality_of.count_differences(view).astype(np.float64)
    errors = np.stack([np.abs(difference), difference, difference == 0], axis=1)
    found = dict(zip(names, means.tolist(), strict=True)) | {
        name: float(column.mean()) if column.size else float("nan")
        for name, column in zip(COUNT_ERRORS, errors.T, strict=True)
    }
    intervals = dict(fixed.quality_intervals)
    if len(draws):
        each = np.ones((arranged.images, 1))
        drawn = np.concatenate(
            [mean_replicates(sums, pairs, draws), mean_replicates(errors, each, draws)], axis=1
        )
        intervals |= {
            name: bootstrap_interval(
                value, column, draws.drawn, bounds=COUNT_ERRORS.get(name, RATE_BOUNDS)
            )
            for (name, value), column in zip(found.items(), drawn.T, strict=True)
        }
    return Quality(**by_name(fixed.quality), **found, intervals=intervals)


def traits(
    view: OperatingView, images: traits_of.ImageTraits | None
) -> tuple[traits_of.Trait, ...]:
    """What misses, and false detections, have in common."""
    evaluation, result = view.evaluation, view.result
    counted = np.flatnonzero(~evaluation.arranged.truth_crowd)
    shown = np.flatnonzero(view.shown)
    misses = traits_of.common_traits(
        ~view.taken[counted],
        traits_of.truth_features(evaluation, counted, images),
        kind="trait_miss",
    )
    return misses + traits_of.common_traits(
        ~result.found[shown],
        traits_of.detection_features(evaluation, shown, images),
        kind="trait_false",
    )
