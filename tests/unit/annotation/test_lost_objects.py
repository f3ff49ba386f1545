"""No object is lost in silence: a file that shows some never makes an image without any."""

import json
from typing import Any

import pytest

from services.annotation.domain import task_shapes
from services.annotation.domain.formats import class_lists, coco, labelme, yolo
from services.annotation.domain.formats.archive import LabelArchive, Member
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
)
from shared.contracts.shapes import Task
from tests.unit.annotation.test_label_archives import BOX, VOC, packed

IMAGE = KnownImage("i1", "a.jpg", 100, 80)
KNOWN = KnownImages([IMAGE])
LINE = {"label": "crack", "points": [[1, 1], [5, 9]], "shape_type": "linestrip"}


def adapted(files: dict[str, Any], task: Task = "detection") -> list[ImportEntry]:
    packing = {
        name: data if isinstance(data, str | bytes) else json.dumps(data)
        for name, data in files.items()
    }
    entries = ArchiveReader(LabelArchive(packed(packing)), KNOWN).entries()
    return [task_shapes.adapt(entry, task) for entry in entries]


def coco_file(**annotation: Any) -> dict[str, Any]:
    return {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, **annotation}],
        "categories": [{"id": 1, "name": "pit"}],
    }


@pytest.mark.parametrize(
    ("files", "task"),
    [
        ({"a.json": {"flags": {"scratch": True}, "shapes": []}}, "detection"),
        ({"a.json": {"flags": {"scratch": True}, "shapes": []}}, "instance_segmentation"),
        ({"a.json": {"flags": {"scratch": True}, "shapes": []}}, "ocr"),
        ({"a.json": {"shapes": [LINE]}}, "detection"),
        ({"a.json": {"shapes": [LINE]}}, "classification"),
        ({"a.json": {"shapes": [{**BOX, "points": [[4, 4], [4, 9]]}]}}, "detection"),
        ({"a.txt": "0 0.5 0.5 0 0.2\n", "classes.txt": "pit"}, "detection"),
        ({"a.xml": VOC.replace("<xmax>30", "<xmax>1")}, "detection"),
        ({"c.json": coco_file(bbox=[5, 5, 0, 3])}, "detection"),
        ({"c.json": coco_file(segmentation={"size": [80, 100], "counts": [8000]})}, "detection"),
    ],
)
def test_a_file_of_which_no_object_is_left_makes_no_negative(
    files: dict[str, Any], task: Task
) -> None:
    (entry,) = adapted(files, task)
    assert entry.labels is None
    assert "none of its 1 objects can be used" in entry.error


@pytest.mark.parametrize("shapes", [[], [{**BOX, "label": "_background_"}]])
def test_a_file_without_objects_is_a_negative(shapes: list[Any]) -> None:
    (entry,) = adapted({"a.json": {"shapes": shapes, "flags": {"scratch": False}}})
    assert entry.labels is not None
    assert (entry.labels.shapes, entry.error) == ((), "")


def test_each_object_that_has_no_place_in_the_task_is_told() -> None:
    flags = {"scratch": True, "rusty": True}
    (entry,) = adapted({"a.json": {"flags": flags, "shapes": [BOX]}})
    assert entry.labels is not None
    assert len(entry.labels.shapes) == 1
    assert [text.split()[0] for text in entry.labels.warnings] == ["'scratch'", "'rusty'"]


def test_a_description_stays_with_its_own_shape() -> None:
    described = {**LINE, "description": "of the crack"}
    read = labelme.read({"shapes": [BOX, described]}, IMAGE)
    assert [shape.text for shape in read.shapes] == [None]


# --- rows of an unknown form ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        "0 0.5 0.5 0.2 0.2 0.45 0.4 2 0.55 0.4 2",
        "0 0.5 0.5 0.2 0.2 0.45 0.4 1 0 0 0",
        "0 0.5 0.5 0.2 0.2 0.45 0.4 2",
        "0 0.5 0.5 0.2 0.2 0.4 0.4 2.000000 0.5 0.4 2.000000",
    ],
)
def test_key_points_are_never_taken_for_an_outline(row: str) -> None:
    with pytest.raises(FormatError, match=r"^line 1"):
        yolo.parse(row.encode(), IMAGE, ["pin"])


