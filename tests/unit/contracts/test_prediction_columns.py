"""Stored predictions as columns: read back as written, refused with the place of what is off."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from shared.contracts.array_file import DamagedArrays, read_arrays, write_arrays
from shared.contracts.prediction_columns import (
    BadPredictions,
    PredictionColumns,
    PredictionsTable,
    check_predictions,
)
from shared.contracts.shapes import Task
from shared.contracts.snapshot import TilePlanSpec
from shared.runtime.tasks.table import TASKS

LABELS = ("pit", "scratch")
PLAN = TilePlanSpec(grid=(2, 2), overlap_px=8)
OF_TASK: dict[Task, dict[str, Any]] = {
    "detection": {
        "label": np.array([0, 1]),
        "score": np.array([0.9, 0.25], np.float32),
        "box": np.array([[0, 0, 4, 4], [1, 1, 3, 2]], np.float32),
        "angle": np.array([np.nan, 30.0], np.float32),
    },
    "instance_segmentation": {
        "label": np.array([0, 1]),
        "score": np.array([0.9, 0.25], np.float32),
        "box": np.array([[0, 0, 4, 4], [1, 1, 3, 2]], np.float32),
        "rle": np.frombuffer(b"01100", np.uint8),
        "rle_starts": np.array([0, 2, 5]),
    },
    "semantic_segmentation": {
        "label": np.array([1]),
        "rle": np.frombuffer(b"01", np.uint8),
        "rle_starts": np.array([0, 2]),
    },
    "classification": {"scores": np.array([[0.3, 0.7]], np.float32)},
    "ocr": {
        "score": np.array([0.5], np.float32),
        "points": np.array([[0, 0], [9, 0], [9, 5]], np.float32),
        "points_starts": np.array([0, 3]),
        "text": np.frombuffer("螺钉".encode(), np.uint8),
        "text_starts": np.array([0, 6]),
    },
}


def stored(task: Task = "detection", *, images: int = 2) -> PredictionColumns:
    table = PredictionsTable(task, LABELS)
    for place in range(images):
        table.add(f"i{place}", OF_TASK[task], elapsed_ms=20.0)
    return table.gathered("V1", threshold=0.01, tile_plan=PLAN)


@pytest.mark.parametrize("task", OF_TASK)
def test_what_is_written_is_read_back_for_every_task(task: Task) -> None:
    given = stored(task)
    read = PredictionColumns.from_bytes(given.to_bytes())
    assert read.header == given.header
    assert read.header.tile_plan == PLAN
    assert read.starts.tolist() == [0, given.rows // 2, given.rows]
    assert read.elapsed_ms.tolist() == [20.0, 20.0]
    assert read.columns.keys() == given.columns.keys()
    for name, values in given.columns.items():
        np.testing.assert_array_equal(read.columns[name], values)
        assert read.columns[name].dtype == values.dtype


def test_every_task_has_an_example_here() -> None:
    assert OF_TASK.keys() == TASKS.keys()


def test_equal_predictions_are_equal_bytes() -> None:
    assert stored().to_bytes() == stored().to_bytes()


def test_an_image_without_results_keeps_its_place() -> None:
    table = PredictionsTable("detection", LABELS)
    nothing = {name: values[:0] for name, values in OF_TASK["detection"].items()}
    for name, columns in (("a", nothing), ("b", OF_TASK["detection"]), ("c", {})):
        table.add(name, columns)
    found = PredictionColumns.from_bytes(table.gathered("V1", threshold=0.0).to_bytes())
    assert found.starts.tolist() == [0, 0, 2, 2]
    assert found.row_image().tolist() == [1, 1]


def test_no_images_are_no_rows() -> None:
    assert PredictionsTable("ocr", LABELS).gathered("V1", threshold=0.0).rows == 0


def test_numbers_as_exact_as_json_stay_so() -> None:
    found = stored()
    exact = dict(found.columns) | {"score": np.array([0.1, 0.2, 0.3, 0.4])}
    read = PredictionColumns.from_bytes(replace(found, columns=exact).to_bytes())
    assert read.columns["score"].tolist() == [0.1, 0.2, 0.3, 0.4]


Change = Callable[[dict[str, Any]], None]


def put(name: str, values: Any) -> Change:
    return lambda arrays: arrays.__setitem__(name, values)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda a: a.pop("box"), "column box is missing"),
        (lambda a: a.pop("starts"), "starts is missing"),
        (put("colour", np.zeros(4)), "column colour is none of the task detection"),
        (put("label", np.zeros(4, np.int32)), "label: int32 instead of int64"),
        (put("label", np.zeros(3, np.int64)), r"label: shape \(3,\) instead of \(4,\)"),
        (put("label", np.array([0, 1, 2, 0])), "label: row 2 is of no label"),
        (put("label", np.array([0, -1, 1, 0])), "label: row 1 is of no label"),
        (put("score", np.array([0, 1, 0, 1.5])), r"score: row 3 is not within \[0, 1\]"),
        (put("score", np.array([0, np.nan, 0, 1])), r"score: row 1 is not within \[0, 1\]"),
        (put("box", np.zeros((4, 5), np.float32)), "box: shape"),
        (put("box", np.full((4, 4), np.inf)), "box: a number is not finite"),
        (put("starts", np.array([0, 5, 4])), "starts: offsets do not rise from 0 to 4"),
        (put("starts", np.array([1, 2, 4])), "starts: offsets do not rise from 0 to 4"),
        (put("starts", np.array([0, 4])), "starts: shape"),
        (put("elapsed_ms", np.zeros(3)), "elapsed_ms: shape"),
        (put("header", np.frombuffer(b"{}", np.uint8)), "header: task: Field required"),
    ],
)
def test_columns_that_do_not_fit_are_refused(change: Change, says: str) -> None:
    arrays = read_arrays(stored().to_bytes())
    change(arrays)
    with pytest.raises(BadPredictions, match=says):
        PredictionColumns.from_bytes(write_arrays(arrays))


def test_ragged_offsets_stay_inside_their_values() -> None:
    arrays = read_arrays(stored("ocr").to_bytes())
    arrays["text_starts"] = np.array([0, 6, 13])
    with pytest.raises(BadPredictions, match="text_starts: offsets do not rise from 0 to 12"):
        PredictionColumns.from_bytes(write_arrays(arrays))


def test_an_image_has_one_row_of_scores() -> None:
    found = stored("classification")
    with pytest.raises(BadPredictions, match="one row of scores"):
        check_predictions(replace(found, starts=np.array([0, 2, 2])))


def test_an_image_is_predicted_once() -> None:
    header = stored().header.model_copy(update={"image_ids": ("a", "a")})
    with pytest.raises(BadPredictions, match="predicted twice"):
        check_predictions(replace(stored(), header=header))


def pickled() -> bytes:
    out = BytesIO()
    np.savez(out, header=np.array([{}], object))
    return out.getvalue()


def longer_than_told() -> bytes:
    """An array whose header claims more rows than there are bytes."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(write_arrays({"a": np.zeros(4)}))) as given:
        content = given.read("a.npy").replace(b"(4,)", b"(9,)")
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.npy", content)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"{}",
        pickled(),
        longer_than_told(),
        write_arrays({"a": np.zeros(99)})[:-40],
        write_arrays({"a": np.zeros(99)}).replace(b"NUMPY", b"LUMPY"),
    ],
)
def test_a_damaged_file_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedArrays):
        read_arrays(data)
