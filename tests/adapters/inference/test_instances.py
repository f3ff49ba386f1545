"""An instance segmenter on the real Triton: the objects of this process, whole and tiled."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from shared.runtime.tasks.names import TaskName
from shared.vision.tiles import TilePlan
from tests.adapters.inference.models import (
    CELL,
    HEIGHT,
    WIDTH,
    make_version,
    painted,
    tiny,
)
from tests.adapters.inference.served import assert_served, deployed_here
from tests.adapters.inference.site import Site

SIDE = 24  # of the boxes around each cell that is red or green
CELLS = (HEIGHT // CELL, WIDTH // CELL)


def colour_instances() -> bytes:
    """One box around each cell of 8 x 8 px that is red (label 0) or green (label 1).

    Its mask are the pixels of its own colour: a prototype for red, one for green, and each point
    takes both as its cell is red or green.
    """
    weights = np.zeros((2, 3, CELL, CELL), np.float32)
    fine = np.zeros((2, 3, 4, 4), np.float32)
    for label in (0, 1):
        weights[label], weights[label, label] = -0.1 / CELL**2, 0.1 / CELL**2
        fine[label], fine[label, label] = -0.01 / 16, 0.01 / 16
    rows, columns = np.mgrid[: CELLS[0], : CELLS[1]]
    middles = np.stack([columns, rows, columns, rows], axis=-1) * CELL + CELL / 2
    boxes = middles + np.array([-1, -1, 1, 1]) * SIDE / 2
    constants = {
        "w": weights,
        "b": np.array([-10, -10], np.float32),
        "fine": fine,
        "less": np.array([-0.5, -0.5], np.float32),
        "flat": np.array([0, 2, -1]),
        "grid": boxes.reshape(1, -1, 4).astype(np.float32),
        "none": np.array([[[0, 0, 0, 0]]], np.float32).reshape(1, 1, 4),
        "first": np.array([0]),
        "last": np.array([1]),
        "axis": np.array([2]),
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "Conv", ["planes", "w", "b"], ["cells"], kernel_shape=[CELL] * 2, strides=[CELL] * 2
        ),
        helper.make_node("Reshape", ["cells", "flat"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["logits"], perm=[0, 2, 1]),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
        helper.make_node("Identity", ["scores"], ["coefficients"]),
        helper.make_node("Slice", ["scores", "first", "last", "axis"], ["one"]),
        helper.make_node("Mul", ["one", "none"], ["nothing"]),
        helper.make_node("Add", ["nothing", "grid"], ["boxes"]),
        helper.make_node(
            "Conv",
            ["planes", "fine", "less"],
            ["prototypes"],
            kernel_shape=[4, 4],
            strides=[4, 4],
        ),
    ]
    points = CELLS[0] * CELLS[1]
    sides = {
        "boxes": [points, 4],
        "scores": [points, 2],
        "coefficients": [points, 2],
        "prototypes": [2, HEIGHT // 4, WIDTH // 4],
    }
    return tiny(nodes, constants, sides)


@pytest.fixture
def task() -> TaskName:
    return "instance_segmentation"


@pytest.mark.parametrize(
    ("plan", "size"),
    [(None, (64, 48)), (TilePlan(tile_size=(WIDTH, HEIGHT), overlap_px=16), (160, 112))],
    ids=["whole", "tiled"],
)
async def test_served_objects_are_those_of_this_process(site: Site, plan, size) -> None:
    cells = {(8, 8): "green", (size[0] - 16, size[1] - 16): "red", (48, 32): "red"}
    image = painted(*size, cells)  # (48, 32) is where the first tile overlaps three others
    version = make_version(colour_instances(), task="instance_segmentation", tile_plan=plan)
    here = (await deployed_here(site, version)).predict(image)
    assert sorted(here.found.label_indices.tolist()) == ([0, 1] if plan is None else [0, 0, 1])
    await assert_served(site, image, list(here.drawn()), least_px=0.6 * CELL**2)
