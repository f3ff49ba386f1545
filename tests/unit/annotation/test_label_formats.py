"""Every label format: exact values, clear errors, and what is written is read back unchanged."""

import contextlib
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.annotation.domain.formats import (
    class_lists,
    coco,
    coco_writer,
    createml,
    labelme,
    labelme_writer,
    limits,
    model,
    voc,
    yolo,
)
from services.annotation.domain.formats.model import FormatError, KnownImage, KnownImages
from services.annotation.domain.formats.raster import decode_mask, encode_mask
from shared.contracts.shapes import IgnoreRegion, Shape

IMAGE = KnownImage("i1", "part-1.jpg", 640, 480)
KNOWN = KnownImages([IMAGE, KnownImage("i2", "part-2.png", 100, 50)])


def labelme_file(*shapes: dict[str, Any], **extra: Any) -> bytes:
    document = {"shapes": list(shapes), "imageWidth": 640, "imageHeight": 480, **extra}
    return json.dumps(document).encode()


def rectangle(*corners: float, label: str = "scratch") -> dict[str, Any]:
    points = [list(corners[:2]), list(corners[2:])]
    return {"label": label, "points": points, "shape_type": "rectangle"}


def voc_file(*boxes: tuple[float | str, ...], size: tuple[int, int] = (640, 480)) -> bytes:
    objects = "".join(
        f"<object><name>RBC</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax>"
        f"<ymax>{d}</ymax></bndbox></object>"
        for a, b, c, d in boxes
    )
    extent = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    return f"<annotation><path>/etc/passwd</path>{extent}{objects}</annotation>".encode()


# --- labelme -------------------------------------------------------------------------------------


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


# --- what is written is read back ----------------------------------------------------------------

label_names = st.sampled_from(["scratch", "划痕", "pit 2", "a,b;c"])
xs, ys = st.integers(0, 639), st.integers(0, 479)


@st.composite
def boxes(draw: st.DrawFn) -> Shape:
    x1, y1 = draw(xs), draw(ys)
    x2, y2 = draw(st.integers(x1 + 1, 640)), draw(st.integers(y1 + 1, 480))
    return Shape(label=draw(label_names), kind="box", points=((x1, y1), (x2, y2)))


@st.composite
def outlines(draw: st.DrawFn) -> Shape:
    x, y, side = draw(st.integers(1, 500)), draw(st.integers(1, 400)), draw(st.integers(2, 60))
    ring = ((x, y), (x + side, y), (x + side / 2, y + side))
    return Shape(label=draw(label_names), kind="polygon", points=ring)


@st.composite
def turned(draw: st.DrawFn) -> Shape:
    x, y = draw(st.integers(150, 400)), draw(st.integers(150, 250))
    w, h = draw(st.integers(2, 90)), draw(st.integers(2, 90))
    angle = draw(st.integers(-179, 179))
    ends = ((x, y), (x + w, y + h))
    return Shape(label=draw(label_names), kind="rotated_box", points=ends, angle=angle)


@st.composite
def masks(draw: st.DrawFn) -> Shape:
    pixels = np.zeros((480, 640), bool)
    x, y = draw(st.integers(0, 600)), draw(st.integers(0, 440))
    pixels[y : y + draw(st.integers(1, 40)), x : x + draw(st.integers(1, 40))] = True
    pixels[y, x] = True
    return Shape(label=draw(label_names), kind="mask", rle=encode_mask(pixels))


def assert_same(first: list[Shape], second: list[Shape]) -> None:
    assert [(s.label, s.kind, s.rle) for s in first] == [(s.label, s.kind, s.rle) for s in second]
    for one, other in zip(first, second, strict=True):
        assert np.allclose(np.array(one.points), np.array(other.points), atol=1e-5)
        assert math.isclose(one.angle or 0, other.angle or 0, abs_tol=1e-6)


@given(st.lists(st.one_of(boxes(), outlines(), turned(), masks()), max_size=6, unique=True))
@settings(max_examples=60, deadline=None)
def test_labelme_written_is_read_back(shapes: list[Shape]) -> None:
    region = IgnoreRegion(points=((5, 5), (20, 5), (20, 30)))
    read = labelme.parse(labelme_writer.write(IMAGE, shapes, [region]), IMAGE)
    assert_same(list(read.shapes), shapes)
    assert read.ignore_regions == (region,)
    assert read.warnings == ()


