"""From an annotated dataset to the training of a detector."""

from services.trainer.domain.detector.builder import DetectorBuilder
from services.trainer.domain.detector.samples import cut_samples
from services.trainer.domain.detector.truths import truth_of
from services.trainer.domain.tasks.detection.training import DetectionTraining

DETECTION_BUILDER = DetectorBuilder(truth_of=truth_of, cut=cut_samples, training=DetectionTraining)
"""The `TaskBuilder` of detection."""
