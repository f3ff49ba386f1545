"""DOTA and YOLO-OBB: turned boxes, names with blanks, and what is no such row."""

import pytest

from services.annotation.domain.formats import dota, yolo
from services.annotation.domain.formats.model import FormatError, ImportEntry
from services.annotation.domain.task_shapes import adapt
from shared.contracts.shapes import Shape, Task
from tests.unit.annotation.label_files import IMAGE

DIAMOND = "110 100 120 110 110 120 100 110"


def in_task(row: str, task: Task = "detection") -> tuple[Shape, ...]:
    entry = ImportEntry("part-1.txt", IMAGE, yolo.parse(row.encode(), IMAGE, ["pit"]), "yolo")
    adapted = adapt(entry, task)
    assert adapted.labels is not None, adapted.error
    return adapted.labels.shapes


def obb(*corners: tuple[float, float]) -> str:
    return " ".join(["0", *(f"{x / 640:.6f} {y / 480:.6f}" for x, y in corners)])


def test_a_dota_row_is_a_turned_box_and_an_upright_one_a_box() -> None:
    text = f"imagesource:camera\ngsd:0.1\n{DIAMOND} small-vehicle 0\n1 1 9 1 9 5 1 5 pit\n"
    turned, upright = dota.parse(text.encode(), IMAGE).shapes
    assert (turned.label, turned.kind, turned.angle) == ("small-vehicle", "rotated_box", 45)
    assert (upright.label, upright.kind, upright.points) == ("pit", "box", ((1, 1), (9, 5)))


def marked(label: str) -> Shape:
    return Shape(label=label, kind="polygon", points=((1, 1), (9, 1), (9, 5), (1, 5)))


def test_a_dota_name_with_blanks_finds_its_label_again() -> None:
    names = ["pit", "deep pit"]
    (read,) = dota.parse(dota.write([marked("deep pit")], names), IMAGE, names).shapes
    (foreign,) = dota.parse(dota.write([marked("deep pit")], names), IMAGE).shapes
    assert (read.label, foreign.label) == ("deep pit", "deep_pit")


@pytest.mark.parametrize("names", [["a b", "a_b"], ["a_b", "a b"], ["a  b", "a_b_", "a b", "a_b"]])
def test_dota_names_that_differ_in_their_blanks_alone_are_apart_for_other_tools(
    names: list[str],
) -> None:
    text = dota.write([marked(name) for name in names], names)
    foreign = [shape.label for shape in dota.parse(text, IMAGE).shapes]
    assert len(set(foreign)) == len(names)
    assert foreign[names.index("a_b")] == "a_b"


@pytest.mark.parametrize("name", ["7", "nan", "1e3"])
def test_a_header_alone_makes_a_file_dota_whose_names_are_numbers(name: str) -> None:
    row = f"1 1 9 1 9 9 1 9 {name} 0\n"
    assert dota.looks_like_labels(f"imagesource:camera\n{row}".encode())
    assert not dota.looks_like_labels(row.encode())


def test_dota_difficulty_and_crooked_corners_are_told() -> None:
    labels = dota.parse(f"{DIAMOND} pit 1\n100 100 140 110 140 160 100 150 pit 0\n".encode(), IMAGE)
    assert len(labels.shapes) == 2
    assert labels.warnings == (
        "line 1 (pit) is marked difficult: taken as any other",
        "line 2 (pit) is no rectangle: the nearest one counts",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{DIAMOND} pit 0\n1 2 3 pit 0", "line 2 has 5 fields"),
        ("110 100 120 110 110 120 100 nan pit 0", "line 1: field 8 is not a finite number"),
        ("9110 100 9120 110 9110 120 9100 110 pit 0", "outside the image"),
    ],
)
def test_dota_errors_name_the_line(text: str, says: str) -> None:
    with pytest.raises(FormatError) as caught:
        dota.parse(text.encode(), IMAGE)
    assert says in str(caught.value)


def test_a_yolo_row_of_four_corners_is_a_turned_box_where_they_make_one() -> None:
    (turned,) = in_task(obb((110, 100), (120, 110), (110, 120), (100, 110)))
    (upright,) = in_task(obb((10, 10), (30, 10), (30, 20), (10, 20)))
    (crooked,) = in_task(obb((10, 10), (40, 15), (30, 40), (10, 20)))
    assert (turned.kind, turned.angle) == ("rotated_box", pytest.approx(45, abs=0.01))
    assert [shape.kind for shape in (upright, crooked)] == ["box", "box"]


def test_a_turned_box_that_sticks_out_of_the_image_stays_one() -> None:
    (turned,) = in_task(obb((10, -5), (20, 5), (10, 15), (0, 5)))
    assert (turned.kind, turned.angle) == ("rotated_box", pytest.approx(45, abs=0.01))


def test_an_outline_of_four_corners_stays_one_in_a_segmentation() -> None:
    corners = ((110, 100), (120, 110), (110, 120), (100, 110))
    (shape,) = in_task(obb(*corners), "instance_segmentation")
    assert shape.kind == "polygon"
    assert shape.points == tuple(pytest.approx(corner, abs=1e-3) for corner in corners)


@pytest.mark.parametrize("last", ["3", "-1", "0.5", "12"])
def test_a_dota_number_that_is_no_difficulty_is_not_made_part_of_the_name(last: str) -> None:
    text = f"imagesource:camera\n1 1 9 1 9 5 1 5 tank {last}\n"
    with pytest.raises(FormatError, match=f"line 2: '{last}' is no difficulty"):
        dota.parse(text.encode(), IMAGE)
