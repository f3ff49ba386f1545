"""Plants errors into a real set's labels, trains on them, and prints what the model's look finds.

Run from the repository's root:

    python -m benchmarks.label_opinions --data <det_bccd> --epochs 12 --images 75
    python -m benchmarks.label_opinions --data <tiny_deeppcb> --epochs 20

So many epochs are about 200 s of CPU. Into 5 % of the boxes each, seeded:
``loose`` (half of them with each side moved outwards by 10 to 30 % of the box's length, half
inwards by 10 to 25 %), ``missing`` (taken away) and ``mislabelled`` (another label of the set). A
detector learns four fifths of the images, errors included; the exported file then looks at all of
them, and the check is asked. Precision counts a finding as wrong unless it was planted there: real
errors of the set lower it. Prints one JSON object.
"""

import argparse
import json
import random
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.label_checks import SHARE, read
from services.annotation.domain.label_checks import Finding
from services.annotation.domain.second_opinions import Opinion, compare
from services.annotation.domain.snapshots import AnnotatedImage
from services.inference.work.second_opinions import FLOOR, MOST_SHAPES
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.process.tasks import builder_of
from services.trainer.process.weights import find_weights
from shared.contracts.opinions import ImageOpinion, Opinions
from shared.contracts.result_shapes import to_shapes
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.images import decode_rgb
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.table import spec_of
from shared.vision import boxes

Box = tuple[float, float, float, float]
KINDS = ("loose", "missing", "mislabelled")


@dataclass
class Planted:
    """A set with errors, and the true boxes of what was spoilt, by kind: image and box."""

    images: list[AnnotatedImage] = field(default_factory=list)
    places: dict[str, list[tuple[str, Box]]] = field(
        default_factory=lambda: {kind: [] for kind in KINDS}
    )


def plant(images: list[AnnotatedImage], rng: random.Random) -> Planted:
    """Spoil three times ``SHARE`` of the boxes."""
    labels = sorted({shape.label for image in images for shape in image.shapes})
    kinds = KINDS if len(labels) > 1 else KINDS[:2]
    planted = Planted()
    for image in images:
        kept = []
        for shape in image.shapes:
            place = int(rng.random() / SHARE)
            if place >= len(kinds):
                kept.append(shape)
                continue
            kind = kinds[place]
            planted.places[kind].append((image.image_id, shape.bounds()))
            if kind == "loose":
                kept.append(_loosened(shape, image, rng))
            elif kind == "mislabelled":
                other = rng.choice([label for label in labels if label != shape.label])
                kept.append(shape.model_copy(update={"label": other}))
        planted.images.append(replace(image, shapes=tuple(kept)))
    return planted


def _loosened(shape: Shape, image: AnnotatedImage, rng: random.Random) -> Shape:
    x1, y1, x2, y2 = shape.bounds()
    wide, high = x2 - x1, y2 - y1
    low, most = (0.1, 0.3) if rng.random() < 0.5 else (-0.25, -0.1)
    by = [rng.uniform(low, most) for _ in range(4)]
    first = max(0.0, x1 - by[0] * wide), max(0.0, y1 - by[1] * high)
    last = min(image.width, x2 + by[2] * wide), min(image.height, y2 + by[3] * high)
    return shape.model_copy(update={"points": (first, last)})


def pixels(data: Path, name: str) -> np.ndarray:
    for folder in ("JPEGImages", "images"):
        path = data / folder / f"{Path(name).stem}.jpg"
        if path.exists():
            return decode_rgb(path.read_bytes())
    raise FileNotFoundError(name)


