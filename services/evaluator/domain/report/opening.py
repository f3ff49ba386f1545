"""What reports of all tasks but detection share: options, opening, speed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.numbers.draws import Draws, draw_images
from services.evaluator.domain.numbers.figure import by_name
from services.evaluator.domain.numbers.intervals import (
    Interval,
    bootstrap_interval,
    mean_replicates,
)
from services.evaluator.domain.objects.quality import frames_per_second
from services.evaluator.domain.report.learning_curve import Estimate, annotations_needed
from services.evaluator.domain.report.recommendations import FEW_IMAGES, notes
from services.evaluator.domain.report.traits import Categories
from services.evaluator.domain.report.tree.identity import Identity
from services.evaluator.domain.report.tree.reports import Opening, ReportKind


@dataclass(frozen=True)
class TaskOptions:
    """What a report needs beside the figures; ``features`` describe images for common traits."""

    labels: tuple[str, ...]
    image_ids: tuple[str, ...] = ()
    identity: Identity = field(default_factory=Identity)
    dataset_images: int | None = None
    annotation_counts: Sequence[int] | None = None
    pretrained: bool | None = None
    history: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    elapsed_ms: Sequence[float] = ()
    features: Mapping[str, Floats | Categories] = field(default_factory=dict)
    replicates: int = 200
    seed: int = 0


def opening(
    options: TaskOptions, kind: ReportKind, *, images: int, rate: float, threshold: float = 0.0
) -> Opening:
    """Whose report it is, and what must be read beside it; no threshold holds nothing back."""
    dataset = images if options.dataset_images is None else options.dataset_images
    return Opening(
        **by_name(options.identity),
        kind=kind,
        images=images,
        dataset_images=dataset,
        reference_only=dataset < FEW_IMAGES,
        threshold=threshold,
        iou_threshold=0.5,
        notes=notes(rate, dataset_images=dataset, evaluated=images, pretrained=options.pretrained),
    )


def draws_of(options: TaskOptions, images: int) -> Draws:
    """Draws of the evaluated images; none of no images."""
    return draw_images(images, options.replicates if images else 0, seed=options.seed)


def speed(options: TaskOptions) -> tuple[float, Interval]:
    """Images a second, with its interval."""
    elapsed = np.array(options.elapsed_ms, np.float64)
    known = elapsed[elapsed > 0]
    fps = frames_per_second(elapsed)
    draws = draw_images(known.size, options.replicates, seed=options.seed)
    drawn = 1000 / mean_replicates(known, np.ones(known.size), draws)
    return fps, bootstrap_interval(fps, drawn, draws.drawn, bounds=(0.0, np.inf))


def annotations(options: TaskOptions, evaluated: Ints) -> list[int]:
    """Annotations of each label: of the whole data set if given, else of the evaluated images."""
    given = options.annotation_counts
    return [int(count) for count in (evaluated if given is None else given)]


def to_target(options: TaskOptions, label: str, count: int, rate: float) -> Estimate | None:
    """Estimate how many more annotations a label needs."""
    return annotations_needed([*options.history.get(label, ()), (count, rate)])
