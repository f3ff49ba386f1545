"""Figures that neither the confidence nor the IoU threshold moves: AP, AR, error split, speed.

They are computed once, and stored: a report at another threshold takes them as they are.
"""

import numpy as np

from services.evaluator.domain.numbers.columns import Flags, Floats, Ints
from services.evaluator.domain.numbers.draws import Draws, draw_images
from services.evaluator.domain.numbers.intervals import (
    Interval,
    bootstrap_interval,
    bootstrap_intervals,
    jackknife_interval,
    mean_replicates,
    nan_mean,
)
from services.evaluator.domain.objects.average_precision import AREA_RANGES, MAX_RANKS
from services.evaluator.domain.objects.borrowed_engines import boundary_precision, rotated_precision
from services.evaluator.domain.objects.borrowed_engines import on_images as rotated_on_images
from services.evaluator.domain.objects.coco_summary import coco_summary
from services.evaluator.domain.objects.drawn_precision import Ranking, ap_replicates
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.matching import Verdicts, verdicts_by_area
from services.evaluator.domain.objects.quality import frames_per_second
from services.evaluator.domain.objects.replicates import mean_right_by_image, truths_by_image
from services.evaluator.domain.objects.samples import on_images as samples_on_images
from services.evaluator.domain.objects.tide import error_split
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.tree.fixed_figures import (
    FixedSections,
    LabelIntervals,
    LabelPrecisions,
)
from services.evaluator.domain.report.tree.overall import FixedOverall
from services.evaluator.domain.report.tree.quality import OtherPrecisions

Replicates = dict[str, Floats]
GROUPS = 10  # of images, for figures that cannot be drawn


def fixed_sections(evaluation: Evaluation, options: ReportOptions) -> FixedSections:
    """Overall figures, intervals, label figures, error split and quality."""
    draws = draw_images(evaluation.arranged.images, options.replicates, seed=options.seed)
    elapsed = np.array(options.elapsed_ms, np.float64)
    overall = coco_summary(evaluation) | {"fps": frames_per_second(elapsed)}
    labels = label_precisions(evaluation)
    intervals, label_intervals = _intervals(evaluation, overall, labels, draws)
    quality = _other_precisions(evaluation, options, np.ones(evaluation.arranged.images, np.bool_))
    if options.replicates:
        intervals["fps"] = _speed_interval(overall["fps"], elapsed, options)
    return FixedSections(
        overall=FixedOverall(**overall),
        intervals=intervals,
        labels=LabelPrecisions(**{name: tuple(ap.tolist()) for name, ap in labels.items()}),
        label_intervals=label_intervals,
        tide=error_split(evaluation.arranged, evaluation.overlaps, draws=draws),
        quality=OtherPrecisions(**quality),
        quality_intervals=_group_intervals(evaluation, options, quality),
    )


def _intervals(
    evaluation: Evaluation, overall: dict[str, float], labels: dict[str, Floats], draws: Draws
) -> tuple[dict[str, Interval], LabelIntervals]:
    """Intervals of AP and AR: overall by name, and of each label (``K`` per name)."""
    if not len(draws):
        return {}, {}
    by_label, figures = _whole_replicates(evaluation, draws)
    figures |= _size_replicates(evaluation, draws)
    return bootstrap_intervals(overall, figures, draws.drawn), {
        name: tuple(
            bootstrap_interval(float(value), column, draws.drawn)
            for value, column in zip(labels[name], values.T, strict=True)
        )
        for name, values in by_label.items()
    }


def _other_precisions(
    evaluation: Evaluation, options: ReportOptions, chosen: Flags
) -> dict[str, float]:
    """AP by other overlaps: of the bands along mask outlines, and of rotated boxes.

    Only the chosen images ``(M,)`` count.
    """
    out: dict[str, float] = {}
    if evaluation.kind == "mask":
        part = samples_on_images(evaluation.samples, chosen)
        out["boundary_map"], out["boundary_map_50"] = boundary_precision(part)
    if options.rotated is not None:
        truths, found = (rotated_on_images(rows, chosen) for rows in options.rotated)
        out["map_rotated"], out["map_50_rotated"] = rotated_precision(
            truths, found, images=evaluation.arranged.images, labels=evaluation.arranged.labels
        )
    return out


