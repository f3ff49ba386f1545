"""The tasks that can be trained: one line each."""

from typing import Any

from services.trainer.domain.tasks.classification.builder import ClassificationBuilder
from services.trainer.domain.tasks.detection.builder import DETECTION_BUILDER
from services.trainer.domain.tasks.instance_segmentation.builder import INSTANCE_BUILDER
from services.trainer.domain.tasks.ocr.builder import TextBuilder
from services.trainer.domain.tasks.semantic_segmentation.builder import SegmentationBuilder
from services.trainer.domain.training.ports import TaskBuilder
from shared.runtime.tasks.table import spec_of

BUILDERS: dict[str, TaskBuilder[Any, Any]] = {
    "classification": ClassificationBuilder(),
    "detection": DETECTION_BUILDER,
    "instance_segmentation": INSTANCE_BUILDER,
    "semantic_segmentation": SegmentationBuilder(),
    "ocr": TextBuilder(),
}


def builder_of(task: str) -> TaskBuilder[Any, Any]:
    """The builder of a task; raises UnknownTask."""
    return BUILDERS[spec_of(task).name]
