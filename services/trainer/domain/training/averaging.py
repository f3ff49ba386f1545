"""Exponential moving average of a model's weights: what is validated, exported and served.

Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.
"""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class WeightAverage(Generic[Network]):
    """Keeps the average beside the trained model.

    Attributes:
        model: The averaged model, always in evaluation mode.
        updates: How many steps went in.
    """

    def __init__(self, model: Network) -> None:
        """Starts at the model's weights."""
        self.model: Network = copy.deepcopy(model).eval()
        self.model.requires_grad_(False)
        self.updates = 0

    @torch.no_grad()
    def update(self, model: Network, *, horizon: float) -> None:
        """Moves the average towards the model.

        Args:
            model: The trained model, of the same structure.
            horizon: Steps that the average looks back over, once there were as many.
        """
        self.updates += 1
        share = max(1 / horizon, 9 / (10 + self.updates))
        for mine, other in zip(self.model.parameters(), model.parameters(), strict=True):
            if other.requires_grad:
                mine.lerp_(other, share)
        for own, new in zip(self.model.buffers(), model.buffers(), strict=True):
            own.copy_(new)
