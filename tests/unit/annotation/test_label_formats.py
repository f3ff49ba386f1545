"""Every label format: what is written is read back, and no bytes make a parser fail otherwise."""

import contextlib
import json
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.annotation.domain.formats import (
    class_lists,
    coco,
    coco_writer,
    createml,
    labelme,
    labelme_writer,
    voc,
    yolo,
)
from services.annotation.domain.formats.model import FormatError
from services.annotation.domain.formats.raster import encode_mask
from shared.contracts.shapes import IgnoreRegion, Shape
from tests.unit.annotation.label_files import IMAGE, KNOWN, assert_same

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


@given(st.lists(st.one_of(boxes(), outlines(), turned(), masks()), max_size=6, unique=True))
@settings(max_examples=60)
def test_labelme_written_is_read_back(shapes: list[Shape]) -> None:
    region = IgnoreRegion(points=((5, 5), (20, 5), (20, 30)))
    read = labelme.parse(labelme_writer.write(IMAGE, shapes, [region]), IMAGE)
    assert_same(list(read.shapes), shapes)
    assert read.ignore_regions == (region,)
    assert read.warnings == ()


@given(st.lists(boxes(), max_size=6, unique=True))
@settings(max_examples=60)
def test_voc_and_createml_written_are_read_back(shapes: list[Shape]) -> None:
    assert_same(list(voc.parse(voc.write(IMAGE, shapes), IMAGE).shapes), shapes)
    document = json.loads(createml.write([(IMAGE, shapes)]))
    (entry,) = createml.parse(document, "a.json", KNOWN)
    assert entry.labels is not None
    assert_same(list(entry.labels.shapes), shapes)


@given(st.lists(st.one_of(boxes(), outlines()), max_size=6, unique=True))
@settings(max_examples=60)
def test_yolo_written_is_read_back(shapes: list[Shape]) -> None:
    names = sorted({s.label for s in shapes})
    read = yolo.parse(yolo.write(IMAGE, shapes, names), IMAGE, names)
    assert_same(list(read.shapes), shapes)


@given(st.lists(st.one_of(boxes(), outlines(), masks()), max_size=6, unique=True))
@settings(max_examples=60)
def test_coco_written_is_read_back(shapes: list[Shape]) -> None:
    names = sorted({s.label for s in shapes})
    document = json.loads(coco_writer.write([(IMAGE, shapes)], names))
    (entry,) = coco.parse(document, "a.json", KNOWN)
    assert entry.labels is not None
    assert_same(list(entry.labels.shapes), shapes)


@given(st.binary(max_size=300))
@example("²".encode())  # a digit that is no number
@settings(max_examples=300)
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
@settings(max_examples=400)
def test_no_json_makes_a_parser_fail_otherwise_than_by_its_error(document: Any) -> None:
    with contextlib.suppress(FormatError):
        labelme.parse(json.dumps({"shapes": document}).encode(), IMAGE)
    if isinstance(document, dict):
        with contextlib.suppress(FormatError):
            list(coco.parse(document, "c.json", KNOWN))
    if isinstance(document, list):
        assert all(entry.file == "m.json" for entry in createml.parse(document, "m.json", KNOWN))
