"""A stored report seen at another confidence or IoU threshold: counts only, nothing is matched."""

from collections.abc import Mapping
from typing import Any

from services.evaluator.domain import report_sections as sections
from services.evaluator.domain.average_precision import mean
from services.evaluator.domain.confusion import confusion_matrix, most_confused
from services.evaluator.domain.evaluation import Evaluation
from services.evaluator.domain.plain_json import plain
from services.evaluator.domain.recommendations import (
    BETAS,
    conclusion,
    recommend_per_label,
    totals,
)
from services.evaluator.domain.samples import BadSamples


def moment_at(evaluation: Evaluation, *, threshold: float, iou_threshold: float) -> sections.Moment:
    """Look at an evaluation at two thresholds.

    Raises:
        BadSamples: A threshold is out of its range.
    """
    if not 0 <= threshold <= 1:
        raise BadSamples("the threshold must be from 0 to 1")
    matches, row = evaluation.matched_at(iou_threshold)
    result = evaluation.outcomes_at(threshold=threshold, iou_threshold=iou_threshold)
    return sections.Moment(evaluation, matches, row, result, threshold)


def document_at(
    document: Mapping[str, Any], evaluation: Evaluation, *, threshold: float, iou_threshold: float
) -> dict[str, Any]:
    """Copy a report with everything that depends on the thresholds computed anew.

    AP, intervals and error split stay: the first two do not depend on the confidence, and are given
    for COCO's IoU thresholds; the last is defined at IoU 0.5.

    Raises:
        BadSamples: A threshold is out of its range.
    """
    moment = moment_at(evaluation, threshold=threshold, iou_threshold=iou_threshold)
    matrix = confusion_matrix(evaluation.arranged, moment.result)
    stored = {row["label"]: row for row in document["labels"]}
    names = evaluation.samples.labels
    same_iou = abs(iou_threshold - document["iou_threshold"]) < 1e-9
    per_label = (
        {answer: [stored[name]["thresholds"][answer] for name in names] for answer in BETAS}
        if same_iou
        else recommend_per_label(evaluation.arranged, moment.verdict)
    )
    annotations = [stored[name]["count"] for name in names]
    rows = sections.label_rows(moment, matrix, _numbers(per_label), annotations, {})
    counts = moment.counts
    precision, recall = totals(counts)
    has = evaluation.positives > 0
    overall = document["overall"] | {
        "precision": precision,
        "recall": recall,
        "f1": mean(counts.f_score()[has]),
        "average_detection_rate": recall,
        "average_detection_rate_macro": mean(counts.recall()),
    }
    figures = {
        "precision": counts.precision(),
        "recall": counts.recall(),
        "f1": counts.f_score(),
        "found": counts.found,
        "wrong": counts.wrong,
        "missed": counts.missed,
    }
    labels = [
        stored[row.figures.label]
        | {name: values[names.index(row.figures.label)] for name, values in figures.items()}
        | {
            "detection_rate": row.figures.detection_rate,
            "warnings": list(row.warnings),
            "advice": row.advice,
        }
        for row in rows
    ]
    changed = {
        "threshold": threshold,
        "iou_threshold": iou_threshold,
        "conclusion": conclusion(recall, precision, rows),
        "overall": overall,
        "labels": labels,
        "confusion": {"labels": [*names, "background"], "matrix": matrix},
        "most_confused": [
            {"truth": names[t], "predicted": names[p], "count": count}
            for t, p, count in most_confused(matrix)
        ],
    }
    if not same_iou:
        changed["curves"] = sections.curves(moment)
    return {**document, **plain(changed)}


def _numbers(values: Mapping[str, list[Any]]) -> dict[str, list[float]]:
    """Null back to nan."""
    return {key: [float("nan") if v is None else v for v in part] for key, part in values.items()}
