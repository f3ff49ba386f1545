"""From an annotated dataset to a training on the detector."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from services.trainer.domain.detector.network import DetectorShape
from services.trainer.domain.detector.planning import DetectionPlan, plan
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.detector.truths import Truth
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.ports import (
    FirstWeights,
    NothingToTrain,
    Prepared,
    TrainingTask,
)
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.preprocess import Image
from shared.vision.tiles import Window

TruthT = TypeVar("TruthT", bound=Truth)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorBuilder(Generic[TruthT]):
    """The `TaskBuilder` of a task on the detector, by what only the task knows.

    Attributes:
        truth_of: The truth of an image, its shapes of unknown labels left out.
        cut: The samples of an image, one a window, at the model's input size.
        training: The task of samples and of pretrained weights, if any.
    """

    truth_of: Callable[[SnapshotImage, Sequence[str]], TruthT]
    cut: Callable[[Image, TruthT, Sequence[Window], tuple[int, int]], Iterable[Sample]]
    training: Callable[
        [Recipe, DetectorShape, Sequence[Sample], FirstWeights | None], TrainingTask[Any, Any]
    ]

    def prepare(
        self,
        recipe: Recipe,
        images: Sequence[SnapshotImage],
        labels: Sequence[str],
        read: Callable[[SnapshotImage], Image],
    ) -> Prepared[DetectionPlan, Sample]:
        """See `TaskBuilder`."""
        truths = [self.truth_of(image, labels) for image in images]
        if not any(len(truth.labels) for truth in truths):
            raise NothingToTrain("no training image has an annotated target")
        planned = plan(
            recipe,
            [(image.width, image.height) for image in images],
            [truth.boxes_xyxy for truth in truths],
        )
        return Prepared(planned, self._samples(images, truths, planned, read))

    def build(
        self,
        recipe: Recipe,
        plan: DetectionPlan,
        windows: Sequence[Sample],
        *,
        labels: int,
        first: FirstWeights | None,
    ) -> TrainingTask[Any, Any]:
        """See `TaskBuilder`."""
        return self.training(recipe, DetectorShape.of(recipe, plan, labels=labels), windows, first)

    def _samples(
        self,
        images: Sequence[SnapshotImage],
        truths: Sequence[TruthT],
        planned: DetectionPlan,
        read: Callable[[SnapshotImage], Image],
    ) -> Iterator[Sample]:
        for image, truth in zip(images, truths, strict=True):
            pixels = read(image)
            height, width = pixels.shape[:2]
            windows = planned.tile_plan.windows(width, height)
            yield from self.cut(pixels, truth, windows, planned.input_size)
