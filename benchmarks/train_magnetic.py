"""Trains a segmenter on the magnetic tiles on the CPU and judges the exported model pixel by pixel.

Run from the repository's root, on an otherwise idle machine:

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.train_magnetic --data <folder of the set>

The set's train list teaches, its val list tells how far the training is, its test list judges. Only
the exported ONNX file predicts, through `shared.runtime`; the report's own counts judge. Prints one
JSON object a seed and then mean and deviation; ``wall_s`` and ``cpu_s`` cover reading the images
and training, not export or judging.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from services.evaluator.domain.pixels.tally import SemanticTally
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.semantic_segmentation.builder import SegmentationBuilder
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.process.weights import find_weights
from shared.contracts.shapes import Rle, Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.images import decode_rgb
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.semantic_segmentation import SEMANTIC_SEGMENTATION
from shared.vision.masks import from_dense, to_text

LABELS = ("Blowhole", "Break", "Crack", "Fray", "Uneven")
Read = dict[str, np.ndarray]


def class_map(data: Path, name: str) -> np.ndarray:
    with Image.open(data / "masks_class" / f"{name}.png") as palette:
        return np.asarray(palette)


def picture(data: Path, name: str, split: str) -> SnapshotImage:
    truth = class_map(data, name)
    shapes = tuple(
        Shape(
            label=label,
            kind="mask",
            rle=Rle(size=truth.shape, counts=to_text(from_dense(truth == place))),
        )
        for place, label in enumerate(LABELS, start=1)
        if (truth == place).any()
    )
    return SnapshotImage(
        image_id=name, name=name, blob_key="t/default/" + "0" * 64, width=truth.shape[1],
        height=truth.shape[0], split=split, group=name, shapes=shapes,
    )  # fmt: skip


def pictures(data: Path, split: str) -> list[SnapshotImage]:
    names = (data / "splits" / f"{split}.txt").read_text().split()
    return [picture(data, name, split) for name in names]


def pixels(data: Path, image: SnapshotImage) -> np.ndarray:
    return decode_rgb((data / "images" / f"{image.name}.jpg").read_bytes())


def train(data: Path, recipe: Recipe, weights: Path | None) -> tuple[Predictor, dict]:
    wall, cpu = time.monotonic(), time.process_time()
    builder = SegmentationBuilder()
    images = [*pictures(data, "train"), *pictures(data, "val")]
    prepared = builder.prepare(recipe, images, LABELS, lambda image: pixels(data, image))
    windows = list(prepared.windows)
    first = find_weights(recipe, folder=weights).first
    task = builder.build(recipe, prepared.plan, windows, labels=len(LABELS), first=first)
    training = TrainingLoop(task, recipe)
    training.begin()
    begun_s, begun_cpu_s = time.monotonic() - wall, time.process_time() - cpu
    known = task.validate(training.network)
    training.plan_epochs(budget_s=max(1.0, recipe.budget_s - begun_s))
    seen = [known, *(progress.validation for progress in training.steps())]
    curve = [round(one.value, 4) for one in seen if one is not None]
    network = training.result()
    told = {
        "input_size": prepared.plan.input_size,
        "samples": len(windows),
        "epochs": training.epochs,
        "begun_s": round(begun_s, 1),
        "begun_cpu_s": round(begun_cpu_s, 1),
        "wall_s": round(time.monotonic() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "validation": curve,
    }
    size = prepared.plan.input_size
    exported = to_onnx(task.exportable(network), size, SEMANTIC_SEGMENTATION.output_names)
    manifest = ModelManifest(
        task="semantic_segmentation",
        labels=LABELS,
        input_width=size[0],
        input_height=size[1],
        tile_plan=None if prepared.plan.tile_plan.is_whole else prepared.plan.tile_plan,
    )
    return Predictor(manifest, OnnxSession(exported)), told


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=None, help="LOUPE_WEIGHTS, if any")
    parser.add_argument("--recipe", type=json.loads, default={}, help="fields as JSON")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--judge", default="test", help="the list that judges")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    reached = []
    for seed in asked.seeds:
        recipe = Recipe(**{"budget_s": 300.0, **asked.recipe, "seed": seed})
        predictor, told = train(asked.data, recipe.of_task("semantic_segmentation"), asked.weights)
        told |= {"seed": seed, asked.judge: judge(predictor, asked.data, asked.judge)}
        reached.append(told[asked.judge]["mean_iou"])
        print(json.dumps(told), flush=True)
    spread = statistics.stdev(reached) if len(reached) > 1 else 0.0
    print(json.dumps({"mean_iou": round(statistics.mean(reached), 4), "stdev": round(spread, 4)}))


if __name__ == "__main__":
    main()
