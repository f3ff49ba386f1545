"""The per-label table of the manual: rates, shares, counts, yellow marks and what to do.

Limits are the ones that reproduce the manual's own table: rate and AP under 90 %, fewer than 30
annotations, under 2 % of all annotations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from services.evaluator.domain.numbers.counts import Counts
from services.evaluator.domain.numbers.intervals import Interval
from services.evaluator.domain.report.learning_curve import Estimate
from services.evaluator.domain.report.tree.labels import LabelMark, LabelResult
from services.evaluator.domain.report.words import Words, join, percent, say

LOW_RATE = 0.90
LOW_AP = 0.90
FEW_ANNOTATIONS = 30
SMALL_SHARE = 0.02
NAMED_CONFUSION = 2  # a mix-up is named from its second occurrence


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """What is known about one label; rates are nan where undefined.

    ``of_images``: It labels whole images; there are no objects to outline or to find.
    """

    label: str
    detection_rate: float
    ap: float
    count: int
    false_detections: int = 0
    confused_with: str | None = None
    confused_count: int = 0
    threshold: float = float("nan")
    precise_threshold: float = float("nan")
    to_target: Estimate | None = None
    of_images: bool = False


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One row of the table; ``warnings`` names the marked columns."""

    figures: LabelFigures
    share: float
    warnings: tuple[LabelMark, ...]
    advice: Words


def analyse(labels: Sequence[LabelFigures]) -> list[LabelRow]:
    """Fill the table, best rate first; labels without a rate stand last."""
    total = sum(figures.count for figures in labels)
    rows = [_row(figures, total) for figures in labels]
    return sorted(rows, key=_falling_rate)


def label_results(
    rows: Sequence[LabelRow],
    counts: Counts,
    places: Mapping[str, int],
    intervals: Mapping[str, Sequence[Interval]],
) -> list[LabelResult]:
    """What every task says of its labels, in the order of the rows.

    ``counts`` and ``intervals`` (by figure; none at all for some) hold a label at its place.
    """
    rates = counts.precision(), counts.recall(), counts.f_score()
    precision, recall, f1 = (column.tolist() for column in rates)
    parts = counts.found, counts.wrong, counts.missed
    found, wrong, missed = (column.tolist() for column in parts)
    return [
        LabelResult(
            label=row.figures.label,
            detection_rate=row.figures.detection_rate,
            ap=row.figures.ap,
            precision=precision[k],
            recall=recall[k],
            f1=f1[k],
            found=found[k],
            wrong=wrong[k],
            missed=missed[k],
            evaluated=found[k] + missed[k],
            share=row.share,
            count=row.figures.count,
            warnings=row.warnings,
            advice=row.advice,
            intervals={name: column[k] for name, column in intervals.items() if column},
            to_target=row.figures.to_target,
        )
        for row in rows
        for k in [places[row.figures.label]]
    ]


def _falling_rate(row: LabelRow) -> tuple[bool, float]:
    rate = row.figures.detection_rate
    return isnan(rate), 0.0 if isnan(rate) else -rate


def _row(figures: LabelFigures, total: int) -> LabelRow:
    share = figures.count / total if total else 0.0
    marks: dict[LabelMark, bool] = {
        "rate": figures.detection_rate < LOW_RATE,
        "ap": figures.ap < LOW_AP,
        "share": share < SMALL_SHARE,
        "count": figures.count < FEW_ANNOTATIONS,
    }
    warnings = tuple(name for name, marked in marks.items() if marked)
    return LabelRow(figures, share, warnings, _advice(figures, share, warnings))


def _advice(figures: LabelFigures, share: float, warnings: tuple[LabelMark, ...]) -> Words:
    label = figures.label
    if isnan(figures.detection_rate):
        return say("no_sample", label=label)
    if not warnings:
        return say("fine", label=label)
    parts = []
    if "count" in warnings:
        more = FEW_ANNOTATIONS - figures.count
        parts.append(say("few_annotations", label=label, count=figures.count, more=more))
    elif "share" in warnings:
        parts.append(say("small_share", label=label, share=percent(share)))
    if "rate" in warnings:
        parts.extend(_about_rate(figures))
    elif "ap" in warnings:
        parts.append(_about_precision(figures))
    return join(parts)


def _about_rate(figures: LabelFigures) -> list[Words]:
    label, rate = figures.label, percent(figures.detection_rate)
    if figures.confused_with is not None and figures.confused_count >= NAMED_CONFUSION:
        count, other = figures.confused_count, figures.confused_with
        parts = [say("confused", label=label, other=other, count=count)]
    else:
        kind = "check_images" if figures.of_images else "check_annotation"
        parts = [say(kind, label=label, rate=rate)]
    if figures.to_target is not None:
        parts.append(figures.to_target.words(label))
    return parts


def _about_precision(figures: LabelFigures) -> Words:
    if not figures.false_detections:
        return say("low_precision", label=figures.label, ap=percent(figures.ap))
    kind = "wrong_images" if figures.of_images else "false_detections"
    parts = [say(kind, label=figures.label, count=figures.false_detections)]
    if figures.precise_threshold > figures.threshold:
        parts.append(say("raise_threshold", threshold=f"{figures.precise_threshold:.2f}"))
    return join(parts)
