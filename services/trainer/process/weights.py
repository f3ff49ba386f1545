"""Loads pretrained backbone weights from where `weight_places` says that they are."""

import hashlib
import io
import logging
import pickle
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision.models import get_model_weights

from services.trainer.domain.recipe import BackboneName, Recipe
from services.trainer.process.weight_places import WeightPlace, weight_place

_HUB_S = 10.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundWeights:
    """A state dict and where it came from; no tensors: the training starts from random ones.

    Attributes:
        tensors: By the names of our network.
        origin: ``folder:<file>@<sha256>``, ``package:<name>==<version>@<sha256>``, ``hub:<name>``
            or ``none``.
        licence: SPDX name where it is known.
        source: Address of the project that gives them, where it is known.
    """

    tensors: Mapping[str, Tensor] | None
    origin: str
    licence: str = ""
    source: str = ""


NO_WEIGHTS = FoundWeights(None, "none")


def find_weights(recipe: Recipe, *, folder: Path | None, hub: bool = False) -> FoundWeights:
    """Weights for the recipe's backbone.

    Args:
        recipe: Names the backbone and says whether to look at all.
        folder: ``LOUPE_WEIGHTS``: state dicts named ``<backbone>*.pth``, the first by name counts.
        hub: Whether torchvision may download; a failure leaves the training without weights.

    Raises:
        ValueError: A package's file is missing or another one than was checked, or a file holds
            more than tensors.
    """
    if not recipe.pretrained:
        return NO_WEIGHTS
    found = weight_place(recipe.backbone, folder=folder, hub=hub)
    if found.place == "hub":
        return _from_hub(recipe.backbone)
    return NO_WEIGHTS if found.file is None else _from_file(found, found.file)


def _from_file(found: WeightPlace, path: Path) -> FoundWeights:
    packaged = found.packaged
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ValueError(f"the pretrained weights {path.name} are missing") from error
    digest = hashlib.sha256(data).hexdigest()
    if packaged is not None and digest != packaged.sha256:
        raise ValueError(f"{path.name} of {packaged.package} is not the file that was checked")
    try:
        tensors = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path.name} is no file of tensors alone: {error}") from error
    if packaged is None:
        return FoundWeights(tensors, f"folder:{path.name}@{digest}")
    return FoundWeights(
        {packaged.rename(name): value for name, value in tensors.items()},
        f"package:{packaged.package}=={found.release}@{digest}",
        packaged.licence,
        packaged.source,
    )


def _from_hub(backbone: BackboneName) -> FoundWeights:
    weights = next(iter(get_model_weights(backbone)))
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
    return FoundWeights(tensors, f"hub:{weights}", source="https://pytorch.org/vision")
