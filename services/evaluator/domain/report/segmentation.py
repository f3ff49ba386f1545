"""The report on a semantic segmentation version."""

from collections.abc import Mapping, Sequence

from services.evaluator.domain.numbers.columns import Floats
from services.evaluator.domain.numbers.counts import detection_rates
from services.evaluator.domain.numbers.draws import once
from services.evaluator.domain.numbers.figure import by_name
from services.evaluator.domain.numbers.intervals import bootstrap_interval
from services.evaluator.domain.objects.error_pages import Mark
from services.evaluator.domain.pixels.parts import DrawnImage
from services.evaluator.domain.pixels.tally import SemanticFigures, SemanticTally
from services.evaluator.domain.report.label_analysis import (
    LabelFigures,
    LabelRow,
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
from services.evaluator.domain.report.recommendations import conclusion
from services.evaluator.domain.report.tree.confusion import Confusion
from services.evaluator.domain.report.tree.errors import MissegmentedImage
from services.evaluator.domain.report.tree.labels import SegmentedLabel
from services.evaluator.domain.report.tree.overall import SemanticOverall
from services.evaluator.domain.report.tree.reports import SemanticReport

BACKGROUND = "background"
OVERALL = (
    *("mean_iou", "mean_dice", "mean_boundary_f", "pixel_accuracy"),
    *("precision", "recall", "f1", "average_detection_rate_macro"),
)
PER_LABEL = ("iou", "dice", "boundary_f", "detection_rate")


def semantic_report(tally: SemanticTally, options: TaskOptions) -> SemanticReport:
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
    rate = overall["recall"]
    return SemanticReport(
        **by_name(opening(options, "semantic_segmentation", images=images, rate=rate)),
        conclusion=conclusion(rate, overall["precision"], rows),
        overall=SemanticOverall(**overall),
        intervals=intervals,
        labels=_labels(rows, figures, (whole, drawn), names, draws.drawn),
        confusion=Confusion.of(names, figures.matrix, unit="pixels"),
        errors=tuple(_missegmented(image, options) for image in tally.errors),
    )


def _missegmented(image: DrawnImage, options: TaskOptions) -> MissegmentedImage:
    height, width = image.size
    marks = tuple(
        Mark(
            kind=part.kind,
            label=options.labels[part.label - 1],
            confused_with=None,
            score=None,
            box=part.box,
            rle=part.rle,
            shape_id=None,
        )
        for part in image.parts
    )
    named = options.image_ids[image.place] if options.image_ids else str(image.place)
    names = options.identity.image_names
    return MissegmentedImage(
        image_id=named,
        name=names[image.place] if names else named,
        width=width,
        height=height,
        marks=marks,
    )


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


def _labels(
    rows: Sequence[LabelRow],
    figures: SemanticFigures,
    replicates: tuple[Mapping[str, Floats], Mapping[str, Floats]],
    names: Sequence[str],
    units: int,
) -> tuple[SegmentedLabel, ...]:
    whole, drawn = replicates
    pixels = {name: whole[name][0].tolist() for name in PER_LABEL}
    intervals = {
        name: tuple(
            bootstrap_interval(value, column, units)
            for value, column in zip(values, drawn[name].T, strict=True)
        )
        for name, values in pixels.items()
    }
    places = {name: k for k, name in enumerate(names) if k}  # a label may be called background
    return tuple(
        SegmentedLabel(
            **by_name(result),
            iou=pixels["iou"][k],
            dice=pixels["dice"][k],
            boundary_f=pixels["boundary_f"][k],
        )
        for result in label_results(rows, figures.objects, places, intervals)
        for k in [places[result.label]]
    )
