"""The losses by name: one line each. Names are known without torch, since the API reads recipes."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from torch import Tensor

ScoreLoss = Literal["quality_focal", "varifocal", "focal"]
"""Of logits and wished scores of one shape, elementwise."""

BoxLoss = Literal["giou", "ciou"]
"""Of predicted and target boxes xyxy, ``(N, 4)`` each, one value a pair."""

Loss = Callable[["Tensor", "Tensor"], "Tensor"]


def score_loss(name: ScoreLoss) -> Loss:
    """The loss of this name.

    >>> score_loss("focal").__name__
    'focal'
    """
    return _named(name)


def box_loss(name: BoxLoss) -> Loss:
    """The loss of this name."""
    return _named(name)


def _named(name: str) -> Loss:
    """The function of the name of its file."""
    module = import_module(f"services.trainer.domain.losses.{name}")
    return cast(Loss, getattr(module, name))
