"""Hinge loss: right is not enough, it must be right by a margin (C-210).

Cortes and Vapnik, "Support-Vector Networks", Machine Learning 20, 1995.
"""

from torch import Tensor


def hinge(scores: Tensor, signs: Tensor) -> Tensor:
    """Elementwise loss ``max(0, 1 - y f)``.

    Args:
        scores: ``f``, any shape; above 0 says yes.
        signs: ``y``, same shape: +1 for yes, -1 for no.

    Returns:
        Loss of the same shape, not reduced; an empty input gives an empty loss.

    >>> import torch
    >>> hinge(torch.tensor([2.0, 0.5, -1.0]), torch.tensor([1.0, 1.0, 1.0])).tolist()
    [0.0, 0.5, 2.0]
    """
    return (1 - signs * scores).clamp(min=0)
