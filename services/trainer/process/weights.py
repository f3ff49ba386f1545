"""Finds pretrained backbone weights: an air-gapped site's folder, torchvision's hub, or none."""

import hashlib
import logging
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision.models import get_model_weights

from services.trainer.domain.recipe import Recipe

_HUB_S = 10.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundWeights:
    """A state dict and where it came from; no tensors: the training starts from random ones."""

    tensors: Mapping[str, Tensor] | None
    origin: str


NO_WEIGHTS = FoundWeights(None, "none")


def find_weights(recipe: Recipe, *, folder: Path | None, hub: bool = False) -> FoundWeights:
    """Weights for the recipe's backbone.

    Args:
        recipe: Names the backbone and says whether to look at all.
        folder: ``LOUPE_WEIGHTS``: state dicts named ``<backbone>*.pth``, the first by name counts.
        hub: Whether torchvision may download; a failure leaves the training without weights.

    Returns:
        The origin is recorded with the version: ``folder:<file>@<sha256>``, ``hub:<name>``, none.
    """
    if not recipe.pretrained:
        return NO_WEIGHTS
    if folder is not None:
        for path in sorted(folder.glob(f"{recipe.backbone}*.pth")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            tensors = torch.load(path, map_location="cpu", weights_only=True)
            return FoundWeights(tensors, f"folder:{path.name}@{digest[:16]}")
    return _from_hub(recipe) if hub else NO_WEIGHTS


def _from_hub(recipe: Recipe) -> FoundWeights:
    weights = next(iter(get_model_weights(recipe.backbone)))
    # An air-gapped site's network may swallow packets instead of refusing them.
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_HUB_S)
    try:
        tensors = weights.get_state_dict(progress=False, check_hash=True)
    except OSError as error:
        logger.warning("no pretrained weights from the hub: %s", error)
        return NO_WEIGHTS
    finally:
        socket.setdefaulttimeout(before)
    return FoundWeights(tensors, f"hub:{weights}")
