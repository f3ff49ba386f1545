"""Data sets as other tools pack and write them: folders, encodings, turned boxes, masks."""

import base64
import json
import os
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest

from services.annotation.domain import task_shapes
from services.annotation.domain.formats import coco, labelme, limits, voc
from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    SplitList,
)
from shared.contracts.shapes import Task
from shared.vision import masks
from tests.unit.annotation.test_label_archives import BOX, VOC, packed

IMAGE = KnownImage("i1", "a.jpg", 100, 80)
KNOWN = KnownImages([IMAGE, KnownImage("i2", "b.jpg", 100, 80), KnownImage("i3", "划痕.jpg", 9, 9)])


ROW = "0 .5 .5 .2 .2"


def opened(
    files: dict[str, Any], task: Task = "detection"
) -> tuple[list[ImportEntry], list[SplitList]]:
    packing = {
        name: data if isinstance(data, str | bytes) else json.dumps(data)
        for name, data in files.items()
    }
    archive = LabelArchive(packed(packing), is_known=lambda name: KNOWN.has_stem(name[:-4]))
    reader = ArchiveReader(archive, KNOWN)
    entries = [task_shapes.adapt(entry, task) for entry in reader.entries()]
    return entries, list(reader.splits())


def annotation(**more: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 10], **more}


def coco_file(*annotations: dict[str, Any], name: str = "a.jpg") -> dict[str, Any]:
    images = [{"id": 1, "file_name": name, "width": 100, "height": 80}]
    categories = [{"id": 1, "name": "pit"}]
    return {"images": images, "annotations": list(annotations), "categories": categories}


# --- layouts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected", "split"),
    [
        (
            {"annotations/instances_default.json": coco_file(annotation()), "images/a.jpg": b""},
            "annotations/instances_default.json",
            None,
        ),
        ({"valid/_annotations.coco.json": coco_file(annotation())}, None, "val"),
        (
            {"train/labels/a.txt": ROW, "train/images/a.jpg": b"", "data.yaml": "names: [pit]"},
            "train/labels/a.txt",
            "train",
        ),
        ({"obj_train_data/a.txt": "0 .5 .5 .2 .2", "obj.names": "pit"}, None, None),
        (
            {"Annotations\\a.xml": VOC, "ImageSets/Main/test.txt": "a\n"},
            "Annotations/a.xml",
            "test",
        ),
    ],
    ids=["cvat-coco", "roboflow-coco", "roboflow-yolo", "cvat-yolo", "voc"],
)  # fmt: skip
def test_data_sets_are_read_as_tools_lay_them_out(
    files: dict[str, Any], expected: str | None, split: str | None
) -> None:
    entries, splits = opened(files)
    (entry,) = [entry for entry in entries if not entry.notice]
    assert (entry.error, entry.image) == ("", IMAGE)
    assert expected is None or entry.file == expected
    assert [found.split for found in splits] == ([split] if split else [])


@pytest.mark.parametrize(
    "name", ["sub/a.json", "../a.json", "labels/../a.json", "sub/../a.json", "/a.json"]
)
def test_any_other_folder_is_refused(name: str) -> None:
    entries, _ = opened({name: {"shapes": [BOX]}, "b.json": {"shapes": [BOX]}})
    assert ["in a folder" in entry.error for entry in entries] == [True, False]


@pytest.mark.parametrize("around", ["my labels/", "VOCdevkit/VOC2007/", "一批\\", "./"])
def test_folders_around_all_label_files_count_for_nothing(around: str) -> None:
    files: dict[str, Any] = {
        f"{around}data.yaml": "names: [pit]",
        f"{around}train/labels/a.txt": ROW,
        f"{around}valid/labels/b.txt": ROW,
        f"{around}.DS_Store": b"",
        f"__MACOSX/{around}._data.yaml": b"",
        "elsewhere/a.jpg": b"",
        "README.md": "# Parts",
    }
    entries, splits = opened(files)
    read = {entry.file: entry.image.name for entry in entries if entry.labels and entry.image}
    assert read == {"train/labels/a.txt": "a.jpg", "valid/labels/b.txt": "b.jpg"}
    assert {found.split: len(found.images) for found in splits} == {"train": 1, "val": 1}


