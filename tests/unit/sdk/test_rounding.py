"""What another processor's last bits change is no other answer; another preprocessing is."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.runtime.manifest import ModelManifest
from shared.runtime.preprocess import Image
from shared.runtime.session import Tensors
from shared.runtime.tasks.table import TASKS, spec_of
from shared.sdk import Limits, Model
from shared.sdk.verification import Asked, compared

SIDE, IMAGE = 256, np.zeros((200, 300, 3), np.uint8)
ROUNDINGS = (1e-6, 1e-5)
SEEDS = (0, 1, 2, 16)  # at 1 and 16 a box cuts a mask one row later


@dataclass(frozen=True)
class Rounded:
    """The tensors of a graph whose sums are added in another order, ``share`` of each apart."""

    tensors: Tensors
    share: float
    seed: int

    def run(self, batch: NDArray[np.uint8]) -> Tensors:
        rng = np.random.default_rng(self.seed)
        return {
            name: (values * (1 + self.share * rng.uniform(-1, 1, values.shape))).astype(np.float32)
            if values.dtype == np.float32
            else values
            for name, values in self._of(len(batch)).items()
        }

    def _of(self, count: int) -> Tensors:
        return {name: np.repeat(values, count, axis=0) for name, values in self.tensors.items()}


def tensors_of(task: str, seed: int) -> Tensors:
    """An answer as crowded as one of a trained network: more objects than are told, near ties."""
    rng = np.random.default_rng(seed)
    if task == "classification":
        shares = rng.dirichlet(np.ones(2))[None]
        return {"scores": shares.astype(np.float32)}
    if task == "semantic_segmentation":
        return {"scores": rng.dirichlet(np.ones(3) / 2, (64, 64))[..., :2].transpose(2, 0, 1)[None]}
    if task == "ocr":
        return _lines(rng)
    objects, each = 120, 15
    middles = np.repeat(rng.uniform(20, SIDE - 20, (objects, 2)), each, axis=0)
    middles += rng.normal(0, 3, middles.shape)
    sides = rng.uniform(8, 32, (objects * each, 2))
    boxes = np.concatenate([middles - sides / 2, middles + sides / 2], axis=1)[None]
    scores = np.exp(rng.uniform(np.log(0.005), 0, (1, objects * each, 2)))
    found = {"boxes": boxes, "scores": scores}
    if task == "instance_segmentation":
        found["coefficients"] = rng.normal(0, 1, (1, objects * each, 8))
        found["prototypes"] = rng.normal(0, 1, (1, 8, 64, 64))
    return {name: values.astype(np.float32) for name, values in found.items()}


def _lines(rng: np.random.Generator) -> Tensors:
    """Lines at any angle, smooth as a network's are, and the same words in each."""
    text_map = np.zeros((SIDE, SIDE), np.uint8)
    for middle in np.stack(np.mgrid[20:SIDE:60, 20:SIDE:30], axis=-1).reshape(-1, 2):
        rectangle = (middle.tolist(), rng.uniform((30, 6), (40, 9)).tolist(), rng.uniform(-15, 15))
        cv2.fillPoly(text_map, [np.rint(cv2.boxPoints(rectangle)).astype(np.int32)], 250)
    smooth = cv2.GaussianBlur(text_map.astype(np.float32) / 255, (0, 0), 1.2)
    signs = rng.integers(0, 3, (1, 12))
    return {
        "map": smooth[None],
        "signs": signs,
        "sign_scores": rng.uniform(0.6, 1, (1, 12)).astype("f4"),
    }


def model_of(task: str, tensors: Tensors, *, share: float = 0.0, **changed: object) -> Model:
    facts = {
        "labels": ("a", "b"),
        "alphabet": ("A", "B"),
        "input_width": SIDE,
        "input_height": SIDE,
        **changed,
    }
    return Model(ModelManifest(task=task, **facts), Rounded(tensors, share, seed=7))


def asked_of(model: Model, image: Image) -> Asked:
    tells = spec_of(model.task).tells_scores
    floor = model.manifest.score_floor if tells else model.threshold
    return Asked(model.results(image, threshold=floor).columns(), floor)


@pytest.mark.parametrize("share", ROUNDINGS)
@pytest.mark.parametrize("task", TASKS)
def test_the_last_bits_are_no_other_answer(task, share) -> None:
    for seed in SEEDS:
        tensors = tensors_of(task, seed)
        asked = asked_of(model_of(task, tensors), IMAGE)
        told = compared(model_of(task, tensors, share=share), IMAGE, asked, Limits())
        assert told.within(Limits()), (seed, told)


@pytest.mark.parametrize("task", [task for task in TASKS if task != "classification"])
def test_another_resize_is_another_answer(task) -> None:
    for seed in SEEDS[:2]:
        tensors = tensors_of(task, seed)
        asked = asked_of(model_of(task, tensors), IMAGE)
        stretched = model_of(task, tensors, resize="stretch")
        assert not compared(stretched, IMAGE, asked, Limits()).within(Limits())
