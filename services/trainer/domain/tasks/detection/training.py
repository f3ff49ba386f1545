"""The detector in training: its batches and its loss."""

from collections.abc import Callable, Sequence

from torch import Tensor

from services.trainer.domain.detector.batches import DetectionBatch, collate
from services.trainer.domain.detector.graph import GraphDetector, read
from services.trainer.domain.detector.loss import DetectionLosses, detection_loss
from services.trainer.domain.detector.network import (
    Detector,
    DetectorShape,
    ExportableDetector,
    PointDetector,
)
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.detector.training import DetectorTraining
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.ports import FirstWeights
from services.trainer.domain.training.precision import exact, full


class DetectionTraining(DetectorTraining[PointDetector, DetectionBatch]):
    """The `TrainingTask` of detection."""

    def __init__(
        self,
        recipe: Recipe,
        shape: DetectorShape,
        samples: Sequence[Sample],
        first: FirstWeights | None = None,
    ) -> None:
        """See `DetectorTraining`."""
        network = _graph(first) if first and first.graphs else Detector
        super().__init__(recipe, shape, samples, network=network, collate=collate, first=first)
        self._losses = DetectionLosses.of(recipe)

    def loss(self, network: PointDetector, images: Tensor, batch: DetectionBatch) -> Tensor:
        """See `TrainingTask`."""
        raw = network(images)
        with exact(images):
            return detection_loss(network, full(raw), batch.targets, self._losses)

    def exportable(self, network: PointDetector) -> ExportableDetector:
        """See `TrainingTask`."""
        return ExportableDetector(network)


def _graph(first: FirstWeights) -> Callable[[DetectorShape, object], PointDetector]:
    (file,) = first.graphs
    return lambda shape, _: GraphDetector(shape, read(file))