def test_rows_are_refused_where_the_data_set_says_that_they_hold_key_points() -> None:
    rows = "0 0.5 0.5 0.2 0.2 0.45 0.4 0.55 0.4"  # as four corners, but for what data.yaml says
    entry, = adapted({"data.yaml": "kpt_shape: [2, 2]\nnames: [pin]", "a.txt": rows})  # fmt: skip
    assert "data.yaml says that rows hold key points" in entry.error


def test_an_outline_along_the_border_may_have_whole_numbers() -> None:
    row = b"0 0 0.25 0.5 0 1 0.5 0.75 1"  # as tools write that print no trailing zeros
    (shape,) = yolo.parse(row, IMAGE, ["pin"]).shapes
    assert shape.points == ((0, 20), (50, 0), (100, 40), (75, 80))


# --- files of class names ------------------------------------------------------------------------


def test_class_files_that_disagree_are_refused_with_every_row_of_theirs() -> None:
    files = {"classes.txt": "pit\nscratch", "data.yaml": "names: [scratch, pit]"}
    (entry,) = adapted({**files, "a.txt": "0 0.5 0.5 0.2 0.2"})
    assert "classes.txt and data.yaml give the classes different names" in entry.error


@pytest.mark.parametrize(
    "other", [{"data.yaml": "names: {0: pit, 1: dent}"}, {"labels.txt": "dent\npit"}]
)
def test_class_files_that_agree_and_a_mere_list_of_labels_do_no_harm(other: dict[str, str]) -> None:
    (entry,) = adapted({"classes.txt": "pit\ndent", **other, "a.txt": "1 0.5 0.5 0.2 0.2"})
    assert entry.labels is not None
    assert entry.labels.shapes[0].label == "dent"


def test_yaml_of_another_purpose_is_left_aside() -> None:
    assert class_lists.parse(b"epochs: 100\n", "args.yaml").names == ()
    (notice,) = adapted({"args.yaml": "epochs: 100\n"})
    assert (bool(notice.notice), notice.error) == (True, "")


# --- numbers and bytes ---------------------------------------------------------------------------


def test_ids_may_be_any_whole_numbers() -> None:
    images = [{"id": 900100200300400500600, "file_name": "a.jpg"}]
    text = json.dumps({**coco_file(bbox=[1, 2, 3, 4]), "images": images})
    text = text.replace('"image_id": 1', '"image_id": 900100200300400500600')
    (entry,) = adapted({"c.json": text})
    assert entry.labels is not None
    assert len(entry.labels.shapes) == 1


@pytest.mark.parametrize("run", [10**30, -1, 2**32])
def test_runs_beyond_the_image_are_refused(run: int) -> None:
    outline = {"size": [80, 100], "counts": [run]}
    (entry,) = list(coco.parse(coco_file(segmentation=outline), "c.json", KNOWN))
    assert "not run lengths" in entry.error


def test_every_file_of_an_archive_is_unpacked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    read = LabelArchive.read

    def counted(archive: LabelArchive, member: Member) -> bytes:
        reads.append(member.name)
        return read(archive, member)

    monkeypatch.setattr(LabelArchive, "read", counted)
    files = {
        "a.json": {"shapes": [BOX]},
        "a.xml": VOC,
        "a.txt": "0 0.5 0.5 0.2 0.2",
        "notes.txt": "nothing",
        "train.txt": "a",
        "classes.txt": "pit",
        "c.json": coco_file(bbox=[1, 2, 3, 4]),
        "a.jpg": b"x",
    }
    adapted(files)
    assert sorted(reads) == sorted(files.keys() - {"a.jpg"})


def test_broken_xml_is_told_as_such_whatever_its_image() -> None:
    (entry,) = adapted({"nobody.xml": VOC[:-5]})
    assert "not XML" in entry.error
