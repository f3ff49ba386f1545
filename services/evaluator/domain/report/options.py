"""What a report needs to know beside the evaluation, and how it is kept for other thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.evaluator.domain.numbers.columns import Floats
from services.evaluator.domain.objects.borrowed_engines import RotatedObjects
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.report.traits import ImageTraits
from shared.vision.tiles import TilePlan


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
    identity: Mapping[str, Any] = field(default_factory=dict)
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


def kept_options(options: ReportOptions) -> dict[str, Any]:
    """What another threshold needs again, for JSON; the rest is figures that no threshold moves."""
    plan = options.tile_plan
    return {
        "dataset_images": options.dataset_images,
        "annotation_counts": options.annotation_counts,
        "pretrained": options.pretrained,
        "history": options.history,
        "tile_plan": None if plan is None else [plan.grid, plan.tile_size, plan.overlap_px],
        "image_traits": options.image_traits,
        "corrected": sorted(options.corrected),
        "passed_before": options.passed_before,
        "replicates": options.replicates,
        "seed": options.seed,
    }


def read_options(
    kept: Mapping[str, Any],
    *,
    threshold: float,
    iou_threshold: float,
    watched: Evaluation | None = None,
) -> ReportOptions:
    """Read back what :func:`kept_options` gave, for another pair of thresholds."""
    return ReportOptions(
        threshold=threshold,
        iou_threshold=iou_threshold,
        dataset_images=kept["dataset_images"],
        annotation_counts=kept["annotation_counts"],
        pretrained=kept.get("pretrained"),
        history={
            label: [(int(count), float(rate)) for count, rate in points]
            for label, points in kept["history"].items()
        },
        tile_plan=_plan(kept["tile_plan"]),
        image_traits=_traits(kept["image_traits"]),
        corrected=frozenset(kept["corrected"]),
        passed_before=kept["passed_before"],
        watched=watched,
        replicates=kept["replicates"],
        seed=kept["seed"],
    )


def _plan(kept: Sequence[Any] | None) -> TilePlan | None:
    if kept is None:
        return None
    grid, tile_size, overlap_px = kept
    return TilePlan(
        None if grid is None else (grid[0], grid[1]),
        None if tile_size is None else (tile_size[0], tile_size[1]),
        overlap_px,
    )


def _traits(kept: Mapping[str, Any] | None) -> ImageTraits | None:
    if kept is None:
        return None
    device = np.array(kept["device"], np.str_).reshape(-1)
    return ImageTraits(numbers(kept["brightness"]), numbers(kept["sharpness"]), device)


def numbers(values: Sequence[float | None]) -> Floats:
    """Null back to nan."""
    return np.array([np.nan if value is None else value for value in values], np.float64)
