"""Reports of the other tasks: classification, semantic segmentation and OCR as JSON documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.evaluator.domain.classification import (
    ClassificationFigures,
    Classified,
    classification_figures,
    counts_of,
    errors_by_label,
    roc_curve,
)
from services.evaluator.domain.confusion import most_confused
from services.evaluator.domain.intervals import bootstrap_interval, wilson
from services.evaluator.domain.label_analysis import LOW_RATE, LabelFigures, analyse
from services.evaluator.domain.plain_json import plain
from services.evaluator.domain.recommendations import FEW_IMAGES, conclusion, notes
from services.evaluator.domain.samples import Floats, Ints
from services.evaluator.domain.semantic import SemanticFigures
from services.evaluator.domain.text_recognition import TextFigures
from services.evaluator.domain.traits import Categories, common_traits
from services.evaluator.domain.words import percent, say

SCHEMA = "loupe.report/1"
ERRORS_SHOWN = 60
ROC_POINTS = 101


@dataclass(frozen=True)
class TaskOptions:
    """What a report needs beside the figures; ``features`` describe images for common traits."""

    labels: tuple[str, ...]
    image_ids: tuple[str, ...] = ()
    identity: Mapping[str, Any] = field(default_factory=dict)
    dataset_images: int | None = None
    annotation_counts: Sequence[int] | None = None
    features: Mapping[str, Floats | Categories] = field(default_factory=dict)
    replicates: int = 1000
    seed: int = 0


def classification_report(samples: Classified, options: TaskOptions) -> dict[str, Any]:
    """Report on a classification version.

    Raises:
        BadSamples: See :func:`classification.check_classified`.
    """
    figures = classification_figures(samples)
    truths = figures.matrix.sum(axis=1)
    background = np.zeros((len(truths) + 1, len(truths) + 1), np.int64)
    background[:-1, :-1] = figures.matrix
    good = figures.accuracy >= LOW_RATE and figures.macro_f1 >= LOW_RATE
    shown = percent(figures.accuracy), percent(figures.macro_f1)
    predicted = samples.scores.argmax(axis=1) if truths.size else samples.truth
    document = _envelope(options, "classification", images=samples.truth.size) | {
        "conclusion": say("class_good" if good else "class_poor", accuracy=shown[0], f1=shown[1]),
        "notes": _notes(options, figures.accuracy, samples.truth.size),
        "overall": {
            "accuracy": figures.accuracy,
            **{f"top_{k}": value for k, value in enumerate(figures.top, start=1)},
            "precision": figures.macro_precision,
            "recall": figures.macro_recall,
            "f1": figures.macro_f1,
            "auc": _mean(figures.auc),
            "average_detection_rate": figures.accuracy,
            "average_detection_rate_macro": figures.macro_recall,
            "calibration_error": figures.calibration_error,
        },
        "intervals": _matrix_intervals(figures, options),
        "labels": _class_rows(figures, options),
        "confusion": {"labels": list(options.labels), "matrix": figures.matrix},
        "most_confused": [
            {"truth": options.labels[t], "predicted": options.labels[p], "count": count}
            for t, p, count in most_confused(background)
        ],
        "roc": {name: _thin_roc(samples, place) for place, name in enumerate(options.labels)},
        "errors": {
            "counts": {options.labels[k]: v.size for k, v in errors_by_label(samples).items()},
            "samples": _class_errors(samples, options),
        },
        "traits": common_traits(predicted != samples.truth, options.features, kind="trait_class"),
    }
    out: dict[str, Any] = plain(document)
    return out


def semantic_report(
    figures: SemanticFigures, options: TaskOptions, *, images: int
) -> dict[str, Any]:
    """Report on a semantic segmentation version; ``options.labels`` starts with the background."""
    counts = figures.objects
    rate = counts.recall()
    found, wrong, missed = (
        int(part[1:].sum()) for part in (counts.found, counts.wrong, counts.missed)
    )
    precision = found / (found + wrong) if found + wrong else float("nan")
    recall = found / (found + missed) if found + missed else float("nan")
    annotations = _annotations(options, (counts.found + counts.missed)[1:])
    rows = analyse(
        [
            LabelFigures(name, float(rate[k]), float(figures.iou[k]), annotations[k - 1])
            for k, name in enumerate(options.labels)
            if k
        ]
    )
    place = {name: k for k, name in enumerate(options.labels)}
    document = _envelope(options, "semantic_segmentation", images=images) | {
        "conclusion": conclusion(recall, precision, rows),
        "notes": _notes(options, recall, images),
        "overall": {
            "mean_iou": figures.mean_iou,
            "mean_dice": figures.mean_dice,
            "pixel_accuracy": figures.pixel_accuracy,
            "boundary_f": _mean(figures.boundary_f[1:]),
            "precision": precision,
            "recall": recall,
            "average_detection_rate": recall,
            "average_detection_rate_macro": _mean(rate[1:]),
        },
        "intervals": {
            "recall": wilson(found, found + missed),
            "precision": wilson(found, found + wrong),
        },
        "labels": [
            {
                "label": row.figures.label,
                "detection_rate": row.figures.detection_rate,
                "ap": row.figures.ap,
                "iou": figures.iou[place[row.figures.label]],
                "dice": figures.dice[place[row.figures.label]],
                "boundary_f": figures.boundary_f[place[row.figures.label]],
                "share": row.share,
                "count": row.figures.count,
                "warnings": list(row.warnings),
                "advice": row.advice,
            }
            for row in rows
        ],
        "confusion": {"labels": list(options.labels), "matrix": figures.matrix, "unit": "pixels"},
    }
    out: dict[str, Any] = plain(document)
    return out


def text_report(figures: TextFigures, options: TaskOptions, *, images: int) -> dict[str, Any]:
    """Report on an OCR version."""
    document = _envelope(options, "ocr", images=images) | {
        "conclusion": conclusion(figures.recall, figures.precision, []),
        "notes": _notes(options, figures.recall, images),
        "overall": {
            "precision": figures.precision,
            "recall": figures.recall,
            "f1": figures.f1,
            "cer": figures.cer,
            "cer_end_to_end": figures.cer_end_to_end,
            "exact_match": figures.exact_match,
            "average_detection_rate": figures.recall,
        },
        "character_confusions": [
            {"truth": truth, "read": read, "count": count}
            for truth, read, count in figures.confusions
        ],
    }
    out: dict[str, Any] = plain(document)
    return out


def _envelope(options: TaskOptions, kind: str, *, images: int) -> dict[str, Any]:
    dataset = images if options.dataset_images is None else options.dataset_images
    return {
        "schema": SCHEMA,
        **options.identity,
        "kind": kind,
        "images": images,
        "dataset_images": dataset,
        "reference_only": dataset < FEW_IMAGES,
    }


def _notes(options: TaskOptions, rate: float, images: int) -> list[dict[str, str]]:
    dataset = images if options.dataset_images is None else options.dataset_images
    return notes(rate, dataset_images=dataset, evaluated=images)


def _annotations(options: TaskOptions, evaluated: Ints) -> list[int]:
    given = options.annotation_counts
    return [int(count) for count in (evaluated if given is None else given)]


def _class_rows(figures: ClassificationFigures, options: TaskOptions) -> list[dict[str, Any]]:
    counts = counts_of(figures.matrix)
    annotations = _annotations(options, figures.matrix.sum(axis=1))
    others = figures.matrix - np.diag(np.diag(figures.matrix))
    rows = analyse(
        [
            LabelFigures(
                name,
                float(counts.recall()[k]),
                float(figures.ap[k]),
                annotations[k],
                int(counts.wrong[k]),
                options.labels[int(others[k].argmax())] if others[k].any() else None,
                int(others[k].max(initial=0)),
            )
            for k, name in enumerate(options.labels)
        ]
    )
    place = {name: k for k, name in enumerate(options.labels)}
    return [
        {
            "label": row.figures.label,
            "detection_rate": row.figures.detection_rate,
            "ap": row.figures.ap,
            "precision": figures.precision[k],
            "recall": figures.recall[k],
            "f1": figures.f1[k],
            "auc": figures.auc[k],
            "share": row.share,
            "count": row.figures.count,
            "warnings": list(row.warnings),
            "advice": row.advice,
        }
        for row in rows
        for k in [place[row.figures.label]]
    ]


def _matrix_intervals(figures: ClassificationFigures, options: TaskOptions) -> dict[str, Any]:
    """Wilson for accuracy; macro F1 by drawing matrices, which is drawing images with labels."""
    total, labels = int(figures.matrix.sum()), len(figures.matrix)
    out: dict[str, Any] = {"accuracy": wilson(int(np.trace(figures.matrix)), total)}
    if total and options.replicates:
        chances = figures.matrix.ravel() / total
        generator = np.random.default_rng(options.seed)
        drawn = generator.multinomial(total, chances, size=options.replicates)
        matrices = drawn.reshape(-1, labels, labels)
        hit = np.einsum("bkk->bk", matrices)
        both = matrices.sum(axis=1) + matrices.sum(axis=2)
        f1 = np.where(both > 0, 2 * hit / np.maximum(both, 1), np.nan)
        seen = (figures.matrix.sum(axis=0) + figures.matrix.sum(axis=1)) > 0
        out["f1"] = bootstrap_interval(figures.macro_f1, np.nanmean(f1[:, seen], axis=1), total)
    return out


def _thin_roc(samples: Classified, label: int) -> dict[str, Any]:
    false, true, _ = roc_curve(samples, label)
    places = np.unique(np.linspace(0, max(false.size - 1, 0), ROC_POINTS).astype(np.int64))
    start = np.zeros(1)
    return {
        "false_positive_rate": np.round(np.concatenate([start, false[places]]), 4),
        "true_positive_rate": np.round(np.concatenate([start, true[places]]), 4),
    }


def _class_errors(samples: Classified, options: TaskOptions) -> list[dict[str, Any]]:
    predicted = samples.scores.argmax(axis=1)
    rows = [(k, int(i)) for k, images in errors_by_label(samples).items() for i in images]
    return [
        {
            "kind": "wrong_label",
            "image_id": options.image_ids[i] if options.image_ids else str(i),
            "true_label": options.labels[k],
            "predicted_label": options.labels[int(predicted[i])],
            "score": float(samples.scores[i, predicted[i]]),
        }
        for k, i in rows[:ERRORS_SHOWN]
    ]


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
