"""The report on a classification version as one JSON document."""

from typing import Any

import numpy as np

from services.evaluator.domain.classes.classification import (
    ClassificationFigures,
    Classified,
    classification_figures,
    counts_of,
    drawn_areas,
    drawn_rates,
    errors_by_label,
    roc_curve,
)
from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.numbers.intervals import (
    Interval,
    bootstrap_interval,
    nan_mean,
    wilson,
)
from services.evaluator.domain.numbers.plain_json import plain
from services.evaluator.domain.objects.confusion import most_confused
from services.evaluator.domain.objects.error_gallery import SHOWN_OF_EACH
from services.evaluator.domain.report.envelope import (
    TaskOptions,
    annotations,
    draws_of,
    envelope,
    speed,
    to_target,
)
from services.evaluator.domain.report.label_analysis import LOW_RATE, LabelFigures, analyse
from services.evaluator.domain.report.traits import common_traits
from services.evaluator.domain.report.words import percent, say

ROC_POINTS = 101
LabelIntervals = dict[str, list[Interval]]


def classification_report(samples: Classified, options: TaskOptions) -> dict[str, Any]:
    """Report on a classification version.

    Raises:
        BadSamples: See :func:`classification.check_classified`.
    """
    figures = classification_figures(samples)
    good = figures.accuracy >= LOW_RATE and figures.macro_f1 >= LOW_RATE
    shown = percent(figures.accuracy), percent(figures.macro_f1)
    fps, fps_interval = speed(options)
    overall = _overall(figures) | {"fps": fps}
    intervals, of_labels = _intervals(samples, figures, overall, options)
    wrong = samples.scores.argmax(axis=1) != samples.truth if samples.truth.size else samples.truth
    opening = envelope(options, "classification", images=samples.truth.size, rate=figures.accuracy)
    out: dict[str, Any] = plain(
        opening
        | {
            "conclusion": say(
                "class_good" if good else "class_poor", accuracy=shown[0], f1=shown[1]
            ),
            "overall": overall,
            "intervals": intervals | {"fps": fps_interval},
            "labels": _rows(figures, options, of_labels),
            "confusion": {"labels": list(options.labels), "matrix": figures.matrix},
            "most_confused": _most_confused(figures.matrix, options.labels),
            "roc": {name: _thin_roc(samples, place) for place, name in enumerate(options.labels)},
            "errors": {
                "counts": {options.labels[k]: v.size for k, v in errors_by_label(samples).items()},
                "samples": _errors(samples, options),
            },
            "traits": common_traits(wrong.astype(np.bool_), options.features, kind="trait_class"),
        }
    )
    return out


def _overall(figures: ClassificationFigures) -> dict[str, float]:
    known = figures.auc[~np.isnan(figures.auc)]
    return {
        "accuracy": figures.accuracy,
        **{f"top_{k}": value for k, value in enumerate(figures.top, start=1)},
        "precision": figures.macro_precision,
        "recall": figures.macro_recall,
        "f1": figures.macro_f1,
        "auc": float(known.mean()) if known.size else float("nan"),
        "average_detection_rate": figures.accuracy,
        "average_detection_rate_macro": figures.macro_recall,
        "calibration_error": figures.calibration_error,
    }


def _intervals(
    samples: Classified,
    figures: ClassificationFigures,
    overall: dict[str, float],
    options: TaskOptions,
) -> tuple[dict[str, Interval], LabelIntervals]:
    """Wilson for shares of images, image bootstrap for the rest."""
    images = samples.truth.size
    counts = counts_of(figures.matrix)
    of_labels = {
        "precision": _wilson(counts.found, counts.found + counts.wrong),
        "recall": _wilson(counts.found, counts.found + counts.missed),
    }
    of_labels["detection_rate"] = of_labels["recall"]
    shares = (
        "accuracy",
        "average_detection_rate",
        *(f"top_{k + 1}" for k in range(len(figures.top))),
    )
    out = {name: wilson(round(overall[name] * images) if images else 0, images) for name in shares}
    draws = draws_of(options, images)
    if not len(draws):
        return out, of_labels
    drawn = drawn_rates(samples, draws)
    auc, ap = drawn_areas(samples, draws)
    drawn["average_detection_rate_macro"] = drawn["recall"]
    drawn["auc"] = nan_mean(auc, ~np.isnan(figures.auc))
    by_label = {
        "f1": (figures.f1, drawn.pop("label_f1")),
        "auc": (figures.auc, auc),
        "ap": (figures.ap, ap),
    }
    out |= {name: bootstrap_interval(overall[name], v, draws.drawn) for name, v in drawn.items()}
    return out, of_labels | {
        name: [
            bootstrap_interval(float(value), column, draws.drawn)
            for value, column in zip(values, columns.T, strict=True)
        ]
        for name, (values, columns) in by_label.items()
    }


