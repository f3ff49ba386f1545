"""Trains classifiers on the CPU, beside scikit-learn's regression and torchvision's training loop.

Run from the repository's root, on an otherwise idle machine:

    OMP_NUM_THREADS=2 python -m benchmarks.train_classes whole --data FOLDER --epochs 4
    OMP_NUM_THREADS=2 python -m benchmarks.train_classes folds --data FOLDER

``whole`` wants ``train/<label>/`` and ``test/<label>/`` with images and trains as a training
process does, once a seed (``--epochs 0``: the regression on kept features alone, the floor of every
training, which no seed changes). ``folds`` wants images ``<label>_….jpg`` in one folder, and judges
the floor by stratified five-fold cross-validation, drawn once a seed.

Beside each, scikit-learn's logistic regression on the same features; beside ``whole`` also the loop
of torchvision's references (RandomResizedCrop and mirror, SGD with momentum 0.9 and weight decay
1e-4, cosine) on the same pretrained network for as many CPU seconds. Test images teach and choose
nothing; CPU seconds are of training, reading included, and of the judging.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.nn import functional
from torchvision.transforms import v2

from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.classification import floor
from services.trainer.domain.tasks.classification.network import Classifier, ClassifierShape
from services.trainer.domain.tasks.classification.samples import Sample, validating
from services.trainer.domain.tasks.classification.training import ClassificationTraining
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.process.weights import find_weights
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.placement import place
from shared.runtime.preprocess import resize_image

SIZE = (224, 224)
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Labelled:
    """Paths of some images and the index of each one's label."""

    paths: Sequence[Path]
    labels: Sequence[int]


def read(path: Path) -> np.ndarray:
    """The image as the trainer shrinks it."""
    pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    placed = place((pixels.shape[1], pixels.shape[0]), SIZE, "letterbox")
    return resize_image(pixels, placed.width, placed.height)


def samples_of(some: Labelled, *, validate: bool) -> list[Sample]:
    """Samples; a fifth of them validates where that is asked for, each image its own group."""
    held = [False] * len(some.paths)
    if validate:
        held = validating([_record(path) for path in some.paths], list(some.labels))
    return [
        Sample(read(path), label, path.name, out)
        for path, label, out in zip(some.paths, some.labels, held, strict=True)
    ]


def _record(path: Path) -> SnapshotImage:
    return SnapshotImage(
        image_id=path.stem[:64], name=path.name, blob_key=f"t/default/{'0' * 64}", width=1,
        height=1, split="train", group=path.name, shapes=(),
    )  # fmt: skip


def accuracy(logits: torch.Tensor, labels: Sequence[int]) -> float:
    return float((logits.argmax(1) == torch.tensor(labels)).float().mean())


def logits_of(network: Classifier, samples: Sequence[Sample]) -> torch.Tensor:
    network.eval()
    parts = []
    for first in range(0, len(samples), floor.BATCH):
        images = [floor.shown(one.image, SIZE) for one in samples[first:][: floor.BATCH]]
        with torch.no_grad():
            pixels = Normalisation()(torch.from_numpy(np.stack(images)))
            parts.append(network(pixels.contiguous(memory_format=torch.channels_last)))
    return torch.cat(parts)


def ours(
    train: Labelled, test: Sequence[Sample], recipe: Recipe, weights: dict, *, floor_alone: bool
) -> dict:
    """One training as the training process does it."""
    cpu, wall = time.process_time(), time.monotonic()
    samples = samples_of(train, validate=True)
    shape = ClassifierShape(labels=max(train.labels) + 1, input_size=SIZE, backbone=recipe.backbone)
    task = ClassificationTraining(recipe, shape, samples, backbone_weights=weights)
    training = TrainingLoop(task, recipe)
    training.begin()
    floor_s = time.process_time() - cpu
    validation = []
    if not floor_alone:
        training.plan_epochs(budget_s=recipe.budget_s)
        validation = [step.validation.value for step in training.steps() if step.validation]
    made = training.result()
    return {
        "accuracy": accuracy(logits_of(made, test), [one.label for one in test]),
        "cpu_s": round(time.process_time() - cpu, 1),
        "wall_s": round(time.monotonic() - wall, 1),
        "floor_cpu_s": round(floor_s, 1),
        "epochs": training.epoch,
        "validation": validation,
        "choices": task.choices,
    }


