"""What learns on a detector: views of samples into batches, the first weights, the sampling."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from services.trainer.domain.detector.augmentation import draw
from services.trainer.domain.detector.network import Detector, DetectorShape, PointDetector
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.detector.start import begin_from
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.augmentation import Augmentation, settings_of
from services.trainer.domain.training.ports import BatchT, FirstWeights, WholeNetwork
from services.trainer.domain.training.sampling import EpochSampler, sampler_of

DetectorT = TypeVar("DetectorT", bound=PointDetector)


class DetectorTraining(WholeNetwork[DetectorT], Generic[DetectorT, BatchT]):
    """The half of a `TrainingTask` that all tasks on the detector share."""

    def __init__(
        self,
        recipe: Recipe,
        shape: DetectorShape,
        samples: Sequence[Sample],
        *,
        network: Callable[[DetectorShape, Mapping[str, Tensor] | None], DetectorT],
        collate: Callable[[Sequence[Sample], Tensor], BatchT],
        first: FirstWeights | None,
        beside: str | None = None,
    ) -> None:
        """Builds the network; its first weights follow from the recipe's seed.

        Args:
            recipe: Its choices.
            shape: Of the network.
            samples: At least one.
            network: Makes it of its shape and of a pretrained backbone's weights.
            collate: Makes a batch of views and of the detector's anchor points ``(A, 2)``.
            first: Pretrained weights of its backbone, or a detector's start.
            beside: The network's child that no start knows, see `begin_from`.

        Raises:
            ValueError: There are no samples, or the weights do not fit.
        """
        self.sampler = sampler_of(
            recipe.sampler,
            [frozenset(sample.labels.tolist()) for sample in samples],
            auto=lambda: EpochSampler([len(sample.labels) > 0 for sample in samples]),
        )
        torch.manual_seed(recipe.seed)
        self.network = network(shape, first.tensors if first and not first.whole else None)
        if first and first.whole and isinstance(self.network, Detector):
            begin_from(self.network, first.tensors, beside=beside)
        if first:
            self.network.freeze(stages=recipe.frozen_stages)
        self.label_tensors = self.network.label_tensors
        self.description: Mapping[str, Any] = shape.to_json()
        self._points = self.network.points  # of the CPU, where batches are made
        self._collate = collate
        self._size = shape.input_size
        self._samples = samples
        settings = settings_of(recipe.augmentation, Augmentation())
        self._augmentation = replace(settings, mosaic=recipe.mosaic)

    def batch(self, windows: Sequence[int], rngs: Sequence[np.random.Generator]) -> BatchT:
        """See `TrainingTask`."""
        views = [
            draw(
                index,
                self._samples.__getitem__,
                len(self._samples),
                size=self._size,
                settings=self._augmentation,
                rng=rng,
            )
            for index, rng in zip(windows, rngs, strict=True)
        ]
        return self._collate(views, self._points)
