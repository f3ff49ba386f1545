"""Chooses what a recipe leaves open for a detector: its windows, and its pyramid levels."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.trainer.domain.recipe import GRAPH, Recipe
from services.trainer.domain.training.planning import WindowPlan, plan_windows, small_side
from shared.vision.boxes import Boxes

FINE_SIDE_PX = 6.0  # of small targets in the input; below it the level of stride 4 is added


@dataclass(frozen=True, slots=True)
class DetectionPlan(WindowPlan):
    """What the data and the recipe come to; ``strides`` are the pyramid levels."""

    strides: tuple[int, ...]


def plan(
    recipe: Recipe,
    sizes: Sequence[tuple[int, int]],
    boxes: Sequence[Boxes],
) -> DetectionPlan:
    """Plans a training.

    Args:
        recipe: What it fixes is kept.
        sizes: Width and height of each image, at least one.
        boxes: Targets of each image, ``(N, 4)``.
    """
    planned = plan_windows(recipe, sizes, boxes)
    fine = False if recipe.backbone == GRAPH else recipe.fine_level
    if fine is None:
        fine = small_side(sizes, boxes, planned) < FINE_SIDE_PX
    strides = (4, 8, 16, 32) if fine else (8, 16, 32)
    return DetectionPlan(planned.input_size, planned.tile_plan, strides)
