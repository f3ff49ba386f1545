"""The optimiser and its schedule: AdamW on one cycle."""

import math

from torch import nn
from torch.optim import AdamW

WARM_UP = 0.1  # share of the steps
MIN_WARM_UP_STEPS = 20
FIRST_RATE = 0.05  # share of the peak at step 0
LAST_RATE = 0.02


def build_optimiser(
    network: nn.Module, *, learning_rate: float, backbone_rate: float, weight_decay: float
) -> AdamW:
    """AdamW (Loshchilov and Hutter, https://arxiv.org/abs/1711.05101) over four groups.

    Norms and biases do not decay; the child ``backbone`` learns at ``backbone_rate`` of the rate.
    Frozen parameters are in no group.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            key = (name.startswith("backbone."), parameter.ndim > 1)
            groups.setdefault(key, []).append(parameter)
    return AdamW(
        [
            {
                "params": parameters,
                "weight_decay": weight_decay if decays else 0.0,
                "peak": learning_rate * (backbone_rate if in_backbone else 1.0),
            }
            for (in_backbone, decays), parameters in sorted(
                groups.items(), key=lambda item: item[0]
            )
        ],
        lr=learning_rate,
    )


def rate_share(step: int, steps: int) -> float:
    """Share of the peak rate at a step: linear warm-up, then a half cosine (Smith, 1cycle).

    >>> rate_share(0, 1000), rate_share(100, 1000), rate_share(1000, 1000)
    (0.05, 1.0, 0.02)
    """
    warm_up = min(max(MIN_WARM_UP_STEPS, int(WARM_UP * steps)), max(1, steps // 2))
    if step < warm_up:
        return FIRST_RATE + (1 - FIRST_RATE) * step / warm_up
    progress = min(1.0, (step - warm_up) / max(1, steps - warm_up))
    return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * progress))


def set_rate(optimiser: AdamW, step: int, steps: int) -> None:
    """Sets every group's rate for the step."""
    share = rate_share(step, steps)
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * share
