"""Judges a start: trains a detector from it and one from the backbone alone, equally long.

    python -m tools.pretrain.judge --set bccd --data FOLDER --backbone FILE [--start FILE]
    python -m tools.pretrain.judge --set bccd --data FOLDER --graph FILE

The set's train list trains through the trainer's own code, with as many epochs as two CPU cores
make in about 100 s; its val and test lists judge by COCO's mAP. Prints one JSON line.
"""

import argparse
import contextlib
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from defusedxml.ElementTree import parse
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from safetensors.torch import load_file
from torch import nn

from services.trainer.domain.detector.network import DetectorShape
from services.trainer.domain.detector.planning import plan
from services.trainer.domain.detector.samples import cut_samples
from services.trainer.domain.detector.truths import Truth
from services.trainer.domain.recipe import GRAPH, Recipe
from services.trainer.domain.tasks.detection.training import DetectionTraining
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.domain.training.ports import FirstWeights
from shared.runtime.images import decode_rgb
from shared.runtime.manifest import ModelManifest
from shared.runtime.predictor import Predictor
from shared.vision.boxes import as_boxes
from tools.pretrain.train import backbone_of

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class DevelopmentSet:
    """A set with its own lists, and how many epochs two cores make in about 100 s."""

    labels: tuple[str, ...]
    epochs: int
    lists: str
    image: str
    read: Callable[[Path, str], list[tuple[list[float], str]]]


def _voc(data: Path, name: str) -> list[tuple[list[float], str]]:
    found = []
    for item in parse(data / "Annotations" / f"{name}.xml").getroot().iter("object"):
        corners = item.find("bndbox")
        box = [float(corners.find(key).text) for key in ("xmin", "ymin", "xmax", "ymax")]
        found.append((box, item.find("name").text))
    return found


def _labelme(file: str) -> Callable[[Path, str], list[tuple[list[float], str]]]:
    def read(data: Path, name: str) -> list[tuple[list[float], str]]:
        document = json.loads((data / file.format(name)).read_text())
        found = []
        for shape in document["shapes"]:
            points = np.array(shape["points"], np.float32)
            found.append(([*points.min(0).tolist(), *points.max(0).tolist()], shape["label"]))
        return found

    return read


SETS = {
    "bccd": DevelopmentSet(
        ("RBC", "WBC", "Platelets"), 13, "ImageSets/Main/{}.txt", "JPEGImages/{}.jpg", _voc
    ),
    "pcb": DevelopmentSet(
        ("open", "short", "mousebite", "spur", "copper", "pin-hole"),
        48, "splits/{}.txt", "images/{}_test.jpg", _labelme("images/{}_test.json"),
    ),
    "tile": DevelopmentSet(
        ("Blowhole", "Break", "Crack", "Fray", "Uneven"),
        24, "splits/{}.txt", "images/{}.jpg", _labelme("images/{}.json"),
    ),
}  # fmt: skip


class TorchSession:
    """A detector as the predictor's session, without an export."""

    def __init__(self, model: nn.Module, device: str) -> None:
        self._model, self._device = model.eval().to(device), device

    def run(self, images: Image) -> dict[str, NDArray[Any]]:
        """See `TensorSession`."""
        with torch.inference_mode():
            boxes, scores = self._model(torch.from_numpy(images.copy()).to(self._device))
        return {"boxes": boxes.cpu().numpy(), "scores": scores.cpu().numpy()}


def _pictures(chosen: DevelopmentSet, data: Path, part: str) -> tuple[list[Image], list[Truth]]:
    names = (data / chosen.lists.format(part)).read_text().split()
    images: list[Image] = []
    truths = []
    for name in names:
        images.append(decode_rgb((data / chosen.image.format(name)).read_bytes()))
        found = chosen.read(data, name)
        labels = [chosen.labels.index(label) for _, label in found]
        truths.append(Truth(as_boxes([box for box, _ in found]), np.array(labels, np.int64)))
    return images, truths


def _first(options: argparse.Namespace) -> FirstWeights:
    if options.graph is not None:
        return FirstWeights({}, whole=True, graphs=(options.graph.read_bytes(),))
    if options.start is not None:
        return FirstWeights(load_file(options.start), whole=True)
    return FirstWeights(backbone_of(options.backbone))