def test_a_readme_in_the_folder_and_one_beside_it_are_two_files() -> None:
    files: dict[str, Any] = {"README.md": "# Parts", "set/README.md": "# Set"}
    entries, _ = opened({**files, "set/a.json": {"shapes": [BOX]}})
    assert [entry.file for entry in entries if entry.labels] == ["a.json"]


@pytest.mark.parametrize("name", ["README.txt", "readme.dataset.txt", "README.roboflow.txt"])
def test_a_readme_beside_a_folder_does_not_decide_where_labels_lie(name: str) -> None:
    entries, _ = opened({name: "Parts of line 2", "set/a.json": {"shapes": [BOX]}})
    assert [entry.file for entry in entries if entry.labels] == ["a.json"]
    assert not [entry for entry in entries if entry.error]


def test_a_path_of_thousands_of_folders_is_refused_like_any_other() -> None:
    entries, _ = opened({"x/" * 9000 + "a.json": {"shapes": [BOX]}})
    assert ["in a folder" in entry.error for entry in entries] == [True]


def test_a_file_beside_a_folder_makes_it_none_around_all() -> None:
    entries, _ = opened({"mine/a.json": {"shapes": [BOX]}, "a.json": {"shapes": [BOX]}})
    assert [(entry.file, bool(entry.error)) for entry in entries] == [
        ("mine/a.json", True),
        ("a.json", False),
    ]


# --- encodings -----------------------------------------------------------------------------------

GUESSED = "its text is not UTF-8 and was read as GB18030: look whether names are right"


@pytest.mark.parametrize("name", ["classes.txt", "obj.names", "data.yaml"])
def test_names_of_classes_in_gbk_are_read_and_told(name: str) -> None:
    text = "names: [划痕, 瑕疵]" if name == "data.yaml" else "划痕\r\n瑕疵\r\n"
    entries, _ = opened({name: text.encode("gbk"), "a.txt": "1 .5 .5 .2 .2"})
    told, read = entries
    assert (told.file, told.notice, told.error) == (name, GUESSED, "")
    assert read.labels is not None
    assert [shape.label for shape in read.labels.shapes] == ["瑕疵"]


def test_lists_and_rows_in_gbk_are_read_and_told() -> None:
    row = "1 1 9 1 9 5 1 5 划痕 0\n"
    entries, splits = opened({"train.txt": "划痕.jpg\n".encode("gbk"), "a.txt": row.encode("gbk")})
    assert [image.name for found in splits for image in found.images] == ["划痕.jpg"]
    (told,) = [entry for entry in entries if entry.notice]
    (read,) = [entry for entry in entries if entry.labels]
    assert (told.file, told.notice) == ("train.txt", GUESSED)
    assert read.labels is not None
    assert (read.labels.shapes[0].label, read.labels.warnings) == ("划痕", (GUESSED,))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_mark_tells_the_encoding_and_nothing_is_guessed(encoding: str) -> None:
    entries, _ = opened({"classes.txt": "划痕\n".encode(encoding), "a.txt": ROW.encode(encoding)})
    (entry,) = entries
    assert entry.labels is not None
    assert (entry.labels.shapes[0].label, entry.labels.warnings) == ("划痕", ())


@pytest.mark.parametrize("names", ["défaut\nrayé", "Größe", "créée", "Straße\nÖl"])
def test_western_text_is_never_taken_for_chinese(names: str) -> None:
    entries, _ = opened({"classes.txt": names.encode("cp1252"), "a.txt": ROW})
    assert "not UTF-8" in entries[0].error
    assert [entry.labels for entry in entries] == [None, None]


