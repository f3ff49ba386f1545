"""Trains a segmenter on the magnetic tiles on the CPU and judges the exported model pixel by pixel.

Run from the repository's root, on an otherwise idle machine:

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.train_magnetic --data <folder of the set>

The set's train list teaches, its val list tells how far the training is, its test list judges. Only
the exported ONNX file predicts, through `shared.runtime`; the report's own counts judge. Prints one
JSON object a seed and then mean and deviation; ``wall_s`` and ``cpu_s`` cover reading the images
and training, not export or judging.
"""

import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.magnetic_tiles import LABELS, begun, exported, names, options, picture, pixels, run
from services.evaluator.domain.pixels.tally import SemanticTally
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.loop import TrainingLoop
from shared.contracts.shapes import Rle, Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.predictor import Predictor
from shared.vision.masks import from_dense, to_text


def class_map(data: Path, name: str) -> np.ndarray:
    with Image.open(data / "masks_class" / f"{name}.png") as palette:
        return np.asarray(palette)


def painted(data: Path, name: str, split: str) -> SnapshotImage:
    truth = class_map(data, name)
    shapes = [
        Shape(
            label=label,
            kind="mask",
            rle=Rle(size=truth.shape, counts=to_text(from_dense(truth == place))),
        )
        for place, label in enumerate(LABELS, start=1)
        if (truth == place).any()
    ]
    return picture(name, split, truth.shape, shapes)


def pictures(data: Path, lists: str) -> list[SnapshotImage]:
    return [painted(data, name, split) for name, split in names(data, lists)]


def train(data: Path, recipe: Recipe, weights: Path | None) -> tuple[Predictor, dict]:
    wall, cpu = time.monotonic(), time.process_time()
    made = begun(data, pictures(data, "train+val"), recipe, weights)
    training = TrainingLoop(made.task, recipe)
    training.begin()
    begun_s, begun_cpu_s = time.monotonic() - wall, time.process_time() - cpu
    known = made.task.validate(training.network)
    training.plan_epochs(budget_s=max(1.0, recipe.budget_s - begun_s))
    seen = [known, *(progress.validation for progress in training.steps())]
    curve = [round(one.value, 4) for one in seen if one is not None]
    network = training.result()
    told = {
        "input_size": made.plan.input_size,
        "samples": made.samples,
        "epochs": training.epochs,
        "begun_s": round(begun_s, 1),
        "begun_cpu_s": round(begun_cpu_s, 1),
        "wall_s": round(time.monotonic() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "validation": curve,
    }
    return exported(made, network, "semantic_segmentation"), told


def judge(predictor: Predictor, data: Path, split: str) -> dict:
    tally = SemanticTally(labels=len(LABELS) + 1)
    for image in pictures(data, split):
        found = predictor.predict(pixels(data, image))
        tally.add(class_map(data, image.name), found.labels)
    figures = tally.figures()
    named = zip(("background", *LABELS), figures.iou.tolist(), strict=True)
    objects = figures.objects
    return {
        "mean_iou": round(figures.mean_iou, 4),
        "iou": {name: round(value, 3) for name, value in named},
        "found": int(objects.found.sum()),
        "wrong": int(objects.wrong.sum()),
        "missed": int(objects.missed.sum()),
    }


def main() -> None:
    asked = options(__doc__).parse_args()
    run(
        asked,
        "semantic_segmentation",
        budget_s=300.0,
        figure="mean_iou",
        train=lambda recipe: train(asked.data, recipe, asked.weights),
        judge=judge,
    )


if __name__ == "__main__":
    main()