def train(
    chosen: DevelopmentSet, recipe: Recipe, options: argparse.Namespace
) -> tuple[Predictor, dict[str, Any]]:
    """The trained detector and the training's figures."""
    images, truths = _pictures(chosen, options.data, "train")
    sizes = [(image.shape[1], image.shape[0]) for image in images]
    planned = plan(recipe, sizes, [truth.boxes_xyxy for truth in truths])
    samples = [
        sample
        for image, truth, size in zip(images, truths, sizes, strict=True)
        for sample in cut_samples(
            image, truth, planned.tile_plan.windows(*size), planned.input_size
        )
    ]
    shape = DetectorShape.of(recipe, planned, labels=len(chosen.labels))
    task = DetectionTraining(recipe, shape, samples, _first(options))
    training = TrainingLoop(task, recipe, device=options.device)
    training.epochs = recipe.epochs or chosen.epochs
    began, cpu, losses = time.monotonic(), time.process_time(), []
    for progress in training.steps():
        if progress.epoch_ended:
            losses.append(round(progress.loss, 3))
    figures = {
        "train_s": round(time.monotonic() - began, 1),
        "train_cpu_s": round(time.process_time() - cpu, 1),
        "steps": progress.step,
        "input": planned.input_size,
        "strides": planned.strides,
        "tiles": planned.tile_plan.to_json(),
        "losses": losses[:: max(1, len(losses) // 6)],
    }
    manifest = ModelManifest(
        task="detection",
        labels=chosen.labels,
        input_width=planned.input_size[0],
        input_height=planned.input_size[1],
        tile_plan=None if planned.tile_plan.is_whole else planned.tile_plan,
    )
    model = task.exportable(training.result())
    return Predictor(manifest, TorchSession(model, options.device)), figures


def judge(chosen: DevelopmentSet, data: Path, part: str, predictor: Predictor) -> dict[str, float]:
    """COCO's mAP and mAP@0.5 of one list."""
    images, truths = _pictures(chosen, data, part)
    rows: dict[str, list[Any]] = {"images": [], "annotations": []}
    found = []
    for number, (image, truth) in enumerate(zip(images, truths, strict=True)):
        rows["images"].append({"id": number, "height": image.shape[0], "width": image.shape[1]})
        for box, label in zip(truth.boxes_xyxy.tolist(), truth.labels.tolist(), strict=True):
            sides = [box[2] - box[0], box[3] - box[1]]
            rows["annotations"].append(
                {"id": len(rows["annotations"]) + 1, "image_id": number, "category_id": label,
                 "bbox": [*box[:2], *sides], "area": sides[0] * sides[1], "iscrowd": 0}
            )  # fmt: skip
        result: Any = predictor.predict(image, threshold=0.0)
        columns = (result.boxes_xyxy, result.scores, result.label_indices)
        for box, score, label in zip(*(c.tolist() for c in columns), strict=True):
            found.append(
                {"image_id": number, "category_id": label, "score": score,
                 "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]}
            )  # fmt: skip
    categories = [{"id": index, "name": name} for index, name in enumerate(chosen.labels)]
    return _coco_map(rows | {"categories": categories, "info": {}}, found, part)


def _coco_map(
    truth: dict[str, Any], found: Sequence[dict[str, Any]], part: str
) -> dict[str, float]:
    if not found:
        return {f"{part}_map": 0.0, f"{part}_map50": 0.0}
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        scores = COCOeval(coco, coco.loadRes(list(found)), "bbox")
        scores.evaluate()
        scores.accumulate()
        scores.summarize()
    return {
        f"{part}_map": round(float(scores.stats[0]), 4),
        f"{part}_map50": round(float(scores.stats[1]), 4),
    }


def main() -> None:
    """Prints the figures of one training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=SETS, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", type=Path)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--graph", type=Path, help="YOLOX's ONNX file, instead of both")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipe", default="{}", help="JSON of recipe fields")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--append", type=Path, help="file that gets the line, too")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    chosen = SETS[options.set]
    fixed = {"seed": options.seed} | ({"backbone": GRAPH} if options.graph else {})
    recipe = Recipe(**(fixed | json.loads(options.recipe)))
    predictor, figures = train(chosen, recipe, options)
    line: dict[str, Any] = {
        "set": options.set,
        "start": (options.graph or options.start or Path("backbone")).stem,
        "seed": options.seed,
        "recipe": json.loads(options.recipe),
    }
    for part in ("val", "test"):
        line |= judge(chosen, options.data, part, predictor)
    text = json.dumps(line | figures)
    print(text, flush=True)
    if options.append:
        with options.append.open("a") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
