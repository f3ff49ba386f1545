"""What an import says of a record names its place, in the language of its reader."""

import io
import re
from typing import Any

import pytest

from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import KnownImage, KnownImages
from shared.texts.language import speaking, told
from tests.unit.annotation.platform import packed

ENGLISH = re.compile(r"\b(line|shape|object|item|entry|image|annotation) \d")
OBJECT = "<object><name>pit</name>{}</object>"
SIDE = "<bndbox><xmin>5</xmin><ymin>2</ymin><xmax>x</xmax><ymax>4</ymax></bndbox>"
CATEGORIES = [{"id": 1, "name": "pit"}]


def shape(kind: str, *points: Any) -> dict[str, Any]:
    return {"label": "pit", "shape_type": kind, "points": points}


def coco(*annotations: Any) -> dict[str, Any]:
    images = [{"id": 1, "file_name": "a.jpg"}]
    return {"images": images, "annotations": annotations, "categories": CATEGORIES}


def datumaro(*items: Any) -> dict[str, Any]:
    return {"items": items, "categories": {"label": {"labels": [{"name": "pit"}]}}}


@pytest.mark.parametrize(
    ("file", "content", "place"),
    [
        ("a.json", {"shapes": [shape("line", [1, 1], [9, 9])]}, "第 1 个形状"),
        ("a.json", {"shapes": [shape("polygon", [1, 1], ["x", 2], [3, 3])]}, "第 1 个形状：坐标"),
        ("a.xml", f"<annotation>{OBJECT.format('')}</annotation>", "第 1 个目标"),
        ("a.xml", f"<annotation>{OBJECT.format(SIDE)}</annotation>", "第 1 个目标"),
        ("coco.json", coco({"id": 7, "image_id": 1, "category_id": 9}), "标注 7"),
        ("coco.json", coco({"image_id": 1, "category_id": 9}), "该图像的第 1 个标注"),
        (
            "coco.json",
            {"images": [{"id": 2}], "annotations": [], "categories": CATEGORIES},
            "第 1 张图像",
        ),
        ("create.json", [{"image": "a.jpg", "annotations": [{"label": "pit"}]}], "标注 1"),
        ("create.json", [{"annotations": []}], "第 1 项"),
        ("dataset.json", datumaro(5), "第 1 项"),
        ("a.txt", "0 0.5 0.5\n", "第 1 行"),
    ],
)
def test_the_place_of_a_wrong_record_is_told_in_chinese(
    file: str, content: Any, place: str
) -> None:
    known = KnownImages([KnownImage("i", "a.jpg", 640, 480)])
    archive = LabelArchive(io.BytesIO(packed({file: content})))
    told_texts = []
    for entry in ArchiveReader(archive, known).entries():
        warnings = entry.labels.warnings if entry.labels else ()
        with speaking("zh-CN"):
            told_texts += [told(text) for text in (entry.error, *warnings) if text]
    assert any(place in text for text in told_texts), told_texts
    assert not any(ENGLISH.search(text) for text in told_texts), told_texts


def test_a_name_that_begins_like_a_place_stays_a_name() -> None:
    with speaking("zh-CN"):
        assert told("shape of a moon") == "shape of a moon"
        assert told("shape 3") == "第 3 个形状"
