"""The report on a classification version."""

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
from services.evaluator.domain.numbers.figure import by_name
from services.evaluator.domain.numbers.intervals import (
    Interval,
    bootstrap_interval,
    nan_mean,
    wilson,
    wilsons,
)
from services.evaluator.domain.objects.error_gallery import SHOWN_OF_EACH
from services.evaluator.domain.report.label_analysis import (
    LOW_RATE,
    LabelFigures,
    analyse,
    label_results,
)
from services.evaluator.domain.report.opening import (
    TaskOptions,
    annotations,
    draws_of,
    opening,
    speed,
    to_target,
)
from services.evaluator.domain.report.traits import common_traits
from services.evaluator.domain.report.tree.confusion import Confusion, confused_labels
from services.evaluator.domain.report.tree.curves import RocCurve
from services.evaluator.domain.report.tree.errors import MistakenImage, MistakenImages
from services.evaluator.domain.report.tree.fixed_figures import LabelIntervals
from services.evaluator.domain.report.tree.labels import ClassifiedLabel
from services.evaluator.domain.report.tree.overall import ClassificationOverall
from services.evaluator.domain.report.tree.reports import ClassificationReport
from services.evaluator.domain.report.words import percent, say

ROC_POINTS = 101


def classification_report(samples: Classified, options: TaskOptions) -> ClassificationReport:
    """Report on a classification version.

    Raises:
        BadSamples: See :func:`classification.check_classified`.
    """
    figures = classification_figures(samples)
    good = figures.accuracy >= LOW_RATE and figures.macro_f1 >= LOW_RATE
    accuracy, f1 = percent(figures.accuracy), percent(figures.macro_f1)
    fps, fps_interval = speed(options)
    overall = _overall(figures)
    intervals, of_labels = _intervals(samples, figures, overall, options)
    wrong = samples.scores.argmax(axis=1) != samples.truth if samples.truth.size else samples.truth
    images, labels = samples.truth.size, options.labels
    return ClassificationReport(
        **by_name(opening(options, "classification", images=images, rate=figures.accuracy)),
        conclusion=say("class_good" if good else "class_poor", accuracy=accuracy, f1=f1),
        overall=ClassificationOverall(**overall, fps=fps),
        intervals=intervals | {"fps": fps_interval},
        labels=_labels(figures, options, of_labels),
        confusion=Confusion.of(labels, figures.matrix),
        most_confused=confused_labels(np.pad(figures.matrix, (0, 1)), labels),
        roc={name: _thin_roc(samples, place) for place, name in enumerate(labels)},
        errors=MistakenImages(
            {labels[k]: images.size for k, images in errors_by_label(samples).items()},
            _errors(samples, options),
        ),
        traits=common_traits(wrong.astype(np.bool_), options.features, kind="trait_class"),
    )


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
    of_labels: LabelIntervals = {
        "precision": wilsons(counts.found, counts.found + counts.wrong),
        "recall": wilsons(counts.found, counts.found + counts.missed),
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
        name: tuple(
            bootstrap_interval(float(value), column, draws.drawn)
            for value, column in zip(values, columns.T, strict=True)
        )
        for name, (values, columns) in by_label.items()
    }


def _labels(
    figures: ClassificationFigures, options: TaskOptions, intervals: LabelIntervals
) -> tuple[ClassifiedLabel, ...]:
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
                of_images=True,
            )
            for k, name in enumerate(options.labels)
        ]
    )
    places = {name: k for k, name in enumerate(options.labels)}
    return tuple(
        ClassifiedLabel(**by_name(result), auc=float(figures.auc[places[result.label]]))
        for result in label_results(table, counts, places, intervals)
    )


def _thin_roc(samples: Classified, label: int) -> RocCurve:
    false, true, _ = roc_curve(samples, label)
    places = np.unique(np.linspace(0, max(false.size - 1, 0), ROC_POINTS).astype(np.int64))
    return RocCurve(
        false_positive_rate=(0.0, *np.round(false[places], 4).tolist()),
        true_positive_rate=(0.0, *np.round(true[places], 4).tolist()),
    )


def _errors(samples: Classified, options: TaskOptions) -> tuple[MistakenImage, ...]:
    """Up to 20 error images of each label, most confident mistake first."""
    predicted = samples.scores.argmax(axis=1)
    rows = [
        (label, int(image))
        for label, images in errors_by_label(samples).items()
        for image in images[:SHOWN_OF_EACH]
    ]
    return tuple(
        MistakenImage(
            image_id=options.image_ids[i] if options.image_ids else str(i),
            true_label=options.labels[k],
            predicted_label=options.labels[int(predicted[i])],
            score=float(samples.scores[i, predicted[i]]),
        )
        for k, i in rows
    )
