"""The sections of a detection report, each computed from the stored evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from services.evaluator.domain import object_quality as quality_of
from services.evaluator.domain import traits as traits_of
from services.evaluator.domain.average_precision import mean
from services.evaluator.domain.coco_summary import coco_summary
from services.evaluator.domain.comparison import micro_precision, nan_mean
from services.evaluator.domain.confusion import Outcomes
from services.evaluator.domain.engine import boundary_precision
from services.evaluator.domain.evaluation import Evaluation
from services.evaluator.domain.intervals import (
    Interval,
    ap_replicates,
    draw_weights,
    image_counts,
    percentile_interval,
    rate_replicates,
    wilson,
)
from services.evaluator.domain.label_analysis import LabelFigures, LabelRow, analyse
from services.evaluator.domain.learning_curve import annotations_needed
from services.evaluator.domain.matching import IGNORED, Matches, Verdicts
from services.evaluator.domain.operating_point import (
    SCORE_GRID,
    Counts,
    counts_at,
    counts_on_grid,
)
from services.evaluator.domain.recommendations import totals
from services.evaluator.domain.samples import Flags, Floats, Ints
from shared.vision.tiles import TilePlan


@dataclass(frozen=True)
class Moment:
    """An evaluation seen at one confidence and one IoU threshold (``row`` of ``matches``)."""

    evaluation: Evaluation
    matches: Matches
    row: int
    result: Outcomes
    threshold: float

    @property
    def verdict(self) -> Verdicts:
        """Verdicts at this IoU, ``(D,)``."""
        row: Verdicts = self.matches.verdict[self.row]
        return row

    @cached_property
    def counts(self) -> Counts:
        """Counts of each label."""
        return counts_at(self.evaluation.arranged, self.verdict, self.threshold)

    @cached_property
    def taken(self) -> Flags:
        """Truths that were found, ``(G,)``."""
        return quality_of.taken_truths(
            self.evaluation.arranged, self.result, self.matches, self.row
        )


def overall(moment: Moment, elapsed_ms: Sequence[float]) -> dict[str, float]:
    """The headline figures: COCO's twelve, and P, R, F1 and detection rates at the threshold.

    ``precision`` and ``recall`` are over all objects, ``f1`` is the mean over labels (C-155);
    ``average_detection_rate`` weighs labels by their counts, the ``_macro`` one does not.
    """
    counts = moment.counts
    precision, recall = totals(counts)
    has = moment.evaluation.positives > 0
    return coco_summary(moment.evaluation) | {
        "precision": precision,
        "recall": recall,
        "f1": mean(counts.f_score()[has]),
        "average_detection_rate": recall,
        "average_detection_rate_macro": mean(counts.recall()),
        "fps": quality_of.frames_per_second(np.array(elapsed_ms, np.float64)),
    }


def label_rows(
    moment: Moment,
    matrix: Ints,
    thresholds: Mapping[str, Sequence[float]],
    annotations: Sequence[int],
    history: Mapping[str, Sequence[tuple[int, float]]],
) -> list[LabelRow]:
    """The per-label table."""
    names = moment.evaluation.samples.labels
    rates = moment.counts.recall()
    ap = moment.evaluation.precisions.ap[moment.evaluation.matches.at(0.5)]
    others = matrix[:-1, :-1].copy()
    np.fill_diagonal(others, 0)
    figures = []
    for place, name in enumerate(names):
        rival = int(others[place].argmax()) if len(names) > 1 else place
        seen = [*history.get(name, ()), (annotations[place], float(rates[place]))]
        figures.append(
            LabelFigures(
                label=name,
                detection_rate=float(rates[place]),
                ap=float(ap[place]),
                count=annotations[place],
                false_detections=int(moment.counts.wrong[place]),
                confused_with=names[rival] if others[place, rival] else None,
                confused_count=int(others[place, rival]),
                precise_threshold=thresholds["precision"][place],
                to_target=annotations_needed(seen),
            )
        )
    return analyse(figures)


@dataclass(frozen=True, slots=True)
class Intervals:
    """95 % intervals: of the overall figures by name, and of each label (``K`` per name)."""

    overall: dict[str, Interval]
    labels: dict[str, list[Interval]]


def intervals(moment: Moment, replicates: int, seed: int) -> Intervals:
    """Image bootstrap for overall figures and AP, Wilson for the labels' rates."""
    counts = moment.counts
    labels = {
        "precision": _wilson(counts.found, counts.found + counts.wrong),
        "recall": _wilson(counts.found, counts.found + counts.missed),
    }
    if not replicates:
        return Intervals({}, labels)
    evaluation = moment.evaluation
    per_image = image_counts(evaluation.arranged, moment.verdict, moment.threshold)
    weights = draw_weights(evaluation.arranged.images, replicates, seed=seed)
    rates = rate_replicates(per_image, weights)
    truths = per_image.found + per_image.missed
    has = evaluation.positives > 0
    ap = [
        ap_replicates(evaluation.arranged, verdict, truths, weights)
        for verdict in evaluation.matches.verdict
    ]
    average = np.mean(ap, axis=0)
    figures = {
        "map": nan_mean(average, has),
        "map_50": nan_mean(ap[evaluation.matches.at(0.5)], has),
        "map_75": nan_mean(ap[evaluation.matches.at(0.75)], has),
        "precision": micro_precision(per_image, weights),
        "recall": rates.detection_rate,
        "average_detection_rate": rates.detection_rate,
        "average_detection_rate_macro": nan_mean(rates.recall, has),
        "f1": nan_mean(rates.f1, has),
    }
    labels["ap"] = [percentile_interval(column) for column in average.T]
    labels["ap_50"] = [percentile_interval(c) for c in ap[evaluation.matches.at(0.5)].T]
    labels["f1"] = [percentile_interval(column) for column in rates.f1.T]
    return Intervals({name: percentile_interval(v) for name, v in figures.items()}, labels)


