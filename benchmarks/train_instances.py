"""Trains an instance segmenter on the magnetic tiles on the CPU; pycocotools judges its masks.

Run from the repository's root, on an otherwise idle machine:

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.train_instances --data <folder of the set>

The set's train and val lists train (no choice is made on val in this run), its test list judges;
objects are the polygons of its labelme files. Only the exported ONNX file predicts, through
`shared.runtime`. Prints one JSON object a seed and then mean and deviation; ``wall_s`` and
``cpu_s`` cover reading the images and training, not export or judging.
"""

import contextlib
import io
import json
import time
from pathlib import Path

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.magnetic_tiles import LABELS, begun, exported, names, options, picture, pixels, run
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.loop import TrainingLoop
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.predictor import Predictor
from shared.vision.masks import from_polygons, to_text


def drawn(data: Path, name: str, split: str) -> SnapshotImage:
    file = json.loads((data / "images" / f"{name}.json").read_text())
    shapes = [
        Shape(label=one["label"], kind="polygon", points=one["points"]) for one in file["shapes"]
    ]
    return picture(name, split, (file["imageHeight"], file["imageWidth"]), shapes)


def pictures(data: Path, lists: str) -> list[SnapshotImage]:
    return [drawn(data, name, split) for name, split in names(data, lists)]


def train(data: Path, lists: str, recipe: Recipe, weights: Path | None) -> tuple[Predictor, dict]:
    wall, cpu = time.monotonic(), time.process_time()
    made = begun(data, pictures(data, lists), recipe, weights)
    training = TrainingLoop(made.task, recipe)
    training.plan_epochs(budget_s=recipe.budget_s - (time.monotonic() - wall))
    for progress in training.steps():
        if progress.epoch_ended and progress.epoch % 5 == 0:
            print(
                f"epoch {progress.epoch}/{progress.epochs} loss {progress.loss:.3f} "
                f"wall {time.monotonic() - wall:.0f} s cpu {time.process_time() - cpu:.0f} s",
                flush=True,
            )
    told = {
        "input_size": made.plan.input_size,
        "samples": made.samples,
        "epochs": training.epochs,
        "weights": made.weights,
        "wall_s": round(time.monotonic() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
    }
    return exported(made, training.result(), "instance_segmentation"), told


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
    parser = options(__doc__)
    parser.add_argument("--train", default="train+val", help="the lists that train")
    asked = parser.parse_args()
    run(
        asked,
        "instance_segmentation",
        budget_s=600.0,
        figure="mask_map50",
        train=lambda recipe: train(asked.data, asked.train, recipe, asked.weights),
        judge=judge,
    )


if __name__ == "__main__":
    main()
