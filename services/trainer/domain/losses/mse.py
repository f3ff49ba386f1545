"""Mean squared error, L2 (C-205): for continuous values; large errors weigh more (C-207).

Bishop, "Pattern Recognition and Machine Learning", 2006, eq. 1.2 (twice its half).
"""

from torch import Tensor


def mse(predicted: Tensor, targets: Tensor) -> Tensor:
    """Elementwise loss ``(x - y)²``; its mean is the MSE.

    Args:
        predicted: Any shape.
        targets: Same shape.

    Returns:
        Loss of the same shape, not reduced; an empty input gives an empty loss.

    >>> import torch
    >>> mse(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0])).tolist()
    [1.0, 9.0]
    """
    return (predicted - targets).pow(2)
