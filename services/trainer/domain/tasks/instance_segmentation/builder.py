"""From an annotated dataset to the training of an instance segmenter."""

from collections.abc import Callable, Iterator, Sequence

from services.trainer.domain.detector.network import DetectorShape
from services.trainer.domain.detector.planning import DetectionPlan, plan
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.instance_segmentation.samples import cut_samples
from services.trainer.domain.tasks.instance_segmentation.training import InstanceTraining
from services.trainer.domain.tasks.instance_segmentation.truths import InstanceTruth, truth_of
from services.trainer.domain.training.ports import FirstWeights, NothingToTrain, Prepared
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.preprocess import Image


class InstanceBuilder:
    """The `TaskBuilder` of instance segmentation."""

    def prepare(
        self,
        recipe: Recipe,
        images: Sequence[SnapshotImage],
        labels: Sequence[str],
        read: Callable[[SnapshotImage], Image],
    ) -> Prepared[DetectionPlan, Sample]:
        """See `TaskBuilder`."""
        truths = [truth_of(image, labels) for image in images]
        if not any(truth.codes for truth in truths):
            raise NothingToTrain("no training image has an annotated target")
        planned = plan(
            recipe,
            [(image.width, image.height) for image in images],
            [truth.boxes.boxes_xyxy for truth in truths],
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
    ) -> InstanceTraining:
        """See `TaskBuilder`."""
        shape = DetectorShape(
            labels=labels,
            input_size=plan.input_size,
            backbone=recipe.backbone,
            strides=plan.strides,
            channels=recipe.channels,
        )
        return InstanceTraining(recipe, shape, windows, first=first)


def _cut(
    images: Sequence[SnapshotImage],
    truths: Sequence[InstanceTruth],
    planned: DetectionPlan,
    read: Callable[[SnapshotImage], Image],
) -> Iterator[Sample]:
    for image, truth in zip(images, truths, strict=True):
        pixels = read(image)
        windows = planned.tile_plan.windows(pixels.shape[1], pixels.shape[0])
        yield from cut_samples(pixels, truth, windows, planned.input_size)