def train(data: Path, images: list[AnnotatedImage], epochs: int) -> tuple[Predictor, dict]:
    began, cpu = time.monotonic(), time.process_time()
    labels = tuple(sorted({shape.label for image in images for shape in image.shapes}))
    recipe = Recipe(epochs=epochs).of_task("detection")
    builder = builder_of(recipe.task)
    rows = [
        SnapshotImage(
            image_id=one.image_id,
            name=one.name,
            blob_key="t/default/" + "0" * 64,
            width=one.width,
            height=one.height,
            split="train",
            group=one.image_id,
            shapes=one.shapes,
        )
        for one in images
    ]
    prepared = builder.prepare(recipe, rows, labels, lambda row: pixels(data, row.name))
    found = find_weights(recipe, folder=None)
    task = builder.build(
        recipe, prepared.plan, list(prepared.windows), labels=len(labels), first=found.first
    )
    training = TrainingLoop(task, recipe)
    training.plan_epochs(budget_s=3600.0)
    for progress in training.steps():
        if progress.epoch_ended:
            print(progress.epoch, training.epochs, file=sys.stderr, flush=True)
    figures = {
        "train_wall_s": round(time.monotonic() - began, 1),
        "train_cpu_s": round(time.process_time() - cpu, 1),
        "epochs": training.epochs,
        "weights": found.origin,
    }
    size, tiles = prepared.plan.input_size, prepared.plan.tile_plan
    file = to_onnx(task.exportable(training.result()), size, spec_of("detection").output_names)
    manifest = ModelManifest(
        task="detection", labels=labels, input_width=size[0], input_height=size[1],
        tile_plan=None if tiles.is_whole else tiles,
    )  # fmt: skip
    return Predictor(manifest, OnnxSession(file)), figures


def looks(data: Path, images: list[AnnotatedImage], predictor: Predictor) -> Opinions:
    """What the exported file finds, as the platform's job asks for it."""
    labels, found = predictor.manifest.labels, []
    for one in images:
        results = predictor.predict(pixels(data, one.name), threshold=FLOOR)
        shapes = to_shapes(one.image_id, results, labels)[:MOST_SHAPES]
        found.append(ImageOpinion(image_id=one.image_id, shapes=shapes))
    return Opinions(version="V1", labels=labels, images=tuple(found))


def measure(planted: Planted, opinions: Opinions) -> dict[str, dict[str, float | int]]:
    opinion = Opinion.of(opinions, {}, number=1, made_at=datetime.now(UTC))
    began = time.perf_counter()
    findings = list(compare(planted.images, opinion, "detection"))
    figures: dict[str, dict[str, float | int]] = {
        "comparison": {"seconds": round(time.perf_counter() - began, 3)}
    }
    for kind, places in planted.places.items():
        told = [one for one in findings if one.rule == kind]
        meets = np.array([[_at(one, place) for place in places] for one in told], bool)
        meets = meets.reshape(len(told), len(places))
        figures[kind] = {
            "planted": len(places),
            "told": len(told),
            "recall": round(float(meets.any(axis=0).mean()), 3) if places else 1.0,
            "precision": round(float(meets.any(axis=1).mean()), 3) if told else 1.0,
        }
    return figures


def _at(finding: Finding, place: tuple[str, Box]) -> bool:
    """Whether a finding is at a planted place: its own box and the true one meet by half."""
    if finding.image_id != place[0] or finding.place is None:
        return False
    both = boxes.as_boxes([finding.place]), boxes.as_boxes([place[1]])
    return bool(boxes.iou_matrix(*both)[0, 0] >= 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--images", type=int, help="the first so many alone")
    parser.add_argument("--said", type=Path, help="what the model said, kept for the next time")
    asked = parser.parse_args()
    planted = plant(read(asked.data)[: asked.images], random.Random(0))
    if asked.said and asked.said.exists():
        figures, opinions = {}, Opinions.model_validate_json(asked.said.read_bytes())
    else:
        taught = [one for place, one in enumerate(planted.images) if place % 5]
        predictor, figures = train(asked.data, taught, asked.epochs)
        opinions = looks(asked.data, planted.images, predictor)
        if asked.said:
            asked.said.write_text(opinions.model_dump_json())
    print(json.dumps({**figures, **measure(planted, opinions)}, indent=1))


if __name__ == "__main__":
    main()
