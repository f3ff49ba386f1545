"""Mean absolute error, L1 (C-206): an error costs its size, whatever its sign (C-207).

Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2009, section 10.6.
"""

from torch import Tensor


def mae(predicted: Tensor, targets: Tensor) -> Tensor:
    """Elementwise loss ``|x - y|``; its mean is the MAE.

    Args:
        predicted: Any shape.
        targets: Same shape.

    Returns:
        Loss of the same shape, not reduced; an empty input gives an empty loss.

    >>> import torch
    >>> mae(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0])).tolist()
    [1.0, 3.0]
    """
    return (predicted - targets).abs()
