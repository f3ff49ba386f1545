"""What the trainings on the magnetic tiles share: the set, the task, the export, the seeds."""

import argparse
import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.ports import Plan, TrainingTask
from services.trainer.process.tasks import builder_of
from services.trainer.process.weights import find_weights
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.images import decode_rgb
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.names import TaskName
from shared.runtime.tasks.table import spec_of

LABELS = ("Blowhole", "Break", "Crack", "Fray", "Uneven")


def names(data: Path, lists: str) -> Iterator[tuple[str, str]]:
    """Name and list of each image of some lists, as in ``train+val``."""
    for split in lists.split("+"):
        for name in (data / "splits" / f"{split}.txt").read_text().split():
            yield name, split


def picture(name: str, split: str, size: tuple[int, int], shapes: Sequence[Shape]) -> SnapshotImage:
    """An image of the set of ``size`` (height, width)."""
    return SnapshotImage(
        image_id=name, name=name, blob_key="t/default/" + "0" * 64, width=size[1],
        height=size[0], split=split, group=name, shapes=tuple(shapes),
    )  # fmt: skip


def pixels(data: Path, image: SnapshotImage) -> np.ndarray:
    return decode_rgb((data / "images" / f"{image.name}.jpg").read_bytes())


@dataclass(frozen=True)
class Begun:
    """A training's task, its plan, how many windows it has, and where its weights came from."""

    task: TrainingTask[Any, Any]
    plan: Plan
    samples: int
    weights: str


def begun(
    data: Path, images: Sequence[SnapshotImage], recipe: Recipe, weights: Path | None
) -> Begun:
    """Reads the images and builds the task of the recipe."""
    builder = builder_of(recipe.task)
    prepared = builder.prepare(recipe, images, LABELS, lambda image: pixels(data, image))
    windows = list(prepared.windows)
    found = find_weights(recipe, folder=weights)
    task = builder.build(recipe, prepared.plan, windows, labels=len(LABELS), first=found.first)
    return Begun(task, prepared.plan, len(windows), found.origin)


def exported(training: Begun, network: torch.nn.Module, name: TaskName) -> Predictor:
    """The exported file as the runtime predicts with it."""
    size, tiles = training.plan.input_size, training.plan.tile_plan
    file = to_onnx(training.task.exportable(network), size, spec_of(name).output_names)
    manifest = ModelManifest(
        task=name,
        labels=LABELS,
        input_width=size[0],
        input_height=size[1],
        tile_plan=None if tiles.is_whole else tiles,
    )
    return Predictor(manifest, OnnxSession(file))


def options(doc: str | None) -> argparse.ArgumentParser:
    """What both benchmarks can be asked for."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=None, help="LOUPE_WEIGHTS, if any")
    parser.add_argument("--recipe", type=json.loads, default={}, help="fields as JSON")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--judge", default="test", help="the list that judges")
    parser.add_argument("--threads", type=int, default=0)
    return parser


def run(
    asked: argparse.Namespace,
    task: TaskName,
    *,
    budget_s: float,
    figure: str,
    train: Callable[[Recipe], tuple[Predictor, dict[str, Any]]],
    judge: Callable[[Predictor, Path, str], dict[str, Any]],
) -> None:
    """Trains and judges with each seed; prints an object a seed, then mean and deviation.

    Args:
        asked: As `options` read it.
        task: What is trained.
        budget_s: For a training, where the recipe that was asked for says nothing.
        figure: Which of the judge's figures is the result.
        train: Gives the exported predictor, and what there is to tell of the training.
        judge: Gives the figures on the images of a list.
    """
    if asked.threads:
        torch.set_num_threads(asked.threads)
    reached = []
    for seed in asked.seeds:
        recipe = Recipe(**{"budget_s": budget_s, **asked.recipe, "seed": seed}).of_task(task)
        predictor, told = train(recipe)
        told |= {"seed": seed, asked.judge: judge(predictor, asked.data, asked.judge)}
        reached.append(told[asked.judge][figure])
        print(json.dumps(told), flush=True)
    spread = statistics.stdev(reached) if len(reached) > 1 else 0.0
    print(json.dumps({figure: round(statistics.mean(reached), 4), "stdev": round(spread, 4)}))