def _wilson(successes: Ints, trials: Ints) -> list[Interval]:
    return [wilson(int(s), int(n)) for s, n in zip(successes, trials, strict=True)]


def curves(moment: Moment) -> dict[str, Any]:
    """What the threshold slider draws: counts of each label at 101 thresholds, and P-R curves."""
    evaluation = moment.evaluation
    grid = counts_on_grid(evaluation.arranged, moment.verdict)
    has = evaluation.positives > 0
    at_half = evaluation.precisions.curve[evaluation.matches.at(0.5)]
    return {
        "thresholds": SCORE_GRID,
        "labels": list(evaluation.samples.labels),
        "truths": evaluation.positives,
        "found": grid.found,
        "wrong": grid.wrong,
        "f1": _mean_over_labels(grid.f_score(), has),
        "precision_at_recall": np.round(at_half, 4),
    }


def _mean_over_labels(values: Floats, has: Flags) -> Floats:
    return values[has].mean(axis=0) if has.any() else np.full(values.shape[1], np.nan)


def size_rates(moment: Moment) -> list[quality_of.GroupRate]:
    """Detection rate by object size."""
    return quality_of.rate_by_size(moment.evaluation.arranged, moment.taken)


def tile_rates(moment: Moment, plan: TilePlan | None) -> list[quality_of.GroupRate]:
    """Detection rate of targets that a tile edge cuts, beside the others; none without tiles."""
    if plan is None or plan.is_whole:
        return []
    return quality_of.rate_by_tile_edge(moment.evaluation, moment.taken, plan)


def quality(moment: Moment) -> dict[str, Any]:
    """Tightness and counting; for masks also outline figures."""
    evaluation = moment.evaluation
    out: dict[str, Any] = {
        "box": quality_of.box_quality(evaluation, moment.result, moment.matches, moment.row),
        "count": quality_of.count_error(
            evaluation.arranged, threshold=moment.threshold, ignored=moment.verdict == IGNORED
        ),
    }
    if evaluation.kind == "mask":
        pairs = quality_of.mask_quality(evaluation, moment.result, moment.matches, moment.row)
        boundary = boundary_precision(evaluation.samples)
        out |= {"mask": pairs, "boundary_map": boundary[0], "boundary_map_50": boundary[1]}
    return out


def traits(moment: Moment, images: traits_of.ImageTraits | None) -> list[traits_of.Trait]:
    """What misses, and false detections, have in common."""
    evaluation, result = moment.evaluation, moment.result
    counted = np.flatnonzero(~evaluation.arranged.truth_crowd)
    shown = np.flatnonzero(
        (evaluation.arranged.score >= moment.threshold) & (moment.verdict != IGNORED)
    )
    misses = traits_of.common_traits(
        ~moment.taken[counted],
        traits_of.truth_features(evaluation, counted, images),
        kind="trait_miss",
    )
    return misses + traits_of.common_traits(
        ~result.found[shown],
        traits_of.detection_features(evaluation, shown, images),
        kind="trait_false",
    )