def _wilson(successes: Ints, trials: Ints) -> list[Interval]:
    return [wilson(int(s), int(n)) for s, n in zip(successes, trials, strict=True)]


def _most_confused(matrix: Ints, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    with_background = np.pad(matrix, (0, 1))
    return [
        {"truth": labels[t], "predicted": labels[p], "count": count}
        for t, p, count in most_confused(with_background)
    ]


def _rows(
    figures: ClassificationFigures, options: TaskOptions, intervals: LabelIntervals
) -> list[dict[str, Any]]:
    counts = counts_of(figures.matrix)
    in_dataset = annotations(options, figures.matrix.sum(axis=1))
    others = figures.matrix - np.diag(np.diag(figures.matrix))
    rate = counts.recall()
    table = analyse(
        [
            LabelFigures(
                label=name,
                detection_rate=float(rate[k]),
                ap=float(figures.ap[k]),
                count=in_dataset[k],
                false_detections=int(counts.wrong[k]),
                confused_with=options.labels[int(others[k].argmax())] if others[k].any() else None,
                confused_count=int(others[k].max(initial=0)),
                to_target=to_target(options, name, in_dataset[k], float(rate[k])),
            )
            for k, name in enumerate(options.labels)
        ]
    )
    columns: dict[str, Floats | Ints] = {
        "ap": figures.ap,
        "precision": figures.precision,
        "recall": figures.recall,
        "f1": figures.f1,
        "auc": figures.auc,
        "found": counts.found,
        "wrong": counts.wrong,
        "missed": counts.missed,
        "evaluated": counts.found + counts.missed,
    }
    place = {name: k for k, name in enumerate(options.labels)}
    return [
        {
            "label": row.figures.label,
            "detection_rate": row.figures.detection_rate,
            **{name: column[k] for name, column in columns.items()},
            "share": row.share,
            "count": row.figures.count,
            "warnings": list(row.warnings),
            "advice": row.advice,
            "intervals": {name: part[k] for name, part in intervals.items()},
            "to_target": row.figures.to_target,
        }
        for row in table
        for k in [place[row.figures.label]]
    ]


def _thin_roc(samples: Classified, label: int) -> dict[str, Any]:
    false, true, _ = roc_curve(samples, label)
    places = np.unique(np.linspace(0, max(false.size - 1, 0), ROC_POINTS).astype(np.int64))
    start = np.zeros(1)
    return {
        "false_positive_rate": np.round(np.concatenate([start, false[places]]), 4),
        "true_positive_rate": np.round(np.concatenate([start, true[places]]), 4),
    }


def _errors(samples: Classified, options: TaskOptions) -> list[dict[str, Any]]:
    """Up to 20 error images of each label, most confident mistake first."""
    predicted = samples.scores.argmax(axis=1)
    rows = [
        (label, int(image))
        for label, images in errors_by_label(samples).items()
        for image in images[:SHOWN_OF_EACH]
    ]
    return [
        {
            "kind": "wrong_label",
            "image_id": options.image_ids[i] if options.image_ids else str(i),
            "true_label": options.labels[k],
            "predicted_label": options.labels[int(predicted[i])],
            "score": float(samples.scores[i, predicted[i]]),
        }
        for k, i in rows
    ]
