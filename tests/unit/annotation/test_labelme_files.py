"""Labelme: exact values and clear errors."""

import pytest

from services.annotation.domain.formats import labelme, limits, model
from services.annotation.domain.formats.model import FormatError
from services.annotation.domain.formats.raster import decode_mask
from shared.contracts.shapes import IgnoreRegion, Shape
from tests.unit.annotation.label_files import IMAGE, labelme_file, rectangle


def test_labelme_rectangle_may_be_drawn_from_any_corner() -> None:
    read = labelme.parse(labelme_file(rectangle(50, 80, 10, 20)), IMAGE)
    assert [(s.kind, s.label, s.points) for s in read.shapes] == [
        ("box", "scratch", ((10, 20), (50, 80)))
    ]


def test_labelme_circle_becomes_a_ring_of_the_same_area() -> None:
    circle = {"label": "hole", "points": [[100, 100], [130, 140]], "shape_type": "circle"}
    (shape,) = labelme.parse(labelme_file(circle), IMAGE).shapes
    x1, y1, x2, y2 = shape.bounds()
    assert (x1, y1, x2, y2) == pytest.approx((50, 50, 150, 150))


def test_labelme_points_and_lines_are_left_out_with_a_warning() -> None:
    line = {"label": "crack", "points": [[1, 1], [9, 9]], "shape_type": "line"}
    point = {"label": "spot", "points": [[1, 1]], "shape_type": "point"}
    read = labelme.parse(labelme_file(line, point, rectangle(1, 1, 5, 5)), IMAGE)
    assert len(read.shapes) == 1
    assert len(read.warnings) == 2
    assert "crack" in read.warnings[0]


def test_labelme_ignore_label_becomes_a_region_and_background_nothing() -> None:
    ring = [[0, 0], [10, 0], [10, 10]]
    ignored = {"label": "__ignore__", "points": ring, "shape_type": "polygon"}
    background = {"label": "_background_", "points": ring, "shape_type": "polygon"}
    read = labelme.parse(labelme_file(ignored, background), IMAGE)
    assert read.shapes == ()
    assert read.ignore_regions == (IgnoreRegion(points=((0, 0), (10, 0), (10, 10))),)


def test_labelme_group_is_one_mask_of_all_its_outlines() -> None:
    first = {"label": "sofa", "points": [[0, 0], [9, 0], [9, 9], [0, 9]], "group_id": 0}
    second = {"label": "sofa", "points": [[50, 0], [59, 0], [59, 9], [50, 9]], "group_id": 0}
    other = {"label": "chair", "points": [[80, 0], [89, 0], [89, 9]], "group_id": 0}
    read = labelme.parse(labelme_file(first, second, other), IMAGE)
    assert [(s.label, s.kind) for s in read.shapes] == [("sofa", "mask"), ("chair", "polygon")]
    assert read.shapes[0].rle is not None
    assert decode_mask(read.shapes[0].rle).sum() == 200


def test_labelme_description_is_the_text() -> None:
    shape = {**rectangle(1, 1, 5, 5), "description": "L07 2026-03-14"}
    assert labelme.parse(labelme_file(shape), IMAGE).shapes[0].text == "L07 2026-03-14"


def test_labelme_flags_that_are_set_label_the_whole_image() -> None:
    data = labelme_file(flags={"__ignore__": False, "cat": True, "dog": False})
    assert [(s.kind, s.label) for s in labelme.parse(data, IMAGE).shapes] == [("image", "cat")]


def test_labelme_file_without_shapes_is_a_negative() -> None:
    assert labelme.parse(labelme_file(), IMAGE) == model.ParsedLabels()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 200_000, "nested deeper"),
        (b'{"shapes": [NaN]}', "NaN"),
        (b'{"shapes": [1e999]}', "not finite"),
        (b'{"shapes": [' + b"9" * 5000 + b"]}", "40 digits"),
        (b'{"shapes": [], "x": "\\ud800"}', "surrogate"),
        (b'{"shapes": 3}', "'shapes' is not a list"),
        (labelme_file({"label": 3}), "shape 1 has no label name"),
        (labelme_file(rectangle(1, 1, 5, 5, label=" ")), "1 to 128 characters"),
        (labelme_file(rectangle(1, 1, 5, 5, label="a\u202eb")), "invisible"),
        (labelme_file({"label": "a", "shape_type": "rectangle", "points": [[1]]}), "points"),
        (labelme_file(rectangle(1, 1, 5, 5), {"label": "b", "shape_type": "blob"}), "blob"),
        (labelme_file(rectangle(700, 10, 900, 40)), "shape 1 (scratch) lies outside"),
        (labelme_file(imageWidth=10), "made for an image of 10×480"),
        (b" " * (limits.MAX_LABEL_BYTES + 1), "larger than 5 MiB"),
    ],
)
def test_labelme_errors_say_what_is_wrong(data: bytes, says: str) -> None:
    with pytest.raises(FormatError) as caught:
        labelme.parse(data, IMAGE)
    assert says in str(caught.value)


def test_boxes_that_stick_out_are_cut_and_reported_beyond_a_pixel() -> None:
    read = labelme.parse(labelme_file(rectangle(-0.5, 0, 5, 5), rectangle(600, 10, 700, 40)), IMAGE)
    assert [s.points for s in read.shapes] == [((0, 0), (5, 5)), ((600, 10), (640, 40))]
    assert len(read.warnings) == 1
    assert "shape 2" in read.warnings[0]


@pytest.mark.parametrize("name", ["划痕\u3000深", " 划痕 深 ", "划痕\u00a0深"])
def test_blanks_of_any_kind_in_a_label_are_one(name: str) -> None:
    (shape,) = labelme.parse(labelme_file(rectangle(1, 1, 9, 9, label=name)), IMAGE).shapes
    assert shape.label == Shape(label=name, kind="image").label == "划痕 深"


@pytest.mark.parametrize("group", [3, 3.0, "3"])
@pytest.mark.parametrize("kind", [{}, {"shape_type": None}, {"shape_type": "polygon"}])
def test_labelme_group_is_one_however_its_number_is_written(
    group: object, kind: dict[str, object]
) -> None:
    first = {"label": "sofa", "points": [[0, 0], [9, 0], [9, 9]], "group_id": group, **kind}
    second = {"label": "sofa", "points": [[50, 0], [59, 0], [59, 9]], "group_id": 3}
    (shape,) = labelme.parse(labelme_file(first, second), IMAGE).shapes
    assert shape.kind == "mask"
