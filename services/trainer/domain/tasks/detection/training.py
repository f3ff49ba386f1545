"""The detector in training: its batches and its loss."""

from collections.abc import Sequence

from torch import Tensor

from services.trainer.domain.detector.batches import DetectionBatch, collate
from services.trainer.domain.detector.loss import DetectionLosses, detection_loss
from services.trainer.domain.detector.network import (
    Detector,
    DetectorShape,
    ExportableDetector,
)
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.detector.training import DetectorTraining
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.ports import FirstWeights
from services.trainer.domain.training.precision import exact, full


class DetectionTraining(DetectorTraining[Detector, DetectionBatch]):
    """The `TrainingTask` of detection."""

    def __init__(
        self,
        recipe: Recipe,
        shape: DetectorShape,
        samples: Sequence[Sample],
        first: FirstWeights | None = None,
    ) -> None:
        """See `DetectorTraining`."""
        super().__init__(recipe, shape, samples, network=Detector, collate=collate, first=first)
        self._losses = DetectionLosses.of(recipe)

    def loss(self, network: Detector, images: Tensor, batch: DetectionBatch) -> Tensor:
        """See `TrainingTask`."""
        raw = network(images)
        with exact(images):
            return detection_loss(network, full(raw), batch.targets, self._losses)

    def exportable(self, network: Detector) -> ExportableDetector:
        """See `TrainingTask`."""
        return ExportableDetector(network)
