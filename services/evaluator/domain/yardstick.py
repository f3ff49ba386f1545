"""One yardstick for two versions: the same images, the same truth, one operating point, paired.

What a version is told by depends on its task. The first figure is what decides, the second what is
asked where the first cannot tell; more are told, and decide nothing:

* detection, instance segmentation: targets found at equal false alarms, then mAP;
* OCR: lines read without error at equal false alarms, then the share of characters read right,
  both without the case of letters where the annotations do not tell it;
* classification: images named right, then macro F1;
* semantic segmentation: mean IoU, then F1 of objects.

All of them grow with a better version.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.evaluator.domain.classes.classification import Classified, drawn_rates
from services.evaluator.domain.numbers.columns import Floats
from services.evaluator.domain.numbers.draws import Draws, draw_images, once
from services.evaluator.domain.objects.comparison import Difference, compare, differing
from services.evaluator.domain.objects.equal_alarms import EqualAlarms, equal_alarms
from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.objects.samples import Samples
from services.evaluator.domain.readers.coco_records import Kind
from services.evaluator.domain.readers.version_pairs import Pair
from services.evaluator.domain.readers.versions import (
    ClassifiedVersion,
    JudgedVersion,
    ReadVersion,
    SegmentedVersion,
)
from services.evaluator.domain.text.comparison import line_figures
from services.evaluator.domain.text.recognition import Lines, Located
from shared.contracts.shapes import Task

Drawn = dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Effort:
    """Draws of the bootstrap, and detections kept per image and label."""

    replicates: int
    max_detections: int
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Figures of both versions by name, the deciding one first.

    ``false_per_image`` is the operating point of tasks that have one: false detections an image.
    """

    images: int
    false_per_image: float | None
    figures: dict[str, Difference]


def measured(pair: Pair, effort: Effort) -> Yardstick:
    """Measure the second version against the first; both of one task, on the same images."""
    return MEASURES[pair[0].dataset.task](pair, effort)


def _objects(pair: tuple[JudgedVersion, JudgedVersion], effort: Effort) -> Yardstick:
    kind = pair[0].kind
    found = [_evaluated(version.samples, effort, kind=kind) for version in pair]
    point = equal_alarms(found[0], found[1])
    told = compare(point.first, point.second, replicates=effort.replicates, seed=effort.seed)
    chosen = {name: told.figures[name] for name in ("average_detection_rate", "map")}
    return Yardstick(told.images, point.false_per_image, chosen)


def _lines(pair: tuple[ReadVersion, ReadVersion], effort: Effort) -> Yardstick:
    located, point = lines_at_equal_alarms(pair, effort)
    figures = line_figures(
        located, cased=pair[0].dataset.is_cased, replicates=effort.replicates, seed=effort.seed
    )
    return Yardstick(len(pair[0].image_ids), point.false_per_image, figures)


def lines_at_equal_alarms(
    pair: tuple[ReadVersion, ReadVersion], effort: Effort
) -> tuple[tuple[Located, Located], EqualAlarms]:
    """The lines of two versions on the same images, where neither finds more false ones."""
    found = [_evaluated(version.samples, effort, kind="mask") for version in pair]
    point = equal_alarms(found[0], found[1])
    first, second = (
        Located.at(
            Lines(side.evaluation, version.truth_texts, version.found_texts),
            threshold=side.threshold,
        )
        for version, side in zip(pair, (point.first, point.second), strict=True)
    )
    return (first, second), point


def _classes(pair: tuple[ClassifiedVersion, ClassifiedVersion], effort: Effort) -> Yardstick:
    def drawn(place: int, draws: Draws) -> Drawn:
        return _class_rates(pair[place].classified, draws)

    images = len(pair[0].image_ids)
    return Yardstick(images, None, _paired(drawn, images, effort))


def _class_rates(classified: Classified, draws: Draws) -> Drawn:
    right = classified.scores.argmax(axis=1) == classified.truth
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = draws.sums(right) / draws.sums(np.ones(right.size))
    return {"average_detection_rate": accuracy, "f1": drawn_rates(classified, draws)["f1"]}


def _pixels(pair: tuple[SegmentedVersion, SegmentedVersion], effort: Effort) -> Yardstick:
    def drawn(place: int, draws: Draws) -> Drawn:
        figures = pair[place].tally.replicates(draws)
        return {name: figures[name] for name in ("mean_iou", "f1")}

    images = len(pair[0].image_ids)
    return Yardstick(images, None, _paired(drawn, images, effort))


def _paired(
    drawn: Callable[[int, Draws], Drawn], images: int, effort: Effort
) -> dict[str, Difference]:
    """Differences of figures that both versions have for any draw of the images."""
    draws = draw_images(images, effort.replicates, seed=effort.seed)
    plain = [drawn(place, once(images)) for place in (0, 1)]
    first, second = (drawn(place, draws) for place in (0, 1))
    return {
        name: differing(
            float(plain[0][name][0]),
            float(plain[1][name][0]),
            second[name] - first[name],
            draws.drawn,
        )
        for name in first
    }


def _evaluated(samples: Samples, effort: Effort, *, kind: Kind) -> Evaluation:
    return evaluate(samples, kind=kind, max_detections=effort.max_detections)


MEASURES: dict[Task, Callable[[Any, Effort], Yardstick]] = {
    "detection": _objects,
    "instance_segmentation": _objects,
    "ocr": _lines,
    "classification": _classes,
    "semantic_segmentation": _pixels,
}
