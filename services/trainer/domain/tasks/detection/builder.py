"""From an annotated dataset to the training of a detector."""

from collections.abc import Callable, Iterator, Sequence

from services.trainer.domain.detector.network import DetectorShape
from services.trainer.domain.detector.planning import DetectionPlan, plan
from services.trainer.domain.detector.samples import Sample, cut_samples
from services.trainer.domain.detector.truths import Truth, truth_of
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.detection.training import DetectionTraining
from services.trainer.domain.training.ports import FirstWeights, NothingToTrain, Prepared
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.preprocess import Image


class DetectionBuilder:
    """The `TaskBuilder` of detection."""

    def prepare(
        self,
        recipe: Recipe,
        images: Sequence[SnapshotImage],
        labels: Sequence[str],
        read: Callable[[SnapshotImage], Image],
    ) -> Prepared[DetectionPlan, Sample]:
        """See `TaskBuilder`."""
        truths = [truth_of(image, labels) for image in images]
        if not any(len(truth.labels) for truth in truths):
            raise NothingToTrain("no training image has an annotated target")
        planned = plan(
            recipe,
            [(image.width, image.height) for image in images],
            [truth.boxes_xyxy for truth in truths],
        )
        return Prepared(planned, _cut(images, truths, planned, read))

    def build(
        self,
        recipe: Recipe,
        plan: DetectionPlan,
        windows: Sequence[Sample],
        *,
        labels: int,
        first: FirstWeights | None,
    ) -> DetectionTraining:
        """See `TaskBuilder`."""
        shape = DetectorShape(
            labels=labels,
            input_size=plan.input_size,
            backbone=recipe.backbone,
            strides=plan.strides,
            channels=recipe.channels,
        )
        tensors, whole = (first.tensors, first.whole) if first else (None, False)
        return DetectionTraining(
            recipe,
            shape,
            windows,
            backbone_weights=None if whole else tensors,
            start=tensors if whole else None,
        )


def _cut(
    images: Sequence[SnapshotImage],
    truths: Sequence[Truth],
    planned: DetectionPlan,
    read: Callable[[SnapshotImage], Image],
) -> Iterator[Sample]:
    for image, truth in zip(images, truths, strict=True):
        pixels = read(image)
        height, width = pixels.shape[:2]
        windows = planned.tile_plan.windows(width, height)
        yield from cut_samples(pixels, truth, windows, planned.input_size)
