"""From an annotated dataset to the training of a segmenter."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.semantic_segmentation.network import SegmenterShape
from services.trainer.domain.tasks.semantic_segmentation.samples import (
    Sample,
    cut_samples,
    windows_of,
)
from services.trainer.domain.tasks.semantic_segmentation.training import SegmentationTraining
from services.trainer.domain.tasks.semantic_segmentation.truths import Truth, truth_of
from services.trainer.domain.training.planning import WindowPlan, middle, plan_windows
from services.trainer.domain.training.ports import FirstWeights, NothingToTrain, Prepared
from services.trainer.domain.training.validation_split import validating
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.preprocess import Image
from shared.runtime.segmentation import MOST_LABELS

FEWEST_TO_HOLD_OUT = 20  # images with targets; of fewer each is worth more as a teacher


class SegmentationBuilder:
    """The `TaskBuilder` of semantic segmentation."""

    def prepare(
        self,
        recipe: Recipe,
        images: Sequence[SnapshotImage],
        labels: Sequence[str],
        read: Callable[[SnapshotImage], Image],
    ) -> Prepared[WindowPlan, Sample]:
        """See `TaskBuilder`."""
        if len(labels) > MOST_LABELS:
            raise NothingToTrain(f"a segmentation has at most {MOST_LABELS} labels")
        truths = [truth_of(image, labels) for image in images]
        boxes = [truth.boxes_xyxy for truth in truths]
        if not any(map(len, boxes)):
            raise NothingToTrain("no training image has an annotated target")
        sizes = [(image.width, image.height) for image in images]
        # The most frequent shape may be that of few: of magnetic tiles that are 115 to 620 px wide
        # its input shrank most to half.
        planned = plan_windows(recipe, sizes, boxes, typical=middle)
        return Prepared(planned, _cut(images, truths, planned, read))

    def build(
        self,
        recipe: Recipe,
        plan: WindowPlan,
        windows: Sequence[Sample],
        *,
        labels: int,
        first: FirstWeights | None,
    ) -> SegmentationTraining:
        """See `TaskBuilder`."""
        shape = SegmenterShape(
            labels=labels,
            input_size=plan.input_size,
            backbone=recipe.backbone,
            channels=recipe.channels,
        )
        weights = first.tensors if first else None
        return SegmentationTraining(recipe, shape, windows, backbone_weights=weights)


def _cut(
    images: Sequence[SnapshotImage],
    truths: Sequence[Truth],
    planned: WindowPlan,
    read: Callable[[SnapshotImage], Image],
) -> Iterator[Sample]:
    """Samples of all images; those that are held out only validate."""
    known = [truth.values for truth in truths]
    named = any(image.split == "val" for image in images)
    few = not named and sum(map(bool, known)) < FEWEST_TO_HOLD_OUT
    held = [False] * len(images) if few else validating(images, known)
    teaches = any(labels and not out for labels, out in zip(known, held, strict=True))
    for image, truth, out in zip(images, truths, held, strict=True):
        pixels = read(image)
        size = (pixels.shape[1], pixels.shape[0])
        validates = teaches and out
        grid = planned.tile_plan.windows(*size)
        windows = grid if validates else windows_of(truth, size, grid)
        for sample in cut_samples(pixels, truth, windows, planned.input_size):
            yield replace(sample, validates=validates)
