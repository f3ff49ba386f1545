"""Boundary loss of masks: what lies beyond the true outline costs its distance to it.

Kervadec et al., "Boundary loss for highly unbalanced segmentation", MIDL 2019,
https://arxiv.org/abs/1812.07032, eq. 5. It sees thin and small targets that overlap measures do
not, and is used beside cross-entropy or Dice, never alone: an empty answer costs next to nothing.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def signed_distance(masks: Tensor) -> Tensor:
    """Distance of each pixel to the outline of its mask, below 0 inside; no gradient.

    Args:
        masks: ``(N, H, W)``, above 0.5 inside.

    Returns:
        ``(N, H, W)`` float in pixels, of the masks' device; 0 everywhere for a mask that is empty
        or full, which has no outline.

    >>> row = torch.tensor([[[0.0, 0.0, 1.0, 1.0, 1.0]]])
    >>> signed_distance(row).tolist()
    [[[2.0, 1.0, 0.0, -1.0, -2.0]]]
    """
    told = np.zeros(masks.shape, np.float64)
    for place, mask in enumerate(masks.detach().cpu().numpy() > 0.5):
        if mask.any() and not mask.all():
            told[place] = _away(~mask) - np.maximum(_away(mask) - 1, 0)
    return torch.from_numpy(told).to(masks.device, masks.dtype)


def _away(pixels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance of each pixel to the nearest one that is False, the same whenever it is asked.

    OpenCV rounds roots by where its buffers happen to lie; what is under the root is whole.
    """
    found = cv2.distanceTransform(pixels.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.sqrt(np.rint(np.asarray(found, np.float64) ** 2))


def boundary(shares: Tensor, targets: Tensor) -> Tensor:
    """Mean of share times signed distance, of each mask.

    Args:
        shares: ``(N, H, W)`` in [0, 1] (a sigmoid or softmax).
        targets: ``(N, H, W)``, 1 inside.

    Returns:
        ``(N,)``, below 0 for a good mask; no masks give ``(0,)``.

    >>> row = torch.tensor([[[0.0, 0.0, 1.0, 1.0, 1.0]]])
    >>> round(boundary(row, row).item(), 4), round(boundary(1 - row, row).item(), 4)
    (-0.6, 0.6)
    """
    return (shares * signed_distance(targets)).flatten(1).mean(1)
