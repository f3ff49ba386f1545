"""Detectors in training, as most tests want them."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from services.trainer.domain.detector.batches import DetectionBatch
from services.trainer.domain.detector.network import (
    Detector,
    DetectorShape,
    ExportableDetector,
)
from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.detection.training import DetectionTraining
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import Progress, TrainingLoop
from services.trainer.domain.training.ports import FirstWeights
from shared.runtime.session import ImageBatch, Tensors
from shared.runtime.tasks.detection import DETECTION

DetectorLoop = TrainingLoop[Detector, DetectionBatch]
SHAPE = DetectorShape(labels=2, input_size=(96, 96), channels=16)


def recipe(**changes: Any) -> Recipe:
    base = {"epochs": 2, "batch_size": 4, "pretrained": False, "channels": 16}
    return Recipe(**(base | changes))


def detector_loop(
    chosen: Recipe,
    samples: Sequence[Sample],
    shape: DetectorShape = SHAPE,
    *,
    first: FirstWeights | None = None,
    **options: Callable[[], float] | str,
) -> DetectorLoop:
    return TrainingLoop(DetectionTraining(chosen, shape, samples, first), chosen, **options)


def walk(training: DetectorLoop, steps: int | None = None) -> list[Progress]:
    seen: list[Progress] = []
    for progress in training.steps():
        seen.append(progress)
        if len(seen) == steps:
            break
    return seen


class Untranslated:
    """A network that answers as its exported model does, without the export."""

    def __init__(self, detector: Detector) -> None:
        self._network = ExportableDetector(detector).eval()

    def run(self, images: ImageBatch) -> Tensors:
        with torch.inference_mode():
            said = self._network(torch.from_numpy(images))
        return {
            name: tensor.numpy() for name, tensor in zip(DETECTION.output_names, said, strict=True)
        }


def exported(detector: Detector) -> bytes:
    return to_onnx(ExportableDetector(detector), detector.shape.input_size, DETECTION.output_names)
