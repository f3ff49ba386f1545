"""A segmenter on the real Triton: the same pixels as in this process, whole and tiled."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.names import TaskName
from shared.vision.masks import from_text, to_dense
from shared.vision.tiles import TilePlan
from tests.adapters.inference.models import (
    CELL,
    HEIGHT,
    LABELS,
    WIDTH,
    make_version,
    painted,
    png,
)
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
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
            helper.make_node(
                "Conv", ["planes", "w", "b"], ["cells"], kernel_shape=[CELL] * 2, strides=[CELL] * 2
            ),
            helper.make_node("Softmax", ["cells"], ["shares"], axis=1),
            helper.make_node("Slice", ["shares", "first", "last", "axis"], ["scores"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", HEIGHT, WIDTH, 3])],
        [
            helper.make_tensor_value_info(
                "scores", TensorProto.FLOAT, ["B", len(LABELS), HEIGHT // CELL, WIDTH // CELL]
            )
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


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
    assert (await site.deploy(version))["current"]
    here = Predictor(version.manifest, OnnxSession(version.onnx, threads=1)).predict(image)
    assert {one.label_index for one in here.objects} == {0, 1}
    for sent in (
        await site.predict(image_id=await site.upload(image)),
        await site.client.post(f"{site.base}/predictions", files={"file": ("a.png", png(image))}),
    ):
        assert sent.status_code == 201, sent.text
        shapes = sent.json()["shapes"]
        assert [shape["label"] for shape in shapes] == [LABELS[o.label_index] for o in here.objects]
        for shape, one, drawn in zip(shapes, here.objects, here.drawn(), strict=True):
            assert shape["kind"] == "mask"
            assert shape["score"] == pytest.approx(one.score, abs=1e-4)
            assert tuple(shape["rle"]["size"]) == (size[1], size[0])
            there, ours = (
                to_dense(from_text(code), size[1], size[0])
                for code in (shape["rle"]["counts"], drawn.mask.counts)
            )
            assert (there & ours).sum() >= 0.999 * (there | ours).sum()
    strict = await site.predict(image_id=await site.upload(image), threshold=1.0)
    assert strict.json()["shapes"] == []