@given(st.lists(boxes(), max_size=6, unique=True))
@settings(max_examples=60, deadline=None)
def test_voc_and_createml_written_are_read_back(shapes: list[Shape]) -> None:
    assert_same(list(voc.parse(voc.write(IMAGE, shapes), IMAGE).shapes), shapes)
    document = json.loads(createml.write([(IMAGE, shapes)]))
    (entry,) = createml.parse(document, "a.json", KNOWN)
    assert entry.labels is not None
    assert_same(list(entry.labels.shapes), shapes)


@given(st.lists(st.one_of(boxes(), outlines()), max_size=6, unique=True))
@settings(max_examples=60, deadline=None)
def test_yolo_written_is_read_back(shapes: list[Shape]) -> None:
    names = sorted({s.label for s in shapes})
    read = yolo.parse(yolo.write(IMAGE, shapes, names), IMAGE, names)
    assert_same(list(read.shapes), shapes)


@given(st.lists(st.one_of(boxes(), outlines(), masks()), max_size=6, unique=True))
@settings(max_examples=60, deadline=None)
def test_coco_written_is_read_back(shapes: list[Shape]) -> None:
    names = sorted({s.label for s in shapes})
    document = json.loads(coco_writer.write([(IMAGE, shapes)], names))
    (entry,) = coco.parse(document, "a.json", KNOWN)
    assert entry.labels is not None
    assert_same(list(entry.labels.shapes), shapes)


@given(st.binary(max_size=300))
@example("²".encode())  # a digit that is no number
@settings(max_examples=300, deadline=None)
def test_no_bytes_make_a_parser_fail_otherwise_than_by_its_error(data: bytes) -> None:
    for parse in (
        lambda: labelme.parse(data, IMAGE),
        lambda: voc.parse(data, IMAGE),
        lambda: yolo.parse(data, IMAGE, ["a"]),
        lambda: class_lists.parse(data, "data.yaml"),
    ):
        with contextlib.suppress(FormatError):
            parse()


KEYS = (
    "shapes label points shape_type images annotations categories id image_id category_id bbox "
    "segmentation file_name image coordinates x y width height counts size mask group_id iscrowd"
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 900) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=5)
    ),
    max_leaves=25,
)


@given(json_values)
@settings(max_examples=400, deadline=None)
def test_no_json_makes_a_parser_fail_otherwise_than_by_its_error(document: Any) -> None:
    with contextlib.suppress(FormatError):
        labelme.parse(json.dumps({"shapes": document}).encode(), IMAGE)
    if isinstance(document, dict):
        with contextlib.suppress(FormatError):
            list(coco.parse(document, "c.json", KNOWN))
    if isinstance(document, list):
        assert all(entry.file == "m.json" for entry in createml.parse(document, "m.json", KNOWN))


# --- VOC -----------------------------------------------------------------------------------------


def test_voc_box_without_area_is_left_out_with_a_warning() -> None:
    read = voc.parse(voc_file((1, 1, 30, 40), (7, 7, 7, 7)), IMAGE)
    assert [s.points for s in read.shapes] == [((1, 1), (30, 40))]
    assert read.warnings == ("object 2 (RBC) has no area and was left out",)


LAUGHS = b'<!DOCTYPE a [<!ENTITY x "xxxx"><!ENTITY y "&x;&x;">]><annotation>&y;</annotation>'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (LAUGHS, "document type"),
        (b"<annotation>", "not XML"),
        (b"", "not XML"),
        (b"<?xml version='1.0' encoding='klingon'?><annotation/>", "not XML"),
        (b"<a>" * 70 + b"</a>" * 70, "nested deeper"),
        (b"<html/>", "not Pascal VOC"),
        (voc_file((1, 1, "NaN", 40)), "object 1: xmax is not a finite number"),
        (voc_file((1, 1, "1_0", 40)), "xmax is not a number"),
        (voc_file((1, 1, 30, 40), size=(100, 100)), "made for an image of 100×100"),
        (voc_file((1, 1, 30, 40)).replace(b"<xmin>1</xmin>", b""), "object 1 has no <xmin>"),
        (b"<annotation><object><name>a</name></object></annotation>", "no <bndbox>"),
    ],
)
def test_voc_errors_say_what_is_wrong(data: bytes, says: str) -> None:
    with pytest.raises(FormatError) as caught:
        voc.parse(data, IMAGE)
    assert says in str(caught.value)


