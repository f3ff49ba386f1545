"""Loss of differentiable binarization: shrunken text areas, their thresholds, and the steep step.

Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", AAAI 2020,
https://arxiv.org/abs/1911.08947, eq. 2 and 6-8: ``L = Ls + alpha Lb + beta Lt``. ``Ls`` is binary
cross-entropy where the hardest three background pixels stand beside each text pixel, ``Lb`` Dice of
the binarized map, ``Lt`` the absolute error of the threshold map near text.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from services.trainer.domain.losses.binary_cross_entropy import binary_cross_entropy
from services.trainer.domain.losses.dice import dice
from services.trainer.domain.losses.mae import mae

STEEPNESS = 50.0
NEGATIVES = 3  # background pixels a text pixel
ALPHA, BETA = 1.0, 10.0


@dataclass(frozen=True, slots=True)
class TextMaps:
    """The truth of a batch, ``(N, H, W)`` each.

    Attributes:
        area: 1 in shrunken text areas.
        counted: False where nothing is learnt.
        thresholds: Wished thresholds in [0, 1].
        near: True where thresholds are learnt.
    """

    area: Tensor
    counted: Tensor
    thresholds: Tensor
    near: Tensor


def differentiable_binarization(
    area_logits: Tensor, threshold_logits: Tensor, truth: TextMaps
) -> Tensor:
    """Loss of each image.

    Args:
        area_logits: ``(N, H, W)``.
        threshold_logits: ``(N, H, W)``.
        truth: Of the same shape.

    Returns:
        ``(N,)``; no images give ``(0,)``, an image without counted pixels costs 0.

    >>> here = torch.ones(1, 2, 2)
    >>> truth = TextMaps(here, here > 0, here * 0.5, here > 0)
    >>> right = differentiable_binarization(here * 20, here * 0, truth)
    >>> round(right.item(), 4)
    0.0
    """
    shares, limits = area_logits.sigmoid(), threshold_logits.sigmoid()
    steep = (STEEPNESS * (shares - limits)).sigmoid()
    area = _balanced(binary_cross_entropy(area_logits, truth.area), truth)
    step = dice(steep, truth.area, denominator="plain", counted=truth.counted)
    wished = truth.near & truth.counted
    away = mae(limits, truth.thresholds).masked_fill(~wished, 0.0).flatten(1).sum(1)
    border = away / wished.flatten(1).sum(1).clamp(min=1)
    return area + ALPHA * step + BETA * border


def _balanced(loss: Tensor, truth: TextMaps) -> Tensor:
    """Mean over text pixels and the hardest background pixels of each image, ``(N,)``."""
    text = (truth.area > 0.5) & truth.counted
    background = (truth.area <= 0.5) & truth.counted
    told = []
    for pixels, is_text, is_background in zip(loss, text, background, strict=True):
        wanted = min(int(is_background.sum()), max(NEGATIVES * int(is_text.sum()), NEGATIVES))
        hardest = pixels[is_background].topk(wanted).values
        told.append((pixels[is_text].sum() + hardest.sum()) / max(int(is_text.sum()) + wanted, 1))
    return torch.stack(told) if told else loss.flatten(1).sum(1)
