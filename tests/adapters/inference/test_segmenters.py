"""A segmenter on the real Triton: the same pixels as in this process, whole and tiled."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from shared.runtime.tasks.names import TaskName
from shared.vision.tiles import TilePlan
from tests.adapters.inference.models import (
    CELL,
    HEIGHT,
    LABELS,
    WIDTH,
    make_version,
    painted,
    tiny,
)
from tests.adapters.inference.served import assert_served, deployed_here
from tests.adapters.inference.site import Site


def colour_segmenter() -> bytes:
    """Says of each cell of 8 x 8 px whether it is red (label 0), green (label 1) or neither."""
    weights = np.zeros((3, 3, CELL, CELL), np.float32)
    for label in (0, 1):
        weights[1 + label] = -0.03 / CELL**2
        weights[1 + label, label] = 0.03 / CELL**2
    constants = {
        "w": weights,
        "b": np.array([3, 0, 0], np.float32),
        "first": np.array([1]),
        "last": np.array([3]),
        "axis": np.array([1]),
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "Conv", ["planes", "w", "b"], ["cells"], kernel_shape=[CELL] * 2, strides=[CELL] * 2
        ),
        helper.make_node("Softmax", ["cells"], ["shares"], axis=1),
        helper.make_node("Slice", ["shares", "first", "last", "axis"], ["scores"]),
    ]
    return tiny(nodes, constants, {"scores": [len(LABELS), HEIGHT // CELL, WIDTH // CELL]})


@pytest.fixture
def task() -> TaskName:
    return "semantic_segmentation"


@pytest.mark.parametrize(
    ("plan", "size"),
    [(None, (64, 48)), (TilePlan(tile_size=(WIDTH, HEIGHT), overlap_px=16), (200, 120))],
    ids=["whole", "tiled"],
)
async def test_served_pixels_are_those_of_this_process(site: Site, plan, size) -> None:
    cells = {(x, y): "green" for x in range(8, 32, 8) for y in range(8, 32, 8)}
    cells |= {(x, 32): "red" for x in range(40, size[0] - 8, 8)}  # across every seam of the tiles
    image = painted(*size, cells)
    version = make_version(colour_segmenter(), task="semantic_segmentation", tile_plan=plan)
    here = (await deployed_here(site, version)).predict(image)
    assert {one.label_index for one in here.objects} == {0, 1}
    await assert_served(site, image, list(here.drawn()))
