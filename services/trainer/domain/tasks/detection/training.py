"""The detector in training: views into batches, batches into a loss."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from services.trainer.domain.detector.augmentation import draw
from services.trainer.domain.detector.batches import DetectionBatch, collate
from services.trainer.domain.detector.loss import DetectionLosses, detection_loss
from services.trainer.domain.detector.network import (
    Detector,
    DetectorShape,
    ExportableDetector,
)
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.detector.start import begin_from
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.ports import WholeNetwork
from services.trainer.domain.training.sampling import EpochSampler
from services.trainer.domain.training.views import Augmentation


class DetectionTraining(WholeNetwork[Detector]):
    """The `TrainingTask` of detection."""

    label_tensors: tuple[str, ...] = ("score.weight", "score.bias")

    def __init__(
        self,
        recipe: Recipe,
        shape: DetectorShape,
        samples: Sequence[Sample],
        *,
        backbone_weights: Mapping[str, Tensor] | None = None,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Builds the network; its first weights follow from the recipe's seed.

        Args:
            recipe: Its choices.
            shape: Of the network.
            samples: At least one.
            backbone_weights: Pretrained classifier weights.
            start: A whole detector's weights, see `begin_from`; they go before the backbone's.

        Raises:
            ValueError: There are no samples, or the weights do not fit.
        """
        self.sampler = EpochSampler([len(sample.labels) > 0 for sample in samples])
        torch.manual_seed(recipe.seed)
        self.network = Detector(shape, backbone_weights)
        if start is not None:
            begin_from(self.network, start)
        if backbone_weights is not None or start is not None:
            self.network.backbone.freeze(stages=recipe.frozen_stages, statistics=True)
        self.description: Mapping[str, Any] = shape.to_json()
        self._points = self.network.points  # of the CPU, where batches are made
        self._shape = shape
        self._samples = samples
        self._augmentation = Augmentation(mosaic=recipe.mosaic)
        self._losses = DetectionLosses.of(recipe)

    def batch(self, windows: Sequence[int], rngs: Sequence[np.random.Generator]) -> DetectionBatch:
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
        return collate(views, self._points)

    def loss(self, network: Detector, images: Tensor, batch: DetectionBatch) -> Tensor:
        """See `TrainingTask`."""
        return detection_loss(network, network(images), batch.targets, self._losses)

    def exportable(self, network: Detector) -> ExportableDetector:
        """See `TrainingTask`."""
        return ExportableDetector(network)