def _group_intervals(
    evaluation: Evaluation, options: ReportOptions, figures: dict[str, float]
) -> dict[str, Interval]:
    """Intervals of figures that an engine gives for a set of images, but not for draws of it."""
    images = evaluation.arranged.images
    if not options.replicates or not figures:
        return {}
    groups = np.random.default_rng(options.seed).permutation(images) % GROUPS
    without = [
        _other_precisions(evaluation, options, groups != group)
        for group in range(min(GROUPS, images))
    ]
    return {
        name: jackknife_interval(value, np.array([part[name] for part in without]))
        for name, value in figures.items()
    }


def label_precisions(evaluation: Evaluation) -> dict[str, Floats]:
    """AP of each label, ``(K,)``: ``ap`` and ``ap_50`` at IoU 0.5, ``ap_50_95`` over 0.50:0.95."""
    ap = evaluation.precisions.ap
    half = ap[evaluation.matches.at(0.5)]
    return {"ap": half, "ap_50": half, "ap_50_95": ap.mean(axis=0)}


def _whole_replicates(evaluation: Evaluation, draws: Draws) -> tuple[Replicates, Replicates]:
    """AP and AR over all object sizes: per label ``(B, K)``, and means over labels ``(B,)``."""
    arranged, matches = evaluation.arranged, evaluation.matches
    truths = truths_by_image(arranged, ~arranged.truth_crowd)
    has = evaluation.positives > 0
    ap = ap_replicates(matches.verdict, Ranking.of(arranged), truths, draws)
    half, average = ap[matches.at(0.5)], ap.mean(axis=0)
    figures = {
        "map": nan_mean(average, has),
        "map_50": nan_mean(half, has),
        "map_75": nan_mean(ap[matches.at(0.75)], has),
    }
    for rank in MAX_RANKS:
        kept = arranged.rank < rank
        figures[f"mar_{rank}"] = _recall_replicates(
            evaluation, matches.verdict, (kept, truths), draws
        )
    return {"ap": half, "ap_50": half, "ap_50_95": average}, figures


def _size_replicates(evaluation: Evaluation, draws: Draws) -> Replicates:
    """AP and AR of small, medium and large objects."""
    arranged = evaluation.arranged
    ranking, pairs = Ranking.of(arranged), evaluation.own_pairs()
    everything = np.ones(arranged.score.size, np.bool_)
    out: Replicates = {}
    for name, (low, high) in AREA_RANGES.items():
        inside = (arranged.truth_area >= low) & (arranged.truth_area <= high)
        truths = truths_by_image(arranged, ~arranged.truth_crowd & inside)
        has = truths.sum(axis=0) > 0
        verdict = verdicts_by_area(arranged, pairs, (low, high))
        ap = ap_replicates(verdict, ranking, truths, draws)
        out[f"map_{name}"] = nan_mean(ap.mean(axis=0), has)
        out[f"mar_{name}"] = _recall_replicates(evaluation, verdict, (everything, truths), draws)
    return out


def _recall_replicates(
    evaluation: Evaluation, verdict: Verdicts, counted: tuple[Flags, Ints], draws: Draws
) -> Floats:
    """Mean recall over labels and IoU thresholds; ``counted``: detections, truths ``(M, K)``."""
    kept, truths = counted
    found = mean_right_by_image(evaluation.arranged, verdict, kept)
    recall = mean_replicates(found, truths, draws)
    return nan_mean(recall, truths.sum(axis=0) > 0)


def _speed_interval(fps: float, elapsed_ms: Floats, options: ReportOptions) -> Interval:
    known = elapsed_ms[elapsed_ms > 0]
    draws = draw_images(known.size, options.replicates, seed=options.seed)
    drawn = 1000 / mean_replicates(known, np.ones(known.size), draws)
    return bootstrap_interval(fps, drawn, draws.drawn, bounds=(0.0, np.inf))
