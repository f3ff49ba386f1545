"""Trains an instance segmenter on the magnetic tiles on the CPU; pycocotools judges its masks.

Run from the repository's root, on an otherwise idle machine:

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.train_instances --data <folder of the set>

The set's train and val lists train (no choice is made on val in this run), its test list judges;
objects are the polygons of its labelme files. Only the exported ONNX file predicts, through
`shared.runtime`. Prints one JSON object a seed and then mean and deviation; ``wall_s`` and
``cpu_s`` cover reading the images and training, not export or judging.
"""

import argparse
import contextlib
import io
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.instance_segmentation.builder import InstanceBuilder
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.process.weights import find_weights
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.images import decode_rgb
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.instance_segmentation import INSTANCE_SEGMENTATION
from shared.vision.masks import from_polygons, to_text

LABELS = ("Blowhole", "Break", "Crack", "Fray", "Uneven")
TASK = "instance_segmentation"


def picture(data: Path, name: str, split: str) -> SnapshotImage:
    drawn = json.loads((data / "images" / f"{name}.json").read_text())
    shapes = tuple(
        Shape(label=one["label"], kind="polygon", points=one["points"]) for one in drawn["shapes"]
    )
    return SnapshotImage(
        image_id=name, name=name, blob_key="t/default/" + "0" * 64, width=drawn["imageWidth"],
        height=drawn["imageHeight"], split=split, group=name, shapes=shapes,
    )  # fmt: skip


def pictures(data: Path, lists: str) -> list[SnapshotImage]:
    return [
        picture(data, name, split)
        for split in lists.split("+")
        for name in (data / "splits" / f"{split}.txt").read_text().split()
    ]


def pixels(data: Path, image: SnapshotImage) -> np.ndarray:
    return decode_rgb((data / "images" / f"{image.name}.jpg").read_bytes())


def train(data: Path, lists: str, recipe: Recipe, weights: Path | None) -> tuple[Predictor, dict]:
    wall, cpu = time.monotonic(), time.process_time()
    builder = InstanceBuilder()
    images = pictures(data, lists)
    prepared = builder.prepare(recipe, images, LABELS, lambda image: pixels(data, image))
    windows = list(prepared.windows)
    found = find_weights(recipe, folder=weights)
    task = builder.build(recipe, prepared.plan, windows, labels=len(LABELS), first=found.first)
    training = TrainingLoop(task, recipe)
    training.plan_epochs(budget_s=recipe.budget_s - (time.monotonic() - wall))
    for progress in training.steps():
        if progress.epoch_ended and progress.epoch % 5 == 0:
            print(
                f"epoch {progress.epoch}/{progress.epochs} loss {progress.loss:.3f} "
                f"wall {time.monotonic() - wall:.0f} s cpu {time.process_time() - cpu:.0f} s",
                flush=True,
            )
    size = prepared.plan.input_size
    told = {
        "input_size": size,
        "samples": len(windows),
        "epochs": training.epochs,
        "weights": found.origin,
        "wall_s": round(time.monotonic() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
    }
    model = task.exportable(training.result())
    exported = to_onnx(model, size, INSTANCE_SEGMENTATION.output_names)
    manifest = ModelManifest(
        task=TASK,
        labels=LABELS,
        input_width=size[0],
        input_height=size[1],
        tile_plan=None if prepared.plan.tile_plan.is_whole else prepared.plan.tile_plan,
    )
    return Predictor(manifest, OnnxSession(exported)), told


def judge(predictor: Predictor, data: Path, lists: str) -> dict:
    truth: dict = {"images": [], "annotations": [], "info": {}}
    truth["categories"] = [{"id": place, "name": label} for place, label in enumerate(LABELS)]
    found = []
    for image_id, image in enumerate(pictures(data, lists)):
        size = (image.height, image.width)
        truth["images"].append({"id": image_id, "height": size[0], "width": size[1]})
        for shape in image.shapes:
            code = from_polygons([[value for point in shape.points for value in point]], *size)
            x1, y1, x2, y2 = shape.bounds()
            truth["annotations"].append(
                {"id": len(truth["annotations"]) + 1, "image_id": image_id, "iscrowd": 0,
                 "category_id": LABELS.index(shape.label), "bbox": [x1, y1, x2 - x1, y2 - y1],
                 "area": int(code[1::2].sum()),
                 "segmentation": {"size": list(size), "counts": to_text(code)}}
            )  # fmt: skip
        for one in predictor.predict(pixels(data, image), threshold=0.0).drawn():
            code = {"size": list(one.mask.size), "counts": one.mask.counts}
            found.append(
                {"image_id": image_id, "category_id": one.label_index, "score": one.score,
                 "segmentation": code}
            )  # fmt: skip
    return _judged(truth, found)


def _judged(truth: dict, found: list[dict]) -> dict:
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = truth
        known.createIndex()
        scores = COCOeval(known, known.loadRes(found), "segm")
        scores.evaluate()
        scores.accumulate()
        scores.summarize()
    of_labels = scores.eval["precision"][0, :, :, 0, 2].mean(axis=0)
    named = {label: round(float(value), 3) for label, value in zip(LABELS, of_labels, strict=True)}
    return {
        "mask_map": round(float(scores.stats[0]), 4),
        "mask_map50": round(float(scores.stats[1]), 4),
        "map50_of": named,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=None, help="LOUPE_WEIGHTS, if any")
    parser.add_argument("--recipe", type=json.loads, default={}, help="fields as JSON")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--train", default="train+val", help="the lists that train")
    parser.add_argument("--judge", default="test", help="the list that judges")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    reached = []
    for seed in asked.seeds:
        recipe = Recipe(**{"budget_s": 600.0, **asked.recipe, "seed": seed}).of_task(TASK)
        predictor, told = train(asked.data, asked.train, recipe, asked.weights)
        told |= {"seed": seed, asked.judge: judge(predictor, asked.data, asked.judge)}
        reached.append(told[asked.judge]["mask_map50"])
        print(json.dumps(told), flush=True)
    spread = statistics.stdev(reached) if len(reached) > 1 else 0.0
    print(json.dumps({"mask_map50": round(statistics.mean(reached), 4), "stdev": round(spread, 4)}))


if __name__ == "__main__":
    main()
