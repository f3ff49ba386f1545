"""What a report needs to know beside the evaluation, and how it is kept for other thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np

from services.evaluator.domain.numbers.figure import ABSENT
from services.evaluator.domain.objects.borrowed_engines import RotatedObjects
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.report.traits import ImageTraits
from services.evaluator.domain.report.tree.identity import Identity
from shared.vision.tiles import TilePlan

Pair = tuple[int, int]
Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class ReportOptions:
    """What a report needs to know beside the evaluation.

    ``threshold`` None takes the best F1. ``annotation_counts`` are those of the whole data set by
    label (default: the evaluated truths). ``pretrained`` tells whether the backbone was; None where
    nobody knows. ``history`` gives each label's (annotations, rate) of
    earlier versions. ``watched`` holds corrected images that judge nothing but themselves.
    ``rotated`` are truths and detections with their angles. ``replicates`` 0 leaves the bootstrap
    out.
    """

    threshold: float | None = None
    iou_threshold: float = 0.5
    identity: Identity = field(default_factory=Identity)
    dataset_images: int | None = None
    annotation_counts: Sequence[int] | None = None
    pretrained: bool | None = None
    history: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    tile_plan: TilePlan | None = None
    elapsed_ms: Sequence[float] = ()
    image_traits: ImageTraits | None = None
    corrected: frozenset[str] = frozenset()
    passed_before: Mapping[str, bool] = field(default_factory=dict)
    watched: Evaluation | None = None
    rotated: tuple[RotatedObjects, RotatedObjects] | None = None
    replicates: int = 200
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTraits:
    """What is known of each image, None where nothing is: see :class:`traits.ImageTraits`."""

    brightness: tuple[float | None, ...]
    sharpness: tuple[float | None, ...]
    device: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOptions:
    """What another threshold needs again; the rest is figures that no threshold moves.

    ``tile_plan`` is its grid, tile size and overlap in pixels.
    """

    dataset_images: int | None
    annotation_counts: tuple[int, ...] | None
    pretrained: Annotated[bool | None, ABSENT] = None
    history: dict[str, Points]
    tile_plan: tuple[Pair | None, Pair | None, int] | None
    image_traits: KeptTraits | None
    corrected: tuple[str, ...]
    passed_before: dict[str, bool]
    replicates: int
    seed: int


def kept_options(options: ReportOptions) -> KeptOptions:
    """What a stored report keeps of its options."""
    plan, counts = options.tile_plan, options.annotation_counts
    return KeptOptions(
        dataset_images=options.dataset_images,
        annotation_counts=None if counts is None else tuple(counts),
        pretrained=options.pretrained,
        history={label: tuple(points) for label, points in options.history.items()},
        tile_plan=None if plan is None else (plan.grid, plan.tile_size, plan.overlap_px),
        image_traits=_kept_traits(options.image_traits),
        corrected=tuple(sorted(options.corrected)),
        passed_before=dict(options.passed_before),
        replicates=options.replicates,
        seed=options.seed,
    )


def _kept_traits(traits: ImageTraits | None) -> KeptTraits | None:
    if traits is None:
        return None
    return KeptTraits(
        brightness=tuple(traits.brightness.tolist()),
        sharpness=tuple(traits.sharpness.tolist()),
        device=tuple(traits.device.tolist()),
    )


def read_options(kept: KeptOptions, identity: Identity) -> ReportOptions:
    """Read back what :func:`kept_options` gave."""
    return ReportOptions(
        identity=identity,
        dataset_images=kept.dataset_images,
        annotation_counts=kept.annotation_counts,
        pretrained=kept.pretrained,
        history=kept.history,
        tile_plan=None if kept.tile_plan is None else TilePlan(*kept.tile_plan),
        image_traits=_traits(kept.image_traits),
        corrected=frozenset(kept.corrected),
        passed_before=kept.passed_before,
        replicates=kept.replicates,
        seed=kept.seed,
    )


def _traits(kept: KeptTraits | None) -> ImageTraits | None:
    if kept is None:
        return None
    return ImageTraits(
        np.array(kept.brightness, np.float64),
        np.array(kept.sharpness, np.float64),
        np.array(kept.device, np.str_).reshape(-1),
    )
