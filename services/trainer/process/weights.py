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
from safetensors.torch import load
from torch import Tensor
from torchvision.models import get_model_weights

from services.trainer.domain.detector.graph import read
from services.trainer.domain.recipe import GRAPH, BackboneName, Recipe
from services.trainer.domain.training.ports import FirstWeights
from services.trainer.process.weight_places import WeightPlace, place_of
from services.trainer.process.work_order import StartVersion
from shared.errors import InvalidInput

_HUB_S = 10.0

logger = logging.getLogger(__name__)


class NoGraph(InvalidInput):
    """The network is a graph that the site has to bring, and there is none of its form."""

    code = "no-graph"
    title = "The detector's graph is missing"


@dataclass(frozen=True, slots=True)
class FoundWeights:
    """A state dict and where it came from; no tensors: the training starts from random ones.

    Attributes:
        tensors: By the names of our network.
        origin: ``start:<name>@<sha256>``, ``folder:<file>@<sha256>``,
            ``package:<name>==<version>@<sha256>``, ``hub:<name>`` or ``none``.
        licence: SPDX name where it is known.
        source: Address of the project that gives them, where it is known.
        whole: Whether they are of the task's whole network, a start.
        graphs: ONNX files instead of tensors, in the package's order.
    """

    tensors: Mapping[str, Tensor] | None
    origin: str
    licence: str = ""
    source: str = ""
    whole: bool = False
    graphs: tuple[bytes, ...] = ()

    @property
    def first(self) -> FirstWeights | None:
        """The same for a task; None for random ones."""
        if self.tensors is None:
            return None
        return FirstWeights(self.tensors, self.whole, self.graphs)


NO_WEIGHTS = FoundWeights(None, "none")


def find_weights(recipe: Recipe, *, folder: Path | None, hub: bool = False) -> FoundWeights:
    """Weights for the recipe: a start of its task where one fits, else of its backbone.

    Args:
        recipe: Names the backbone and says whether to look at all.
        folder: ``LOUPE_WEIGHTS``: state dicts named ``<backbone>*.pth``, the first by name counts;
            of a detector's graph ``<backbone>*.onnx``.
        hub: Whether torchvision may download; a failure leaves the training without weights.

    Raises:
        NoGraph: The recipe's network is a graph, which the folder lacks, or another file is there.
        ValueError: The file of a start or a package is missing or another one than was checked, or
            a file holds more than tensors.
    """
    if not recipe.pretrained:
        return NO_WEIGHTS
    found = place_of(recipe, folder=folder, hub=hub)
    if found.place == "hub":
        return _from_hub(recipe.backbone)
    if found.file is None and recipe.backbone == GRAPH:
        raise NoGraph(f"no {GRAPH}*.onnx is in the folder LOUPE_WEIGHTS of the machine that trains")
    return NO_WEIGHTS if found.file is None else _from_file(found, found.file)


def known_of(start: StartVersion) -> FoundWeights:
    """What the backbone of an earlier version began as."""
    return FoundWeights(None, start.backbone_weights, start.backbone_licence, start.backbone_source)


def _from_file(found: WeightPlace, path: Path) -> FoundWeights:
    if path.suffix == ".onnx" and found.place == "folder":
        return _from_graph(found, path)
    known = found.card or found.packaged
    data, digest = _checked(path, found.name, known.sha256 if known else None)
    if found.packaged is not None and found.packaged.others:
        # Beside one another below the folder of installed packages.
        folder = path.parents[len(Path(found.packaged.file).parts) - 1]
        others = [
            _checked(folder / file, found.name, sha256)[0] for file, sha256 in found.packaged.others
        ]
        origin = f"package:{found.name}@{digest}"
        return FoundWeights(
            {}, origin, found.licence, found.source, whole=True, graphs=(data, *others)
        )
    if found.card is not None:
        origin = f"start:{found.name}@{digest}"
        return FoundWeights(load(data), origin, found.licence, found.source, whole=True)
    try:
        tensors = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path.name} is no file of tensors alone: {error}") from error
    if found.packaged is None:
        return FoundWeights(tensors, f"folder:{path.name}@{digest}")
    return FoundWeights(
        {found.packaged.rename(name): value for name, value in tensors.items()},
        f"package:{found.name}@{digest}",
        found.licence,
        found.source,
    )


def _from_graph(found: WeightPlace, path: Path) -> FoundWeights:
    data, digest = _checked(path, found.name, None)
    try:
        read(data)
    except ValueError as error:
        raise NoGraph(f"{path.name} is no graph of YOLOX's with three levels") from error
    origin = f"folder:{path.name}@{digest}"
    return FoundWeights({}, origin, found.licence, found.source, whole=True, graphs=(data,))


def _checked(path: Path, name: str, sha256: str | None) -> tuple[bytes, str]:
    """A file's bytes and their hash, which must be the one that is known, if any."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ValueError(f"the pretrained weights {path.name} are missing") from error
    digest = hashlib.sha256(data).hexdigest()
    if sha256 is not None and digest != sha256:
        raise ValueError(f"{path.name} of {name} is not the file that was checked")
    return data, digest


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
