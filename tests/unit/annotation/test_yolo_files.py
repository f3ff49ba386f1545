"""YOLO: class names, rows, outlines and clear errors."""

import pytest

from services.annotation.domain.formats import class_lists, yolo
from services.annotation.domain.formats.model import FormatError
from shared.contracts.shapes import Shape
from tests.unit.annotation.label_files import IMAGE, assert_same


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "scratch\nstain\n"),
        ("data.yaml", "train: x\nnames: ['scratch', \"stain\"]  # two\n"),
        ("data.yaml", "nc: 2\nnames:\n  - scratch\n  - stain\nval: y\n"),
        ("data.yaml", "names:\n  0: scratch\n  1: stain\npath: z\n"),
        ("data.yaml", "names: {0: scratch, 1: stain}\n"),
        ("data.yaml", "names: [\n  scratch,\n  stain,\n]\n"),
        ("data.yaml", 'names: ["scr\\u0061tch", "stain"]\n'),
    ],
)
def test_yolo_class_names_are_read_from_every_customary_file(name: str, text: str) -> None:
    assert class_lists.parse(text.encode(), name).names == ("scratch", "stain")


def test_yolo_class_names_are_text_whatever_they_look_like() -> None:
    text = 'names: [no, 1.0, 2026-11-26, null, "\\u5212\\u75D5", 划痕\u3000深]'
    names = class_lists.parse(text.encode(), "data.yaml").names
    assert names == ("no", "1.0", "2026-11-26", "null", "划痕", "划痕 深")


@pytest.mark.parametrize(
    ("row", "points"),
    [
        ("0 0.1 0.1 0.5 0.1 0.5 0.5", 3),
        ("0 0 0 1 0 1 1", 3),  # whole numbers throughout: corners of the image
        ("0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5", 4),  # YOLO-OBB
    ],
)
def test_yolo_outlines_are_read(row: str, points: int) -> None:
    (shape,) = yolo.parse(row.encode(), IMAGE, ["a"]).shapes
    assert (shape.kind, len(shape.points)) == ("polygon", points)


@pytest.mark.parametrize(
    "row", ["0 0.5 0.5 0.2 0.2 0.9", "0 0.5 0.5 0.2 0.2 0.91 1", "0 0.5 0.5 0.2 0.2 0.9 0.1 0.1"]
)
def test_yolo_rows_of_trackers_and_detectors_are_never_taken_for_outlines(row: str) -> None:
    with pytest.raises(FormatError, match=r"line 2 has [678] fields"):
        yolo.parse(f"0 0.5 0.5 0.2 0.2\n{row}".encode(), IMAGE, ["a"])


def test_a_triangle_at_the_corner_of_the_image_is_written_and_read() -> None:
    triangle = Shape(label="a", kind="polygon", points=((10, 10), (640, 10), (640, 480)))
    read = yolo.parse(yolo.write(IMAGE, [triangle], ["a"]), IMAGE, ["a"])
    assert_same(list(read.shapes), [triangle])


def test_an_object_given_twice_is_taken_once_and_told() -> None:
    labels = yolo.parse(b"0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n", IMAGE, ["a"])
    assert len(labels.shapes) == 1
    assert labels.warnings == ("1 objects are given twice and were taken once",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("names:\n  0: a\n  2: b\n", "not 0, 1, 2"),
        ("nc: 2\n", "neither a list nor a map"),
        ("names: !!python/object/apply:os.system ['id']\n", "not YAML"),
    ],
)
def test_yolo_class_errors_say_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        class_lists.parse(text.encode(), "data.yaml")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("2 0.5 0.5 0.1 0.1", "class 2, but there are 2 class names"),
        ("x 0.5 0.5 0.1 0.1", "not a class index"),
        ("0 0.5 0.5 0.1", "has 4 fields"),
        ("0 320 240 10 10", "fractions of the image, not pixels"),
        ("0 0.5 0.5 inf 0.1", "not a finite number"),
        ("0 0.5 0.5 -0.1 0.1", "negative"),
        ("0 1.5 0.5 0.1 0.1", "lies outside"),
    ],
)
def test_yolo_errors_name_the_line(line: str, says: str) -> None:
    with pytest.raises(FormatError) as caught:
        yolo.parse(f"0 0.5 0.5 0.1 0.1\n{line}\n".encode(), IMAGE, ["a", "b"])
    assert says in str(caught.value)
    assert "line 2" in str(caught.value)


def test_class_names_behind_a_blank_line_are_not_given_other_numbers() -> None:
    with pytest.raises(FormatError, match="class 0"):
        class_lists.parse(b"\nscratch\nstain\n", "classes.txt")


def test_classes_of_one_name_are_told_where_they_are_used() -> None:
    names = ("pit", "pit", "dent")
    used = yolo.parse(b"0 .5 .5 .2 .2\n1 .2 .2 .1 .1\n", IMAGE, names)
    unused = yolo.parse(b"2 .5 .5 .2 .2\n", IMAGE, names)
    assert used.warnings == ("2 classes are called 'pit': taken as one label",)
    assert unused.warnings == ()


def test_a_data_set_whose_number_of_classes_is_another_is_refused() -> None:
    with pytest.raises(FormatError, match="'nc' says 3 classes, but 'names' has 2"):
        class_lists.parse(b"nc: 3\nnames: [scratch, stain]\n", "data.yaml")


def test_an_error_names_the_field_of_the_row() -> None:
    with pytest.raises(FormatError, match="line 2: field 3 is not a number: '0,5'"):
        yolo.parse(b"0 .5 .5 .2 .2\n0 .5 0,5 .2 .2\n", IMAGE, ("pit",))
