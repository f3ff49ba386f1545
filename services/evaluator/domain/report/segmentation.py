"""The report on a semantic segmentation version as one JSON document."""

from typing import Any

from services.evaluator.domain.numbers.columns import Floats
from services.evaluator.domain.numbers.counts import detection_rates
from services.evaluator.domain.numbers.draws import once
from services.evaluator.domain.numbers.intervals import Interval, bootstrap_interval
from services.evaluator.domain.numbers.plain_json import plain
from services.evaluator.domain.pixels.tally import SemanticFigures, SemanticTally
from services.evaluator.domain.report.envelope import (
    TaskOptions,
    annotations,
    draws_of,
    envelope,
    speed,
    to_target,
)
from services.evaluator.domain.report.label_analysis import LabelFigures, LabelRow, analyse
from services.evaluator.domain.report.recommendations import conclusion

BACKGROUND = "background"
OVERALL = (
    *("mean_iou", "mean_dice", "mean_boundary_f", "pixel_accuracy"),
    *("precision", "recall", "f1", "average_detection_rate_macro"),
)
PER_LABEL = ("iou", "dice", "boundary_f", "detection_rate")


def semantic_report(tally: SemanticTally, options: TaskOptions) -> dict[str, Any]:
    """Report on pixels and, by connected components, on objects.

    ``options.labels`` are without the background. Precision, recall and detection rates are over
    objects; a label has an IoU, and no AP.
    """
    figures, images = tally.figures(), tally.images
    whole = tally.replicates(once(images))
    draws = draws_of(options, images)
    drawn = tally.replicates(draws)
    fps, fps_interval = speed(options)
    overall = {name: float(whole[name][0]) for name in OVERALL}
    intervals = {
        name: bootstrap_interval(overall[name], drawn[name], draws.drawn) for name in OVERALL
    } | {"fps": fps_interval}
    intervals["average_detection_rate"] = intervals["recall"]
    average, _ = detection_rates(figures.objects)
    overall |= {"average_detection_rate": average, "fps": fps}
    rows = _rows(figures, options)
    names = [BACKGROUND, *options.labels]
    out: dict[str, Any] = plain(
        envelope(options, "semantic_segmentation", images=images, rate=overall["recall"])
        | {
            "conclusion": conclusion(overall["recall"], overall["precision"], rows),
            "overall": overall,
            "intervals": intervals,
            "labels": [_row(row, figures, (whole, drawn), names, draws.drawn) for row in rows],
            "confusion": {"labels": names, "matrix": figures.matrix, "unit": "pixels"},
        }
    )
    return out


def _rows(figures: SemanticFigures, options: TaskOptions) -> list[LabelRow]:
    counts = figures.objects
    rate = counts.recall()
    in_dataset = annotations(options, (counts.found + counts.missed)[1:])
    return analyse(
        [
            LabelFigures(
                label=name,
                detection_rate=float(rate[k]),
                ap=float("nan"),
                count=in_dataset[k - 1],
                false_detections=int(counts.wrong[k]),
                to_target=to_target(options, name, in_dataset[k - 1], float(rate[k])),
            )
            for k, name in enumerate(options.labels, start=1)
        ]
    )


def _row(
    row: LabelRow,
    figures: SemanticFigures,
    replicates: tuple[dict[str, Floats], dict[str, Floats]],
    names: list[str],
    units: int,
) -> dict[str, Any]:
    whole, drawn = replicates
    place = names.index(row.figures.label, 1)
    intervals: dict[str, Interval] = {
        name: bootstrap_interval(float(whole[name][0, place]), drawn[name][:, place], units)
        for name in PER_LABEL
    }
    counts = figures.objects
    return {
        "label": row.figures.label,
        **{name: whole[name][0, place] for name in PER_LABEL},
        "ap": None,
        "precision": counts.precision()[place],
        "recall": counts.recall()[place],
        "f1": counts.f_score()[place],
        "found": counts.found[place],
        "wrong": counts.wrong[place],
        "missed": counts.missed[place],
        "evaluated": counts.found[place] + counts.missed[place],
        "share": row.share,
        "count": row.figures.count,
        "warnings": list(row.warnings),
        "advice": row.advice,
        "intervals": intervals,
        "to_target": row.figures.to_target,
    }