def test_a_row_of_no_image_is_told_as_such_behind_the_mark_of_utf_8() -> None:
    entries, _ = opened({"nobody.txt": ROW.encode("utf-8-sig"), "classes.txt": "pit"})
    assert "no image with the base name 'nobody'" in entries[0].error


def test_label_studio_writes_eight_signs_in_front_of_a_name() -> None:
    document = coco_file(annotation(), name="images\\0a1b2c3d-a.jpg")
    (entry,), _ = opened({"result.json": document})
    assert entry.image == IMAGE
    (row, *_), _ = opened({"labels/0a1b2c3d-a.txt": "0 .5 .5 .2 .2", "classes.txt": "pit"})
    assert (row.image, row.error) == (IMAGE, "")


# --- COCO by CVAT --------------------------------------------------------------------------------


RUNS = np.array([800, 80, 8000 - 880], np.uint32)


def of_coco(item: dict[str, Any]) -> ImportEntry:
    (entry,) = coco.parse(coco_file(item), "c.json", KNOWN)
    assert entry.labels is not None, entry.error
    return entry


@pytest.mark.parametrize("counts", [RUNS.tolist(), masks.to_text(RUNS)])
def test_a_mask_of_cvat_is_an_object_though_marked_as_a_crowd(counts: Any) -> None:
    outline = {"size": [80, 100], "counts": counts}
    ours = of_coco(annotation(iscrowd=1, segmentation=outline, attributes={"occluded": False}))
    theirs = of_coco(annotation(iscrowd=1, segmentation=outline))
    assert ours.labels is not None
    assert theirs.labels is not None
    assert [shape.kind for shape in ours.labels.shapes] == ["mask"]
    assert (theirs.labels.shapes, len(theirs.labels.ignore_regions)) == ((), 1)


NO_ANGLE = "1: its attribute rotation is no angle: taken as not turned"


def test_an_attribute_rotation_that_is_no_angle_leaves_the_box_as_it_is() -> None:
    attribute = "<attribute><name>rotation</name><value>left</value></attribute>"
    words = VOC.replace("</object>", f"<attributes>{attribute}</attributes></object>")
    read = [voc.parse(words.encode(), IMAGE)]
    for turn in ("left", [90], True, 1e12):
        found = of_coco(annotation(segmentation=[], attributes={"rotation": turn})).labels
        assert found is not None
        read.append(found)
    for labels in read:
        (shape,) = labels.shapes
        assert shape.kind == "box"
        assert [NO_ANGLE in warning for warning in labels.warnings] == [True]


def test_a_box_of_cvat_is_turned_by_its_attribute() -> None:
    entry = of_coco(annotation(segmentation=[], attributes={"rotation": 90.0}))
    assert entry.labels is not None
    (shape,) = entry.labels.shapes
    assert (shape.kind, shape.points, shape.angle) == ("rotated_box", ((10, 20), (40, 30)), 90)


# --- VOC -----------------------------------------------------------------------------------------

CHINESE = VOC.replace("pit", "划痕")


@pytest.mark.parametrize(
    "data",
    [
        f'<?xml version="1.0" encoding="GB2312"?>{CHINESE}'.encode("gbk"),
        f'<?xml version="1.0" encoding="gbk" ?>\n{CHINESE}'.encode(),  # declared, but not so
        CHINESE.encode("gbk"),  # by the system's encoding, undeclared
        CHINESE.encode("utf-8-sig"),
        f'<?xml version="1.0" encoding="utf-16"?>{CHINESE}'.encode("utf-16"),
        CHINESE.encode(),
    ],
    ids=["gb2312", "not-gbk", "undeclared", "bom", "utf-16", "utf-8"],
)
def test_xml_is_read_in_the_encoding_that_it_is_in(data: bytes) -> None:
    (shape,) = voc.parse(data, IMAGE).shapes
    assert shape.label == "划痕"


