"""Trains OCR on receipts on the CPU, beside the graphs that it goes on from.

Run from the repository's root:

    OMP_NUM_THREADS=2 python -m benchmarks.train_ocr --data FOLDER [--lines 50 --budget 60]

The folder has ``images/<id>.jpg``, ``boxes_original/<id>.csv`` (a line: eight coordinates from the
top left clockwise, then its text) and ``splits/{train,val,test}.txt``. Lines of test images, cut by
their true boxes, judge; they teach and choose nothing. The truth of these receipts is in upper case
whatever is printed, so that figures are told as it is, without case, and without case and spaces.
CPU seconds are of the training alone, reading the images included.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.ocr.builder import TextBuilder
from services.trainer.domain.tasks.ocr.judging import Reading, reading_of
from services.trainer.domain.tasks.ocr.samples import Annotated, Line, cut_lines
from services.trainer.domain.tasks.ocr.training import TextTraining
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.process.dataset import read_image
from services.trainer.process.weights import find_weights
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.text_crops import batches
from shared.runtime.text_reader import decode_signs

LABELS = ("text",)


def images_of(folder: Path, split: str) -> list[SnapshotImage]:
    """The images of a split with their lines."""
    names = (folder / "splits" / f"{split}.txt").read_text().split()
    return [image_of(folder, name, split) for name in names]


def image_of(folder: Path, name: str, split: str) -> SnapshotImage:
    height, width = read_image(folder / "images" / f"{name}.jpg", name).shape[:2]
    shapes = []
    for row in (folder / "boxes_original" / f"{name}.csv").read_text().splitlines():
        *numbers, text = row.split(",", 8)
        if len(numbers) == 8:
            points = np.array(numbers, np.float64).reshape(4, 2).tolist()
            shapes.append(Shape(label="text", kind="polygon", points=points, text=text))
    return SnapshotImage(
        image_id=name, name=f"{name}.jpg", blob_key=f"t/default/{'0' * 64}", width=width,
        height=height, split=split, group=name, shapes=tuple(shapes),
    )  # fmt: skip


def with_few(images: Sequence[SnapshotImage], lines: int) -> list[SnapshotImage]:
    """The first images with so many lines in all."""
    chosen = []
    for image in images:
        if lines <= 0:
            break
        chosen.append(image.model_copy(update={"shapes": image.shapes[:lines]}))
        lines -= len(image.shapes)
    return chosen


def read_by(model: bytes, lines: Sequence[Line], signs: Sequence[str]) -> list[str]:
    """What the exported model reads."""
    session, found = OnnxSession(model, threads=torch.get_num_threads()), {}
    for batch in batches((row, line.image) for row, line in enumerate(lines)):
        answer = session.run(batch.images)
        for row, steps, sure in zip(
            batch.rows.tolist(), answer["signs"], answer["sign_scores"], strict=True
        ):
            found[row] = decode_signs(steps, sure, signs)[0]
    return [found[row] for row in range(len(lines))]


def figures(read: Sequence[str], texts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Error rate and share of exact lines, as they are and without what the truth does not tell."""

    def told(reading: Reading) -> dict[str, float]:
        return {"cer": round(reading.rate, 5), "exact": round(reading.exact, 4)}

    views = {
        "as it is": lambda text: text,
        "without case": str.upper,
        "without case and spaces": lambda text: text.upper().replace(" ", ""),
    }
    return {
        name: told(reading_of([view(one) for one in read], [view(one) for one in texts]))
        for name, view in views.items()
    }


def main() -> None:
    """Trains once and prints what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--lines", type=int, default=0, help="of training; 0: all")
    parser.add_argument("--budget", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    given = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))

    def read(image: SnapshotImage) -> np.ndarray:
        return read_image(given.data / "images" / image.name, image.name)

    train = images_of(given.data, "train")
    chosen = with_few(train, given.lines) if given.lines else train + images_of(given.data, "val")
    recipe = Recipe(budget_s=given.budget, seed=given.seed, epochs=given.epochs).of_task("ocr")
    cpu, wall, load = time.process_time(), time.monotonic(), os.getloadavg()[0]
    builder, found = TextBuilder(), find_weights(recipe, folder=None)
    prepared = builder.prepare(recipe, chosen, LABELS, read)
    samples = list(prepared.windows)
    task = builder.build(recipe, prepared.plan, samples, labels=1, first=found.first)
    loop = TrainingLoop(task, recipe)
    first = exported(task, loop)
    loop.begin()
    begun = time.process_time() - cpu
    loop.plan_epochs(budget_s=max(given.budget - (time.monotonic() - wall), 1.0))
    live = [step.validation.value for step in loop.steps() if step.validation]
    trained = to_onnx(task.exportable(loop.result()), prepared.plan.input_size, ())
    spent = {
        "cpu_s": round(time.process_time() - cpu, 1),
        "before_the_first_step_cpu_s": round(begun, 1),
        "wall_s": round(time.monotonic() - wall, 1),
        "load": (round(load, 1), round(os.getloadavg()[0], 1)),
        "epochs": loop.epoch,
    }
    test = []
    for image in images_of(given.data, "test"):
        found_lines = Annotated.of(image, LABELS)
        test += cut_lines(read(image), found_lines, image.name, validates=True)
    texts = [line.text for line in test]
    told = {
        name: figures(read_by(model, test, task.alphabet.signs), texts)
        for name, model in (("before", first), ("trained", trained))
    }
    facts = {"lines": len(texts), "input": prepared.plan.input_size, "live": live}
    print(json.dumps({**facts, **spent, "choices": task.choices, **told}, indent=1))


def exported(task: TextTraining, loop: TrainingLoop) -> bytes:
    return to_onnx(task.exportable(loop.network), (64, 64), ())


if __name__ == "__main__":
    main()
