"""Trains on the blood cell set on the CPU and judges the exported model with pycocotools.

Run from the repository's root, on an otherwise idle machine:

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.train_bccd --data <folder of the set>

The authors' train and val lists train (no choice is made on val in this run), their test list
judges. Only the exported ONNX file predicts, through `shared.runtime`. Prints one JSON object;
``train_wall_s`` and ``train_cpu_s`` cover reading the images and training, not export or judging.
"""

import argparse
import contextlib
import io
import json
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from defusedxml.ElementTree import parse
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from services.trainer.domain.detector.network import DetectorShape
from services.trainer.domain.detector.planning import plan
from services.trainer.domain.detector.samples import cut_samples
from services.trainer.domain.detector.truths import Truth
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.detection.training import DetectionTraining
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.process.weights import find_weights
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.detection import DETECTION
from shared.vision.boxes import as_boxes

LABELS = ("RBC", "WBC", "Platelets")


def read_image(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def read_truth(path: Path) -> Truth:
    boxes, labels = [], []
    for item in parse(path).getroot().iter("object"):
        corners = item.find("bndbox")
        boxes.append([float(corners.find(k).text) for k in ("xmin", "ymin", "xmax", "ymax")])
        labels.append(LABELS.index(item.find("name").text))
    return Truth(as_boxes(boxes), np.array(labels, np.int64))


def names(data: Path, lists: str) -> list[str]:
    found = []
    for part in lists.split("+"):
        found += (data / "ImageSets" / "Main" / f"{part}.txt").read_text().split()
    return found


def train(
    data: Path, lists: str, recipe: Recipe, weights: Path | None
) -> tuple[bytes, dict, object]:
    wall, cpu = time.monotonic(), time.process_time()
    images = [read_image(data / "JPEGImages" / f"{name}.jpg") for name in names(data, lists)]
    truths = [read_truth(data / "Annotations" / f"{name}.xml") for name in names(data, lists)]
    sizes = [(image.shape[1], image.shape[0]) for image in images]
    planned = plan(recipe, sizes, [truth.boxes_xyxy for truth in truths])
    samples = [
        sample
        for image, truth, size in zip(images, truths, sizes, strict=True)
        for sample in cut_samples(
            image, truth, planned.tile_plan.windows(*size), planned.input_size
        )
    ]
    found = find_weights(recipe, folder=weights)
    shape = DetectorShape.of(recipe, planned, labels=len(LABELS))
    training = TrainingLoop(DetectionTraining(recipe, shape, samples, found.first), recipe)
    training.plan_epochs(budget_s=recipe.budget_s - (time.monotonic() - wall))
    for progress in training.steps():
        if progress.epoch_ended and progress.epoch % 5 == 0:
            print(
                f"epoch {progress.epoch}/{progress.epochs} loss {progress.loss:.3f} "
                f"left {progress.seconds_left:.0f} s wall {time.monotonic() - wall:.0f} s "
                f"cpu {time.process_time() - cpu:.0f} s",
                flush=True,
            )
    figures = {
        "train_wall_s": round(time.monotonic() - wall, 1),
        "train_cpu_s": round(time.process_time() - cpu, 1),
        "epochs": training.epochs,
        "input_size": planned.input_size,
        "backbone_weights": found.origin,
        "parameters": sum(p.numel() for p in training.network.parameters()),
    }
    manifest = ModelManifest(
        task="detection",
        labels=LABELS,
        input_width=planned.input_size[0],
        input_height=planned.input_size[1],
        tile_plan=None if planned.tile_plan.is_whole else planned.tile_plan,
        backbone=recipe.backbone,
        backbone_weights=found.origin,
    )
    model = training.task.exportable(training.result())
    return to_onnx(model, planned.input_size, DETECTION.output_names), figures, manifest


def judge(data: Path, lists: str, predictor: Predictor) -> dict[str, float]:
    truth: dict = {"images": [], "annotations": [], "info": {}}
    truth["categories"] = [{"id": index, "name": label} for index, label in enumerate(LABELS)]
    found = []
    for image_id, name in enumerate(names(data, lists)):
        image = read_image(data / "JPEGImages" / f"{name}.jpg")
        truth["images"].append({"id": image_id, "height": image.shape[0], "width": image.shape[1]})
        for box, label in zip(*_arrays(data, name), strict=True):
            w, h = box[2] - box[0], box[3] - box[1]
            truth["annotations"].append(
                {"id": len(truth["annotations"]) + 1, "image_id": image_id, "iscrowd": 0,
                 "category_id": label, "bbox": [box[0], box[1], w, h], "area": w * h}
            )  # fmt: skip
        result = predictor.predict(image, threshold=0.0)
        for box, score, label in zip(
            result.boxes_xyxy.tolist(),
            result.scores.tolist(),
            result.label_indices.tolist(),
            strict=True,
        ):
            found.append(
                {"image_id": image_id, "category_id": label, "score": score,
                 "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]}
            )  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        scores = COCOeval(coco, coco.loadRes(found), "bbox")
        scores.evaluate()
        scores.accumulate()
        scores.summarize()
    per_label = scores.eval["precision"][:, :, :, 0, 2]
    return {
        "map_50": round(float(scores.stats[1]), 4),
        "map_50_95": round(float(scores.stats[0]), 4),
        **{
            f"ap_50_95_{label}": round(float(per_label[:, :, index].mean()), 4)
            for index, label in enumerate(LABELS)
        },
        **{
            f"ap_50_{label}": round(float(per_label[0, :, index].mean()), 4)
            for index, label in enumerate(LABELS)
        },
    }


def _arrays(data: Path, name: str) -> tuple[list, list]:
    truth = read_truth(data / "Annotations" / f"{name}.xml")
    return truth.boxes_xyxy.tolist(), truth.labels.tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="folder, instead of the packaged ones")
    parser.add_argument("--budget-s", type=float, default=840.0)
    parser.add_argument("--train-lists", default="train+val")
    parser.add_argument("--judge-list", default="test")
    parser.add_argument("--recipe", default="{}", help="JSON of recipe fields")
    parser.add_argument("--onnx", type=Path, help="where to keep the exported model")
    options = parser.parse_args()
    recipe = Recipe(
        **({"budget_s": options.budget_s, "task": "detection"} | json.loads(options.recipe))
    )
    model, figures, manifest = train(options.data, options.train_lists, recipe, options.weights)
    if options.onnx:
        options.onnx.write_bytes(model)
    predictor = Predictor(manifest, OnnxSession(model, threads=torch.get_num_threads()))
    figures |= judge(options.data, options.judge_list, predictor)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
