"""The instance segmenter in training: its batches and its loss."""

from collections.abc import Sequence

from torch import Tensor

from services.trainer.domain.detector.network import DetectorShape
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.detector.training import DetectorTraining
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
from services.trainer.domain.training.ports import FirstWeights
from services.trainer.domain.training.precision import exact, full


class InstanceTraining(DetectorTraining[InstanceSegmenter, InstanceBatch]):
    """The `TrainingTask` of instance segmentation."""

    def __init__(
        self,
        recipe: Recipe,
        shape: DetectorShape,
        samples: Sequence[Sample],
        first: FirstWeights | None = None,
    ) -> None:
        """See `DetectorTraining`."""
        super().__init__(
            recipe,
            shape,
            samples,
            network=InstanceSegmenter,
            collate=collate_masks,
            first=first,
            beside=MASKS,
        )
        self._losses = InstanceLosses.of(recipe, "instance_segmentation")

    def loss(self, network: InstanceSegmenter, images: Tensor, batch: InstanceBatch) -> Tensor:
        """See `TrainingTask`."""
        raw = network.instances(images)
        with exact(images):
            return instance_loss(network, full(raw), batch, self._losses)

    def exportable(self, network: InstanceSegmenter) -> ExportableInstances:
        """See `TrainingTask`."""
        return ExportableInstances(network)
