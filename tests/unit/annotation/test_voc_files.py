"""Pascal VOC: exact values and clear errors."""

import pytest

from services.annotation.domain.formats import voc
from services.annotation.domain.formats.model import FormatError
from tests.unit.annotation.label_files import IMAGE, voc_file


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
        (b"<annotations><track/></annotations>", "CVAT's own XML is not read"),
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


def test_voc_difficult_is_told() -> None:
    data = voc_file((10, 10, 20, 20)).replace(b"<name>", b"<difficult>1</difficult><name>")
    labels = voc.parse(data, IMAGE)
    assert (len(labels.shapes), "difficult" in labels.warnings[0]) == (1, True)


PART = "<part><name>head</name><bndbox><xmin>2</xmin></bndbox></part>"


@pytest.mark.parametrize("before", ["<name>", "</object>"])
def test_voc_parts_are_told_and_are_no_objects(before: str) -> None:
    data = voc_file((10, 10, 20, 20)).replace(before.encode(), f"{PART}{before}".encode(), 1)
    labels = voc.parse(data, IMAGE)
    assert [(shape.label, shape.bounds()) for shape in labels.shapes] == [("RBC", (10, 10, 20, 20))]
    assert labels.warnings == ("object 1 has 1 parts, which are left out",)


@pytest.mark.parametrize("doubled", ["<name>dog</name>", "<bndbox><xmin>1</xmin></bndbox>"])
def test_voc_object_that_says_a_thing_twice_is_refused(doubled: str) -> None:
    data = voc_file((10, 10, 20, 20)).replace(b"</object>", f"{doubled}</object>".encode())
    with pytest.raises(FormatError, match="object 1 has more than one <"):
        voc.parse(data, IMAGE)