# --- YOLO ----------------------------------------------------------------------------------------


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


def test_voc_difficult_is_told() -> None:
    data = voc_file((10, 10, 20, 20)).replace(b"<name>", b"<difficult>1</difficult><name>")
    labels = voc.parse(data, IMAGE)
    assert (len(labels.shapes), "difficult" in labels.warnings[0]) == (1, True)


@pytest.mark.parametrize("name", ["划痕\u3000深", " 划痕 深 ", "划痕\u00a0深"])
def test_blanks_of_any_kind_in_a_label_are_one(name: str) -> None:
    (shape,) = labelme.parse(labelme_file(rectangle(1, 1, 9, 9, label=name)), IMAGE).shapes
    assert shape.label == Shape(label=name, kind="image").label == "划痕 深"


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


# --- COCO and CreateML ---------------------------------------------------------------------------


def coco_document(**annotation: Any) -> dict[str, Any]:
    return {
        "images": [{"id": 5, "file_name": "x/part-1.jpg", "width": 640, "height": 480}],
        "categories": [{"id": 1, "name": "scratch"}],
        "annotations": [{"id": 9, "image_id": 5, "category_id": 1, **annotation}],
    }


def test_coco_crowd_becomes_an_ignore_region() -> None:
    (entry,) = coco.parse(coco_document(bbox=[10, 10, 20, 30], iscrowd=1), "c.json", KNOWN)
    assert entry.labels is not None
    assert entry.labels.shapes == ()
    assert entry.labels.ignore_regions[0].points == ((10, 10), (30, 10), (30, 40), (10, 40))


def test_coco_several_rings_are_one_mask_and_plain_runs_are_read() -> None:
    ring = [0, 0, 10, 0, 10, 10, 0, 10]
    shifted = [v + 100 for v in ring]
    for outline, pixels in (
        ([ring, shifted], 200),
        ({"size": [480, 640], "counts": [7, 13, 480 * 640 - 20]}, 13),
    ):
        (entry,) = coco.parse(coco_document(segmentation=outline), "c.json", KNOWN)
        assert entry.labels is not None
        (shape,) = entry.labels.shapes
        assert shape.rle is not None
        assert decode_mask(shape.rle).sum() == pixels


@pytest.mark.parametrize(
    ("annotation", "says"),
    [
        ({"bbox": [1, 2, 3]}, "'bbox' has 3 numbers"),
        ({"bbox": [1, 2, 3, None]}, "not a number"),
        ({"category_id": 7, "bbox": [1, 2, 3, 4]}, "'categories' does not list"),
        ({"segmentation": {"size": [1, 1], "counts": "11"}}, "not of the image's size"),
        ({"segmentation": {"size": [480, 640], "counts": [5]}}, "do not cover"),
        ({"segmentation": [[1, 2, 3]]}, "odd number"),
        ({"image_id": 6, "bbox": [1, 2, 3, 4]}, "image id 6, which is not listed"),
    ],
)
def test_coco_errors_say_what_is_wrong(annotation: dict[str, Any], says: str) -> None:
    entries = list(coco.parse(coco_document(**annotation), "c.json", KNOWN))
    assert says in " ".join(entry.error for entry in entries)


def test_createml_bad_image_does_not_spoil_the_others() -> None:
    box = {"label": "a", "coordinates": {"x": 10, "y": 10, "width": 4, "height": 6}}
    document = [
        {"image": "nowhere.jpg", "annotations": [box]},
        {"image": "part-1.jpg", "annotations": [box]},
        {"image": "part-2.png", "annotations": [{"label": "a", "coordinates": {"x": 1}}]},
        7,
    ]
    entries = list(createml.parse(document, "c.json", KNOWN))
    read = {entry.image.name: bool(entry.error) for entry in entries if entry.image}
    assert read == {"part-1.jpg": False, "part-2.png": True}
    assert sum(entry.image is None and bool(entry.error) for entry in entries) == 2
    assert any("nowhere.jpg" in entry.error for entry in entries)
    (labels,) = [entry.labels for entry in entries if entry.labels]
    assert labels.shapes[0].points == ((8, 7), (12, 13))