def torchvisions(
    train: Labelled, test: Sequence[Sample], weights: dict, *, cpu_s: float, seed: int
) -> dict:
    """The loop of torchvision's references for so many CPU seconds."""
    began = time.process_time()
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    images = [torch.from_numpy(read(path)).permute(2, 0, 1) for path in train.paths]
    shape = ClassifierShape(
        labels=max(train.labels) + 1, input_size=SIZE, backbone="efficientnet_lite0"
    )
    network = Classifier(shape, weights).to(memory_format=torch.channels_last).train()
    views = v2.Compose([v2.RandomResizedCrop(SIZE[0], antialias=True), v2.RandomHorizontalFlip()])
    solver = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    seen = 0
    while (spent := time.process_time() - began) < cpu_s:
        for group in solver.param_groups:
            group["lr"] = 0.005 * (1 + np.cos(np.pi * spent / cpu_s))
        rows = rng.integers(0, len(images), 16)
        pixels = torch.stack([views(images[row]) for row in rows]).permute(0, 2, 3, 1)
        logits = network(Normalisation()(pixels).contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(logits, torch.tensor([train.labels[row] for row in rows]))
        solver.zero_grad()
        loss.backward()
        solver.step()
        seen += len(rows)
    return {
        "accuracy": accuracy(logits_of(network, test), [one.label for one in test]),
        "cpu_s": round(time.process_time() - began, 1),
        "views": seen,
    }


def scikits(features: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Labels that scikit-learn's regression, as it comes, gives on scaled features."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return np.asarray(model.fit(features, labels).predict(asked))


def of_folders(data: Path) -> tuple[Labelled, Labelled]:
    names = sorted(path.name for path in (data / "train").iterdir() if path.is_dir())
    found = []
    for part in ("train", "test"):
        pairs = [
            (path, index)
            for index, name in enumerate(names)
            for path in sorted((data / part / name).iterdir())
        ]
        found.append(Labelled(*zip(*pairs, strict=True)))
    return found[0], found[1]


def of_names(data: Path) -> Labelled:
    paths = sorted(data.glob("*.jpg"))
    names = sorted({path.name.split("_")[0] for path in paths})
    return Labelled(paths, [names.index(path.name.split("_")[0]) for path in paths])


def whole(data: Path, recipe: Recipe, weights: dict, *, floor_alone: bool, peers: bool) -> None:
    """Prints a line a seed, and scikit-learn's."""
    train, test = of_folders(data)
    judged = samples_of(test, validate=False)
    for seed in SEEDS[:1] if floor_alone else SEEDS:
        seeded = recipe.model_copy(update={"seed": seed})
        told = ours(train, judged, seeded, weights, floor_alone=floor_alone)
        say("loupe, floor" if floor_alone else "loupe", seed, told)
        if peers:
            say("torchvision", seed, torchvisions(
                train, judged, weights, cpu_s=told["cpu_s"], seed=seed
            ))  # fmt: skip
    cpu = time.process_time()
    network = _network(weights, labels=max(train.labels) + 1)
    known = floor.kept(network, [*samples_of(train, validate=False), *judged], lambda _: None)
    values, labels = known.views[0].numpy(), known.labels.numpy()
    count = len(train.paths)
    answer = scikits(values[:count], labels[:count], values[count:])
    right = float((answer == labels[count:]).mean())
    say("scikit-learn", None, {"accuracy": right, "cpu_s": round(time.process_time() - cpu, 1)})


def folds(data: Path, weights: dict) -> None:
    """Prints a line a seed for the floor and for scikit-learn."""
    some = of_names(data)
    count = max(some.labels) + 1
    cpu = time.process_time()
    network = _network(weights, labels=count)
    known = floor.kept(network, samples_of(some, validate=False), lambda _: None)
    say("features", None, {"cpu_s": round(time.process_time() - cpu, 1), "images": len(some.paths)})
    for seed in SEEDS:
        cpu, right, theirs = time.process_time(), 0, 0
        cut = StratifiedKFold(5, shuffle=True, random_state=seed)
        for taught, asked in cut.split(some.paths, some.labels):
            rows = torch.zeros(len(some.paths), dtype=torch.bool)
            rows[torch.from_numpy(taught)] = True
            own, out = known.rows(rows), known.rows(~rows)
            fitted = floor.fitted(own, floor.chosen_for(own, count=count), count=count)
            right += int((fitted.logits(out.views[0]).argmax(1) == out.labels).sum())
            answer = scikits(own.views[0].numpy(), own.labels.numpy(), out.views[0].numpy())
            theirs += int((answer == out.labels.numpy()).sum())
            del asked
        spent = round(time.process_time() - cpu, 1)
        say("loupe, floor", seed, {"accuracy": right / len(some.paths), "cpu_s": spent})
        say("scikit-learn", seed, {"accuracy": theirs / len(some.paths)})


def _network(weights: dict, *, labels: int) -> Classifier:
    shape = ClassifierShape(labels=labels, input_size=SIZE, backbone="efficientnet_lite0")
    return Classifier(shape, weights).to(memory_format=torch.channels_last).eval()


def say(who: str, seed: int | None, told: dict) -> None:
    line = {"who": who, "seed": seed, **told, "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("how", choices=("whole", "folds"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="folder, instead of the packaged ones")
    parser.add_argument("--budget-s", type=float, default=120.0)
    parser.add_argument("--epochs", type=int, help="passes, instead of the budget")
    parser.add_argument("--no-peers", action="store_true", help="without torchvision's loop")
    options = parser.parse_args()
    asked = Recipe(budget_s=options.budget_s, epochs=options.epochs or None)
    asked = asked.of_task("classification")
    found = find_weights(asked, folder=options.weights)
    if options.how == "whole":
        alone = options.epochs == 0
        peers = not options.no_peers
        whole(options.data, asked, dict(found.tensors), floor_alone=alone, peers=peers)
    else:
        folds(options.data, dict(found.tensors))


if __name__ == "__main__":
    main()
