"""From an annotated dataset to the training of an instance segmenter."""

from services.trainer.domain.detector.builder import DetectorBuilder
from services.trainer.domain.tasks.instance_segmentation.samples import cut_samples
from services.trainer.domain.tasks.instance_segmentation.training import InstanceTraining
from services.trainer.domain.tasks.instance_segmentation.truths import truth_of

INSTANCE_BUILDER = DetectorBuilder(truth_of=truth_of, cut=cut_samples, training=InstanceTraining)
"""The `TaskBuilder` of instance segmentation."""
