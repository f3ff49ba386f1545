"""The table of tasks: complete, and named alike."""

from typing import get_args

import numpy as np
import pytest

from shared.runtime.detections import Detections
from shared.runtime.manifest import ModelManifest
from shared.runtime.placement import Placement
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.detection import DETECTION, decode
from shared.runtime.tasks.names import ShapeKind, TaskName
from shared.runtime.tasks.spec import View
from shared.runtime.tasks.table import TASKS, UnknownTask, spec_of
from shared.vision.tiles import Window

MANIFEST = ModelManifest(task="detection", labels=("a", "b"), input_width=64, input_height=64)


class Silent:
    def run(self, images):
        return {}


def test_every_task_of_the_wire_has_its_spec_and_no_other():
    assert set(TASKS) == set(get_args(TaskName))
    assert all(spec.name == name for name, spec in TASKS.items())


@pytest.mark.parametrize("spec", TASKS.values(), ids=TASKS.keys())
def test_a_spec_says_shapes_outputs_and_columns_without_doubles(spec):
    assert spec.shape_kinds
    assert set(spec.shape_kinds) <= set(get_args(ShapeKind))
    for names in (spec.output_names, [column.name for column in spec.columns]):
        assert names
        assert len(set(names)) == len(names)
    assert all(output.tolerance > 0 for output in spec.outputs if output.dtype == "float32")


def test_an_unknown_task_is_told_with_the_names_there_are():
    with pytest.raises(UnknownTask, match=r"'depth' is no task; there are .*detection"):
        spec_of("depth")
    with pytest.raises(UnknownTask):
        Predictor(ModelManifest(task="", labels=(), input_width=8, input_height=8), Silent())


def test_detection_is_decoded_into_pixels_of_the_whole_image():
    boxes = np.array([[10, 10, 30, 30], [11, 10, 30, 30], [60, 60, 64, 64], [1, 1, 1, 9]], "f4")
    scores = np.array([[0.9, 0], [0.8, 0], [0, 0.7], [0.6, 0]], "f4")
    view = View(Window(0, 1, 100, 40, 60, 60), Placement(32, 32, 0.5, 0.5))
    found = decode({"boxes": boxes, "scores": scores}, view, MANIFEST)
    # doubled, moved by (100, 40); the second is the first's double, the third lies in the padding,
    # the fourth has no width
    assert found.boxes_xyxy.tolist() == [[120, 60, 160, 100]]
    assert found.label_indices.tolist() == [0]


def test_columns_of_detections_are_those_of_the_spec():
    found = Detections(np.zeros((3, 4), "f4"), np.zeros(3, "f4"), np.zeros(3, np.int64))
    columns = found.columns()
    wanted = {column.name: column for column in DETECTION.columns if not column.optional}
    assert set(columns) == set(wanted)
    for name, column in wanted.items():
        assert columns[name].dtype == column.dtype
        assert columns[name].shape == (3, *column.dims)
