"""From labelled images to the training of a classifier."""

from collections.abc import Callable, Iterator, Sequence

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.classification.network import ClassifierShape
from services.trainer.domain.tasks.classification.planning import ClassificationPlan, plan
from services.trainer.domain.tasks.classification.samples import (
    Sample,
    label_of,
    shrunk,
)
from services.trainer.domain.tasks.classification.training import ClassificationTraining
from services.trainer.domain.training.ports import FirstWeights, NothingToTrain, Prepared
from services.trainer.domain.training.validation_split import validating
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.preprocess import Image


class ClassificationBuilder:
    """The `TaskBuilder` of classification."""

    def prepare(
        self,
        recipe: Recipe,
        images: Sequence[SnapshotImage],
        labels: Sequence[str],
        read: Callable[[SnapshotImage], Image],
    ) -> Prepared[ClassificationPlan, Sample]:
        """See `TaskBuilder`; raises also SeveralLabels."""
        pairs = [(image, label_of(image, labels)) for image in images]
        known = [(image, label) for image, label in pairs if label is not None]
        if not known:
            raise NothingToTrain("no training image has a label")
        planned = plan(recipe, [(image.width, image.height) for image, _ in known])
        return Prepared(planned, _samples(known, planned, read))

    def build(
        self,
        recipe: Recipe,
        plan: ClassificationPlan,
        windows: Sequence[Sample],
        *,
        labels: int,
        first: FirstWeights | None,
    ) -> ClassificationTraining:
        """See `TaskBuilder`."""
        shape = ClassifierShape(labels=labels, input_size=plan.input_size, backbone=recipe.backbone)
        weights = first.tensors if first else None
        task = ClassificationTraining(recipe, shape, windows, backbone_weights=weights)
        task.choices += plan.remarks
        return task


def _samples(
    known: Sequence[tuple[SnapshotImage, int]],
    planned: ClassificationPlan,
    read: Callable[[SnapshotImage], Image],
) -> Iterator[Sample]:
    only = validating([image for image, _ in known], [{label} for _, label in known])
    for (image, label), validates in zip(known, only, strict=True):
        yield Sample(shrunk(read(image), image, planned.input_size), label, image.group, validates)
