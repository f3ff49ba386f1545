"""How many bits a training's products have: the network may run in bfloat16, its loss never does.

Micikevicius et al., "Mixed Precision Training", ICLR 2018 (https://arxiv.org/abs/1710.03740);
bfloat16 has the range of float32, so that no loss needs scaling. Weights, their average and what is
exported stay float32.
"""

import dataclasses
from contextlib import AbstractContextManager
from typing import TypeVar

import torch
from torch import Tensor

from services.trainer.domain.recipe import Precision

ValueT = TypeVar("ValueT")


def runs_in_bf16(precision: Precision, device: torch.device) -> bool:
    """Whether a network runs in bfloat16: where it is asked for, or on a GPU that has it.

    >>> runs_in_bf16("auto", torch.device("cpu")), runs_in_bf16("bf16", torch.device("cpu"))
    (False, True)
    """
    if precision != "auto":
        return precision == "bf16"
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def mixed(device: torch.device, *, bf16: bool) -> AbstractContextManager[None]:
    """Inside, products run in bfloat16 where that is asked for."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bf16)


def exact(images: Tensor) -> AbstractContextManager[None]:
    """Inside, all of the loss of ``images`` runs in float32; what comes in must be `full`."""
    return torch.autocast(images.device.type, enabled=False)


def full(value: ValueT) -> ValueT:
    """A network's answer in float32: a tensor, or a dataclass of such; itself where it is that.

    >>> full(torch.zeros(2, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    if isinstance(value, Tensor):
        return value.float() if value.dtype == torch.bfloat16 else value  # type: ignore[return-value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {one.name: full(getattr(value, one.name)) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **parts)
    return value
