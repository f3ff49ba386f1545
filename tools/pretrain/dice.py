"""Seeded random draws on a device."""

import torch
from torch import Tensor


class Dice:
    """Draws tensors on one device, the same ones for the same seed and device."""

    def __init__(self, seed: int, device: torch.device | str) -> None:
        self.device = torch.device(device)
        self._generator = torch.Generator(self.device).manual_seed(seed)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Evenly between two bounds."""
        drawn = torch.rand(shape, generator=self._generator, device=self.device)
        return low + (high - low) * drawn

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Evenly between the logarithms of two bounds."""
        return low * (high / low) ** self.uniform(*shape)

    def normal(self, *shape: int) -> Tensor:
        """Mean 0, deviation 1."""
        return torch.randn(shape, generator=self._generator, device=self.device)

    def integers(self, *shape: int, below: int) -> Tensor:
        """From 0 to ``below`` - 1."""
        return torch.randint(below, shape, generator=self._generator, device=self.device)

    def chance(self, *shape: int, of: float) -> Tensor:
        """True with a probability."""
        return self.uniform(*shape) < of

    def orders(self, rows: int, count: int) -> Tensor:
        """A random order of ``count`` numbers in each row."""
        return self.uniform(rows, count).argsort(1)
