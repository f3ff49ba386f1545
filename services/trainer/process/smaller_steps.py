"""What becomes of a recipe when memory runs out: half the images a step, at half the rate."""

import contextlib
import json

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.checkpoint import recipe_of
from services.trainer.process.failures import is_out_of_memory
from services.trainer.process.plugins import PluginFailed
from services.trainer.process.work_order import WorkOrder


def recipe_of_attempt(order: WorkOrder) -> Recipe:
    """The order's recipe, or what memory made of it in an earlier attempt."""
    wanted, files = order.recipe, order.resume_from
    if order.halved:
        wanted = wanted.halved() or wanted
    if files is None:
        return wanted
    with contextlib.suppress(ValueError):
        before = recipe_of(json.loads(files.document.read_text()))
        smaller: Recipe | None = wanted
        while smaller is not None and smaller != before:
            smaller = smaller.halved()
        return smaller or wanted
    return wanted


def smaller_after(error: Exception, recipe: Recipe) -> Recipe | None:
    """The recipe of the next attempt; None where it was not memory, or a step has one image."""
    cause = error.__cause__ if isinstance(error, PluginFailed) else error
    ran_out = isinstance(cause, Exception) and is_out_of_memory(cause)
    return recipe.halved() if ran_out else None


def told_of_steps(wanted: Recipe, taken: Recipe) -> tuple[str, ...]:
    """That memory made the steps smaller, if it did, for a person."""
    if taken == wanted:
        return ()
    return (
        f"memory ran out with {wanted.step_windows} images a step, so that the training began anew"
        f" with {taken.step_windows} a step and the learning rate {taken.learning_rate:g}",
    )
