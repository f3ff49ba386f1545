"""The classifier in training: the floor first, then the whole network."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from services.trainer.domain.losses.table import weighted_sum
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.classification import floor
from services.trainer.domain.tasks.classification.floor import Features, Told
from services.trainer.domain.tasks.classification.network import (
    Classifier,
    ClassifierShape,
    ExportableClassifier,
)
from services.trainer.domain.tasks.classification.regression import Choice
from services.trainer.domain.tasks.classification.samples import Sample
from services.trainer.domain.training.appearance import changed
from services.trainer.domain.training.augmentation import Augmentation, settings_of
from services.trainer.domain.training.batches import LabelledBatch
from services.trainer.domain.training.ports import Sampler
from services.trainer.domain.training.precision import exact, full
from services.trainer.domain.training.sampling import BalancedSampler, sampler_of
from services.trainer.domain.training.validation import Validation
from services.trainer.domain.training.views import FLIPS, Flip, flips_of, view_matrix, warped

ZOOM = (0.85, 1.15)
SHIFT = 0.08
LIGHT = 0.15


@dataclass(frozen=True, slots=True)
class Floor:
    """What the loop has to beat: the network as it began, how it does, and what it was made of."""

    network: Classifier
    told: Told | None
    known: Features
    choice: Choice


class ClassificationTraining:
    """The `TrainingTask` of classification."""

    label_tensors: tuple[str, ...] = ("head.weight", "head.bias")

    def __init__(
        self,
        recipe: Recipe,
        shape: ClassifierShape,
        samples: Sequence[Sample],
        *,
        backbone_weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Builds the network; its first weights follow from the recipe's seed.

        Raises:
            ValueError: No sample teaches, or the weights do not fit.
        """
        self._taught = [sample for sample in samples if not sample.validates]
        self._passes = floor.passes(recipe.budget_s, shape.input_size)
        validating = [sample for sample in samples if sample.validates]
        self._validating = floor.spread(validating, self._passes // 2)
        labels = [sample.label for sample in self._taught]
        self.sampler = sampler_of(
            recipe.sampler,
            [frozenset({label}) for label in labels],
            auto=lambda: BalancedSampler(labels),
        )
        torch.manual_seed(recipe.seed)
        self.network = Classifier(shape, backbone_weights)
        if backbone_weights is not None:
            self.network.backbone.freeze(stages=recipe.frozen_stages, statistics=True)
        self.choices: tuple[str, ...] = _of_sampling(self.sampler, len(self._taught))
        self.description: Mapping[str, Any] = shape.to_json()
        self._shape = shape
        self._chosen = recipe.augmentation
        self._flips = flips_of(recipe.augmentation)
        self._augmentation = settings_of(self._chosen, Augmentation())
        self._floor: Floor | None = None
        self._names_epochs = recipe.epochs is not None
        self._losses = weighted_sum("classification", "label", recipe.losses)

    def batch(self, windows: Sequence[int], rngs: Sequence[np.random.Generator]) -> LabelledBatch:
        """See `TrainingTask`."""
        pairs = zip(windows, rngs, strict=True)
        return LabelledBatch(
            torch.from_numpy(np.stack([self._view(index, rng) for index, rng in pairs])),
            torch.tensor([self._taught[index].label for index in windows], dtype=torch.int64),
        )

    def _view(self, index: int, rng: np.random.Generator) -> np.ndarray:
        image, size = self._taught[index].image, self._shape.input_size
        matrix = view_matrix((image.shape[1], image.shape[0]), size, self._augmentation, rng)
        return changed(warped(image, matrix, size), self._augmentation, rng)

    def loss(self, network: Classifier, images: Tensor, batch: LabelledBatch) -> Tensor:
        """See `TrainingTask`."""
        logits = network(images)
        with exact(images):
            return self._losses(full(logits), batch.targets).mean()

    def exportable(self, network: Classifier) -> ExportableClassifier:
        """See `TrainingTask`."""
        return ExportableClassifier(network)

    def begin(self, network: Classifier, told: Callable[[float], None]) -> bool:
        """See `TrainingTask`: the floor, and whether it leaves anything to gain."""
        count = self._shape.labels
        shown = floor.spread(self._taught, self._passes - len(self._validating))
        images = [*shown, *self._validating]
        known = floor.kept(network, images, told, most=self._passes, flips=self._flips)
        teaches = torch.arange(len(known.labels)) < len(shown)
        taught = known.rows(teaches)
        choice = floor.chosen_for(taught, count=count)
        regression = floor.fitted(taught, choice, count=count)
        floor.put(network, regression)
        self._augmentation = settings_of(self._chosen, augmentation_of(choice, self._flips))
        self.choices += (_of_regression(choice), *_of_time(len(shown), len(self._taught)))
        judged = None
        if self._validating:
            out = known.rows(~teaches)
            judged = floor.judged(regression.logits(out.views[0]), out.labels)
        self._floor = Floor(copy.deepcopy(network).requires_grad_(False), judged, known, choice)
        return judged is not None and judged.right < len(self._validating)

    def validate(self, network: Classifier) -> Validation | None:
        """See `TrainingTask`: the share of validation images that get their label."""
        if not self._validating:
            return None
        return Validation.of_share(self._judged(network).right, len(self._validating))

    def chosen(self, network: Classifier) -> Classifier:
        """See `TrainingTask`: the floor, fitted anew to all images, unless the network beats it.

        Where no image can tell, a recipe that names its epochs gets what they made.
        """
        first = self._floor
        if first is None:
            return network
        if first.told is None and self._names_epochs:
            self.choices += (_ASKED_FOR,)
            return network
        now = None if first.told is None else self._judged(network)
        self.choices += (_of_outcome(first.told, now, len(self._validating)),)
        if now is not None and first.told is not None and now.beats(first.told):
            return network
        floor.put(first.network, floor.fitted(first.known, first.choice, count=self._shape.labels))
        return first.network.eval()

    def _judged(self, network: Classifier) -> Told:
        logits, size = [], self._shape.input_size
        for first in range(0, len(self._validating), floor.BATCH):
            part = self._validating[first:][: floor.BATCH]
            features = floor.features_of(network, [floor.shown(s.image, size) for s in part])
            with torch.no_grad():
                scaled = (features - network.centre.cpu()) * network.scale.cpu()
                logits.append(
                    functional.linear(scaled, network.head.weight.cpu(), network.head.bias.cpu())
                )
        labels = torch.tensor([sample.label for sample in self._validating], dtype=torch.int64)
        return floor.judged(torch.cat(logits), labels)


def augmentation_of(choice: Choice, flips: Sequence[Flip] = FLIPS) -> Augmentation:
    """Random views that are mirrored only where mirrored images have taught well.

    ``flips`` are those that were offered to the choice, in order.

    >>> settings = augmentation_of(Choice(0.1, 2))
    >>> settings.flip_horizontal, settings.flip_vertical
    (0.5, 0.0)
    """
    taught = flips[: choice.views]
    return Augmentation(
        flip_horizontal=0.5 if 1 in taught else 0.0,
        flip_vertical=0.5 if 0 in taught else 0.0,
        zoom=ZOOM,
        shift=SHIFT,
        brightness=LIGHT,
        contrast=LIGHT,
        colour=0.04,
    )


_ASKED_FOR = (
    "the whole network is the version, because the recipe names its epochs: no image was left to"
    " tell whether the regression knows more"
)


def _of_sampling(sampler: Sampler, images: int) -> tuple[str, ...]:
    if sampler.count == images:
        return ()
    return (
        f"an epoch shows {sampler.count} views of {images} images: rare labels come more often,"
        " so that they are not overlooked",
    )


def _of_regression(choice: Choice) -> str:
    return (
        f"the regression learnt with penalty {choice.penalty} from {choice.views} views an image:"
        " so it told images best that were left out"
    )


def _of_time(shown: int, images: int) -> tuple[str, ...]:
    if shown == images:
        return ()
    return (f"the regression learnt of {shown} of {images} images: for more the budget is short",)


def _of_outcome(first: Told | None, now: Told | None, images: int) -> str:
    """Which of the two is exported, and why."""
    if first is None or now is None:
        return "the regression is the version: no image was left to tell whether more would help"
    if first.right == images:
        return f"the regression is the version: it knew all {images} validation images already"
    if now.beats(first):
        return (
            f"the whole network is the version: of {images} validation images it knows {now.right},"
            f" the regression {first.right}, and it is surer"
        )
    return (
        "the regression is the version, the whole network must know more and be surer:"
        f" of {images} validation images it knows {now.right}, the regression {first.right}"
    )
