"""Chooses what a recipe leaves open for a classifier: the size of its input."""

from dataclasses import dataclass, field

from services.trainer.domain.recipe import Recipe
from shared.vision.tiles import TilePlan

SIDE = 224  # what the pretrained networks saw; of magnetic tiles 416 px told fewer


@dataclass(frozen=True, slots=True)
class ClassificationPlan:
    """What the data and the recipe come to; an image is always looked at whole."""

    input_size: tuple[int, int]
    tile_plan: TilePlan = field(default_factory=TilePlan)


def plan(recipe: Recipe) -> ClassificationPlan:
    """A square input, in which images of any shape lie whole.

    >>> plan(Recipe(input_width=320)).input_size
    (320, 224)
    """
    return ClassificationPlan((recipe.input_width or SIDE, recipe.input_height or SIDE))
