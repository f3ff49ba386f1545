"""Datumaro and data sets of Geti 2: every kind of annotation, and which images show nothing."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from services.annotation.domain.formats import datumaro
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
)
from services.annotation.domain.formats.raster import encode_mask, mask_bounds
from services.annotation.domain.task_shapes import adapt
from tests.unit.annotation.label_files import IMAGE, KNOWN


def document(*annotations: dict[str, Any], infos: Any = None, **item: Any) -> dict[str, Any]:
    first = {"id": "part-1", "annotations": list(annotations), "image": {"path": "part-1.jpg"}}
    return {
        "infos": infos or {},
        "categories": {"label": {"labels": [{"name": "pit", "parent": ""}, {"name": "dent"}]}},
        "items": [{**first, **item}],
    }


def of_kind(kind: str, **place: Any) -> dict[str, Any]:
    return {"id": 1, "type": kind, "label_id": 1, "attributes": {}, "group": 0, **place}


def read(found: dict[str, Any]) -> ImportEntry:
    (entry,) = datumaro.parse(found, "default.json", KNOWN)
    return entry


def test_every_kind_with_an_area_is_read() -> None:
    pixels = np.zeros((480, 640), np.bool_)
    pixels[5:9, 6:12] = True
    rle = encode_mask(pixels)
    entry = read(
        document(
            of_kind("bbox", bbox=[10, 20, 30, 40]),
            of_kind("polygon", points=[1, 1, 9, 1, 9, 9]),
            of_kind("ellipse", points=[10, 10, 30, 20]),
            of_kind("rotated_bbox", points=[100, 100, 40, 20, 30]),
            of_kind("mask", rle={"counts": rle.counts, "size": list(rle.size)}),
            of_kind("label"),
            of_kind("polyline", points=[1, 1, 9, 1]),
        )
    )
    assert entry.labels is not None, entry.error
    kinds = [shape.kind for shape in entry.labels.shapes]
    assert kinds == ["box", "polygon", "polygon", "rotated_box", "mask", "image"]
    box, _, ellipse, turned, mask, _ = entry.labels.shapes
    assert box.points == ((10, 20), (40, 60))
    assert ellipse.bounds() == pytest.approx((10, 10, 30, 20))
    assert (turned.points, turned.angle) == (((80, 90), (120, 110)), 30)
    assert mask.rle == rle
    assert {shape.label for shape in entry.labels.shapes} == {"dent"}
    assert entry.labels.left_out == 1


def test_an_attribute_rotation_that_is_no_angle_leaves_the_box_as_it_is() -> None:
    box = of_kind("bbox", bbox=[1, 2, 3, 4]) | {"attributes": {"rotation": "left"}}
    entry = read(document(box))
    assert entry.labels is not None
    assert entry.labels.shapes[0].kind == "box"
    assert "rotation is no angle" in entry.labels.warnings[0]


def test_a_crowd_becomes_an_ignore_region() -> None:
    pixels = np.zeros((480, 640), np.bool_)
    pixels[5:9, 6:12] = True
    rle = encode_mask(pixels)
    place = {"rle": {"counts": rle.counts, "size": list(rle.size)}}
    entry = read(document(of_kind("mask", **place) | {"attributes": {"is_crowd": True}}))
    assert entry.labels is not None
    assert entry.labels.shapes == ()
    assert entry.labels.ignore_regions[0].points == ((6, 5), (12, 5), (12, 9), (6, 9))


def test_an_image_that_nobody_annotated_in_geti_is_no_negative() -> None:
    geti = {"GetiProjectTask": "detection"}
    unseen = read(document(infos=geti, attr={"has_empty_label": False}))
    empty = read(document(infos=geti, attr={"has_empty_label": True}))
    plain = read(document())
    assert (unseen.labels, "not annotated" in unseen.notice) == (None, True)
    assert [entry.labels and entry.labels.shapes for entry in (empty, plain)] == [(), ()]


def test_a_box_of_the_whole_image_which_geti_stores_as_a_label_stays_a_box() -> None:
    entry = read(document(of_kind("label"), infos={"GetiProjectTask": "detection"}))
    adapted = adapt(entry, "detection")
    assert adapted.labels is not None
    assert adapted.labels.shapes[0].points == ((0, 0), (640, 480))
    classified = read(document(of_kind("label"), infos={"GetiProjectTask": "classification"}))
    assert classified.labels is not None
    assert classified.labels.shapes[0].kind == "image"


def test_an_item_without_a_path_is_matched_by_its_id() -> None:
    entry = read(document(of_kind("bbox", bbox=[1, 2, 3, 4]), id="line-a/part-1", image={}))
    assert entry.image == IMAGE


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (document(of_kind("bbox", bbox=[1, 2, 3])), "'bbox' has 3 numbers, not 4"),
        (document(of_kind("bbox", bbox=[1, 2, 3, 4], label_id=9)), "label_id that 'categories'"),
        (document(of_kind("blob")), "annotation 1 has the unknown type 'blob'"),
        (document(of_kind("polygon", points=[1, 2, 3])), "odd number of values"),
        (document(image={"path": "part-1.jpg", "size": [9, 9]}), "made for an image of 9×9"),
        (document(image={"path": "other.jpg"}), "item 1: no image named 'other.jpg'"),
    ],
)
def test_errors_say_what_is_wrong_where(found: dict[str, Any], says: str) -> None:
    assert says in read(found).error


@pytest.mark.parametrize("part", ["items", "categories"])
def test_a_file_without_its_parts_is_refused(part: str) -> None:
    with pytest.raises(FormatError):
        list(datumaro.parse({**document(), part: 7}, "default.json", KNOWN))


def test_a_group_of_many_outlines_takes_no_more_memory_than_one_of_few() -> None:
    side = 1000
    known = KnownImages([KnownImage("i1", "part-1.jpg", side, side)])
    pixels = np.zeros((side, side), np.bool_)
    pixels[5:9, 6:12] = True
    rle = encode_mask(pixels)
    mask = of_kind("mask", rle={"counts": rle.counts, "size": list(rle.size)}) | {"group": 7}
    tracemalloc.start()
    (entry,) = datumaro.parse(document(*[mask] * 60), "default.json", known)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert entry.labels is not None, entry.error
    assert [shape.rle for shape in entry.labels.shapes] == [rle]
    assert peak_bytes < 15 * side * side


FIRST, SECOND = [10, 10, 50, 10, 50, 40], [110, 10, 150, 10, 150, 40]


def test_outlines_of_one_group_and_label_and_the_box_around_them_are_one_object() -> None:
    grouped = [
        of_kind("polygon", points=FIRST) | {"group": 7},
        of_kind("bbox", bbox=[10, 10, 140, 30]) | {"group": 7},
        of_kind("polygon", points=SECOND) | {"group": 7},
    ]
    entry = read(document(*grouped, of_kind("polygon", points=FIRST)))
    assert entry.labels is not None, entry.error
    mask, alone = entry.labels.shapes
    assert (mask.kind, alone.kind) == ("mask", "polygon")
    assert mask.rle is not None
    assert mask_bounds(mask.rle) == pytest.approx((10, 10, 151, 41))


def test_boxes_of_a_group_and_outlines_of_another_label_stay_objects() -> None:
    grouped = [
        of_kind("bbox", bbox=[10, 10, 40, 30]) | {"group": 7},
        of_kind("bbox", bbox=[10, 10, 140, 30]) | {"group": 7},
        of_kind("polygon", points=FIRST) | {"group": 7, "label_id": 0},
        of_kind("polygon", points=SECOND) | {"group": 7},
    ]
    entry = read(document(*grouped))
    assert entry.labels is not None, entry.error
    found = sorted((shape.kind, shape.label) for shape in entry.labels.shapes)
    assert found == [("box", "dent"), ("box", "dent"), ("polygon", "dent"), ("polygon", "pit")]