def test_xml_of_an_encoding_that_it_is_not_in_is_told() -> None:
    with pytest.raises(FormatError, match="not gb18030"):
        voc.parse(b'<?xml version="1.0" encoding="gbk"?><a>\xff\xff</a>', IMAGE)


def test_voc_takes_fractions_and_sizes_that_are_missing_or_nought() -> None:
    size = "<size><width>0</width><height>0</height></size>"
    for data in (VOC, VOC.replace("<object>", f"{size}<object>"), VOC.replace("30", "30.5")):
        (shape,) = voc.parse(data.encode(), IMAGE).shapes
        assert shape.points[0] == (1, 2)


def test_voc_turned_boxes_of_ro_label_img_are_read() -> None:
    turned = "<robndbox><cx>50</cx><cy>40</cy><w>20</w><h>10</h><angle>1.5707963267948966</angle>"
    before, _, rest = VOC.partition("<bndbox>")
    data = before + turned + "</robndbox>" + rest.partition("</bndbox>")[2]
    (shape,) = voc.parse(data.encode(), IMAGE).shapes
    assert (shape.kind, shape.points) == ("rotated_box", ((40, 35), (60, 45)))
    assert shape.angle == pytest.approx(90)


# --- labelme and X-AnyLabeling -------------------------------------------------------------------


def test_labelme_of_version_3_is_read() -> None:
    shape = {"label": "pit", "line_color": None, "points": [[1, 1], [9, 1], [9, 9]]}
    document = {"flags": {}, "lineColor": [0, 255, 0, 128], "imagePath": "a.jpg", "shapes": [shape]}
    (entry,), _ = opened({"a.json": document}, "instance_segmentation")
    assert entry.labels is not None
    assert entry.labels.shapes[0].kind == "polygon"


def test_labelme_with_a_large_picture_inside_is_read() -> None:
    picture = base64.b64encode(os.urandom(8 << 20)).decode()
    data = json.dumps({"shapes": [BOX], "imageData": picture}).encode()
    (entry,), _ = opened({"a.json": data})
    assert entry.labels is not None


def test_x_any_labeling_is_read() -> None:
    square = [[10, 10], [30, 10], [30, 30], [10, 30]]
    common = {"score": None, "description": None, "group_id": None, "attributes": {}, "flags": {}}
    shapes = [
        {"label": "a", "shape_type": "rectangle", "points": square, **common},
        {"label": "b", "shape_type": "rotation", "points": square, "direction": 0.0, **common},
        {"label": "c", "shape_type": "quadrilateral", "points": square, **common},
        {"label": "d", "shape_type": "polygon", "points": square, "difficult": True, **common},
    ]
    labels = labelme.read({"version": "3.2.1", "flags": {}, "shapes": shapes}, IMAGE)
    kinds = [shape.kind for shape in labels.shapes]
    assert kinds == ["box", "rotated_box", "polygon", "polygon"]
    assert "shape 4 (d) is marked difficult" in labels.warnings[0]


def test_names_of_entries_in_folders_find_their_image_in_an_old_encoding() -> None:
    name = "labels/划痕.txt".encode("gbk")
    target = packed({"x" * len(name): "0 .5 .5 .2 .2", "classes.txt": "pit"})
    target.seek(0)
    raw = target.read().replace(b"x" * len(name), name)
    assert zipfile.is_zipfile(target)
    target.seek(0)
    target.write(raw)
    archive = LabelArchive(target, is_known=lambda name: KNOWN.has_stem(name[:-4]))
    assert [member.path for member in archive.members] == ["labels/划痕.txt", "classes.txt"]


def test_a_picture_inside_a_labelme_file_costs_little_more_than_its_own_bytes() -> None:
    data = b'{"shapes": [], "imageData": "' + b"iVBORw0KGgo/" * 200_000 + b'"}'
    tracemalloc.start()
    limits.read_json(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(data)
