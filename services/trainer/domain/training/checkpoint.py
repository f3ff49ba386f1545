"""A training's whole state as bytes: tensors in safetensors, the rest as JSON. No pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import ValidationError
from safetensors.torch import load, save
from torch import Tensor

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.domain.training.patience import Patience

FORMAT = 1


class CheckpointError(ValueError):
    """The bytes are no checkpoint of this training."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Both parts; the document is written last, so a checkpoint with one is complete."""

    tensors: bytes
    document: str


def pack(training: TrainingLoop[Any, Any]) -> Checkpoint:
    """The state after the last whole epoch; call it between steps, when an epoch has ended."""
    tensors: dict[str, Tensor] = {}
    for prefix, module in (("model", training.network), ("average", training.average.model)):
        for name, value in module.state_dict().items():
            tensors[f"{prefix}.{name}"] = value.cpu().contiguous()
    for name, value in training.patience.weights.items():
        tensors[f"best.{name}"] = value.cpu().contiguous()
    optimiser = training.optimiser.state_dict()
    for index, state in optimiser["state"].items():
        for name, value in state.items():
            tensors[f"optimiser.{index}.{name}"] = value.cpu().contiguous()
    document = {
        "format": FORMAT,
        "epoch": training.epoch,
        "epochs": training.epochs,
        "loss": training.loss,
        "updates": training.average.updates,
        "patience": training.patience.to_json(),
        "recipe": training.recipe.model_dump(mode="json"),
        "shape": _shape_document(training),
    }
    return Checkpoint(save(tensors), json.dumps(document, sort_keys=True))


def restore(training: TrainingLoop[Any, Any], checkpoint: Checkpoint) -> None:
    """Puts a freshly built training where the checkpoint left off.

    Raises:
        CheckpointError: Another recipe, another shape, or damaged bytes.
    """
    try:
        document = json.loads(checkpoint.document)
        tensors = load(checkpoint.tensors)
    except Exception as error:
        raise CheckpointError(f"the checkpoint cannot be read: {error}") from error
    if document.get("format") != FORMAT or document["shape"] != _shape_document(training):
        raise CheckpointError("the checkpoint belongs to another network")
    if recipe_of(document) != training.recipe:
        raise CheckpointError("the checkpoint belongs to another recipe")
    training.network.load_state_dict(_part(tensors, "model"))
    training.average.model.load_state_dict(_part(tensors, "average"))
    training.average.updates = document["updates"]
    training.optimiser.load_state_dict(_optimiser_state(training, tensors))
    training.epoch, training.epochs = document["epoch"], document["epochs"]
    training.loss = document["loss"]
    weights = _part(tensors, "best")
    training.patience = Patience(
        training.recipe.early_stop, **document.get("patience", {}), weights=weights
    )


def recipe_of(document: Mapping[str, Any]) -> Recipe | None:
    """The recipe by which a checkpoint's training learnt; None where it is none of today's."""
    try:
        return Recipe.model_validate(document["recipe"])
    except (KeyError, ValidationError):
        return None


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {key[len(start) :]: value for key, value in tensors.items() if key.startswith(start)}


def _optimiser_state(
    training: TrainingLoop[Any, Any], tensors: dict[str, Tensor]
) -> dict[str, Any]:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in _part(tensors, "optimiser").items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    return training.optimiser.state_dict() | {"state": state}


def _shape_document(training: TrainingLoop[Any, Any]) -> dict[str, Any]:
    release = torch.__version__.split("+")[0].rsplit(".", 1)[0]
    return {**training.task.description, "torch": release}
