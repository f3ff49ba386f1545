"""Chooses what a recipe leaves open for a classifier: the size of its input."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.planning import MULTIPLE
from shared.vision.tiles import TilePlan

SIDE = 224  # what the pretrained networks saw; of magnetic tiles 416 px told fewer
LEAST_MARK = 4  # pixels of the input that a mark must have to be told from noise, a rule of thumb
SHRUNK = 2.0  # times, from which on a person is told


@dataclass(frozen=True, slots=True)
class ClassificationPlan:
    """What the data and the recipe come to; an image is always looked at whole.

    Attributes:
        input_size: Width and height of the model's input.
        tile_plan: None but the whole image.
        remarks: What a person should know of the size, in sentences.
    """

    input_size: tuple[int, int]
    tile_plan: TilePlan = field(default_factory=TilePlan)
    remarks: tuple[str, ...] = ()


def plan(recipe: Recipe, sizes: Sequence[tuple[int, int]] = ()) -> ClassificationPlan:
    """A square input, in which images of any shape lie whole.

    Args:
        recipe: Its input's sides stay where it names them.
        sizes: Width and height of the images in pixels.

    >>> plan(Recipe(input_width=320)).input_size
    (320, 224)
    >>> plan(Recipe(resolution="0.25")).input_size
    (512, 512)
    """
    side = SIDE
    if recipe.input_pixels is not None:
        side = round(math.sqrt(recipe.input_pixels) / MULTIPLE) * MULTIPLE
    chosen = (recipe.input_width or side, recipe.input_height or side)
    return ClassificationPlan(chosen, remarks=_remarks(chosen, sizes))


def _remarks(chosen: tuple[int, int], sizes: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    shrunk = [max(w / chosen[0], h / chosen[1]) for w, h in sizes]
    most = max(shrunk, default=0.0)
    if most <= SHRUNK:
        return ()
    width, height = sizes[shrunk.index(most)]
    return (
        f"images of up to {width} x {height} px are looked at in {chosen[0]} x {chosen[1]}: marks"
        f" smaller than about {round(LEAST_MARK * most)} px may be lost; a recipe's input_width and"
        " input_height keep more, and take longer",
    )
