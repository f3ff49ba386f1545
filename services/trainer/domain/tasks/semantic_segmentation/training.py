"""The segmenter in training: a decoder on features that are kept, then the whole network."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.semantic_segmentation import floor
from services.trainer.domain.tasks.semantic_segmentation.judging import judged
from services.trainer.domain.tasks.semantic_segmentation.loss import (
    SegmentationLosses,
    segmentation_loss,
)
from services.trainer.domain.tasks.semantic_segmentation.network import (
    ExportableSegmenter,
    Segmenter,
    SegmenterShape,
)
from services.trainer.domain.tasks.semantic_segmentation.samples import Sample
from services.trainer.domain.tasks.semantic_segmentation.views import view
from services.trainer.domain.training.augmentation import Augmentation, settings_of
from services.trainer.domain.training.batches import LabelledBatch
from services.trainer.domain.training.precision import exact, full
from services.trainer.domain.training.sampling import BalancedSampler, sampler_of
from services.trainer.domain.training.validation import Validation
from services.trainer.domain.training.views import flips_of

FLOOR_RATE = 3e-3  # peak of the decoder's learning rate on features that are kept
AUGMENTATION = Augmentation(zoom=(0.8, 1.25), shift=0.05, brightness=0.2, contrast=0.2, colour=0.04)


class SegmentationTraining:
    """The `TrainingTask` of semantic segmentation."""

    label_tensors: tuple[str, ...] = ("head.weight", "head.bias")

    def __init__(
        self,
        recipe: Recipe,
        shape: SegmenterShape,
        samples: Sequence[Sample],
        *,
        backbone_weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Builds the network; its first weights follow from the recipe's seed.

        Raises:
            ValueError: No sample teaches, or the weights do not fit.
        """
        self._taught = [sample for sample in samples if not sample.validates]
        validating = [sample for sample in samples if sample.validates]
        # Without a target there a network that finds nothing would be the best of all.
        self._validating = validating if any(one.rarest for one in validating) else []
        rarest = [sample.rarest for sample in self._taught]
        self.sampler = sampler_of(
            recipe.sampler,
            [frozenset({label} - {0}) for label in rarest],
            auto=lambda: BalancedSampler(rarest),
        )
        self._augmentation = settings_of(recipe.augmentation, AUGMENTATION)
        torch.manual_seed(recipe.seed)
        self.network = Segmenter(shape, backbone_weights)
        self._pretrained = backbone_weights is not None
        if self._pretrained:
            self.network.backbone.freeze(stages=recipe.frozen_stages, statistics=True)
        self.description: Mapping[str, Any] = shape.to_json()
        self._recipe, self._shape = recipe, shape
        self._losses = SegmentationLosses.of(recipe)
        self._floor: tuple[Segmenter, float] | None = None
        self.choices: tuple[str, ...] = ()

    def batch(self, windows: Sequence[int], rngs: Sequence[np.random.Generator]) -> LabelledBatch:
        """See `TrainingTask`."""
        size = self._shape.input_size
        views = [
            view(self._taught[index], size, self._augmentation, rng)
            for index, rng in zip(windows, rngs, strict=True)
        ]
        return LabelledBatch(
            torch.from_numpy(np.stack([image for image, _ in views])),
            torch.from_numpy(np.stack([labels for _, labels in views])),
        )

    def loss(self, network: Segmenter, images: Tensor, batch: LabelledBatch) -> Tensor:
        """See `TrainingTask`."""
        logits = network(images)
        with exact(images):
            return segmentation_loss(full(logits), batch.targets, self._losses)

    def exportable(self, network: Segmenter) -> ExportableSegmenter:
        """See `TrainingTask`."""
        return ExportableSegmenter(network)

    def begin(self, network: Segmenter, told: Callable[[float], None]) -> bool:
        """See `TrainingTask`: the decoder on kept features of a backbone that knows something."""
        views = floor.views_of(len(self._taught), floor.view_bytes(network))
        flips = flips_of(self._recipe.augmentation)[:views]
        if not self._pretrained or not flips:
            told_why = "the whole network learns at once: there are no pretrained weights"
            if self._pretrained:
                told_why = "the whole network learns at once: too many images to keep features of"
            self.choices += (told_why,)
            return True
        known = floor.kept(network, self._taught, flips, told)
        lesson = floor.Lesson(
            steps=floor.steps_for(self._recipe.budget_s),
            seed=self._recipe.seed,
            rate=FLOOR_RATE,
            decay=self._recipe.weight_decay,
        )
        floor.learn(network, known, self.sampler, self._losses, lesson=lesson, told=told)
        self.choices += (
            f"the decoder learnt alone first: {lesson.steps} steps on kept features of"
            f" {len(self._taught)} windows, each in {len(flips)} mirrored views",
        )
        if not self._validating:
            self.choices += (_NONE_HELD_OUT,)
        else:
            first = copy.deepcopy(network).eval().requires_grad_(False)
            self._floor = (first, judged(first, self._validating).mean_iou)
        return True

    def validate(self, network: Segmenter) -> Validation | None:
        """See `TrainingTask`: the mean IoU of validation images."""
        return judged(network, self._validating).validation() if self._validating else None

    def chosen(self, network: Segmenter) -> Segmenter:
        """See `TrainingTask`: the floor where what followed is no better on validation images."""
        if self._floor is None:
            return network
        first, before = self._floor
        now = judged(network, self._validating).mean_iou
        self.choices += (_of_outcome(before, now, len(self._validating)),)
        return network if now > before else first


_NONE_HELD_OUT = (
    "no image with a target validates: list some for validation, or annotate more, to see how the"
    " training does"
)


def _of_outcome(before: float, now: float, windows: int) -> str:
    """Which of the two is exported, and why."""
    if now > before:
        return (
            f"the whole network is the version: mean IoU of {windows} validation windows"
            f" {now:.3f}, the decoder alone {before:.3f}"
        )
    return (
        f"the decoder alone is the version: mean IoU of {windows} validation windows"
        f" {before:.3f}, the whole network {now:.3f}"
    )
