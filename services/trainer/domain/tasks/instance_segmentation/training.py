"""The instance segmenter in training: views into batches, batches into a loss."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from services.trainer.domain.detector.augmentation import draw
from services.trainer.domain.detector.network import DetectorShape
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.detector.start import begin_from
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.instance_segmentation.batches import (
    InstanceBatch,
    collate_masks,
)
from services.trainer.domain.tasks.instance_segmentation.loss import InstanceLosses, instance_loss
from services.trainer.domain.tasks.instance_segmentation.network import (
    MASKS,
    ExportableInstances,
    InstanceSegmenter,
)
from services.trainer.domain.training.ports import FirstWeights, WholeNetwork
from services.trainer.domain.training.sampling import EpochSampler
from services.trainer.domain.training.views import Augmentation


class InstanceTraining(WholeNetwork[InstanceSegmenter]):
    """The `TrainingTask` of instance segmentation."""

    label_tensors: tuple[str, ...] = ("score.weight", "score.bias")

    def __init__(
        self,
        recipe: Recipe,
        shape: DetectorShape,
        samples: Sequence[Sample],
        *,
        first: FirstWeights | None = None,
    ) -> None:
        """Builds the network; its first weights follow from the recipe's seed.

        Args:
            recipe: Its choices.
            shape: Of the network.
            samples: At least one.
            first: Pretrained weights of its backbone, or a detector's start.

        Raises:
            ValueError: There are no samples, or the weights do not fit.
        """
        self.sampler = EpochSampler([len(sample.labels) > 0 for sample in samples])
        torch.manual_seed(recipe.seed)
        backbone = first.tensors if first and not first.whole else None
        self.network = InstanceSegmenter(shape, backbone)
        if first and first.whole:
            begin_from(self.network, first.tensors, beside=MASKS)
        if first:
            self.network.backbone.freeze(stages=recipe.frozen_stages, statistics=True)
        self.description: Mapping[str, Any] = shape.to_json()
        self._points = self.network.points  # of the CPU, where batches are made
        self._shape = shape
        self._samples = samples
        self._augmentation = Augmentation(mosaic=recipe.mosaic)
        self._losses = InstanceLosses.of(recipe, "instance_segmentation")

    def batch(self, windows: Sequence[int], rngs: Sequence[np.random.Generator]) -> InstanceBatch:
        """See `TrainingTask`."""
        views = [
            draw(
                index,
                self._samples.__getitem__,
                len(self._samples),
                size=self._shape.input_size,
                settings=self._augmentation,
                rng=rng,
            )
            for index, rng in zip(windows, rngs, strict=True)
        ]
        return collate_masks(views, self._points)

    def loss(self, network: InstanceSegmenter, images: Tensor, batch: InstanceBatch) -> Tensor:
        """See `TrainingTask`."""
        return instance_loss(network, network.instances(images), batch, self._losses)

    def exportable(self, network: InstanceSegmenter) -> ExportableInstances:
        """See `TrainingTask`."""
        return ExportableInstances(network)
