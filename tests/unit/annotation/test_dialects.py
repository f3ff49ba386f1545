"""Each dialect as its tool writes it, whole files by hand: objects are where they were drawn."""

import json
from typing import Any

import numpy as np
import pytest

from services.annotation.domain.formats.raster import decode_mask, encode_mask
from shared.contracts.shapes import Shape, Task
from tests.unit.annotation.test_foreign_datasets import opened

RING = [10, 10, 30, 10, 30, 20]
OUTLINE = ("polygon", [10.0, 10.0, 30.0, 10.0, 30.0, 20.0])
BOX = ("box", [10.0, 20.0, 40.0, 30.0])
PIXELS = np.zeros((80, 100), np.bool_)
PIXELS[4:8, 10:30] = True
PIXELS[6, 12] = False
RLE = encode_mask(PIXELS)
RUNS = [int(run) for run in np.diff(np.flatnonzero(np.diff(PIXELS.T.ravel(), prepend=2, append=2)))]
MASK = ("mask", [10.0, 4.0, 30.0, 8.0])


def found(shape: Shape) -> tuple[str, list[float]]:
    if shape.rle is not None:
        assert np.array_equal(decode_mask(shape.rle), PIXELS)
        return shape.kind, [*MASK[1]]
    angle = [] if shape.angle is None else [round(shape.angle, 3)]
    return shape.kind, [round(value, 3) for point in shape.points for value in point] + angle


# --- COCO ----------------------------------------------------------------------------------------


def cvat(*annotations: dict[str, Any]) -> dict[str, Any]:
    image = {"id": 1, "width": 100, "height": 80, "file_name": "line 1/a.jpg", "license": 0}
    image |= {"flickr_url": "", "coco_url": "", "date_captured": 0}
    common = {"id": 1, "image_id": 1, "category_id": 1, "area": 9.0, "iscrowd": 0}
    attributes = {"attributes": {"occluded": False}}
    return {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {"contributor": "", "year": "", "url": "", "version": "", "date_created": ""},
        "categories": [{"id": 1, "name": "pit", "supercategory": ""}],
        "images": [image],
        "annotations": [common | attributes | annotation for annotation in annotations],
    }


BBOX = [10.0, 20.0, 30.0, 10.0]
CVAT = cvat(
    {"segmentation": [], "bbox": BBOX},
    {"segmentation": [], "bbox": BBOX, "attributes": {"occluded": False, "rotation": 30.0}},
    {"segmentation": [RING], "bbox": [10, 10, 20, 10]},
    {"segmentation": {"counts": RUNS, "size": [80, 100]}, "bbox": [10, 4, 20, 4], "iscrowd": 1},
)
ROBOFLOW = {
    "info": {"year": "2026", "version": "2", "description": "Exported from roboflow.com"},
    "licenses": [{"id": 1, "url": "", "name": "CC BY 4.0"}],
    "categories": [
        {"id": 0, "name": "defects", "supercategory": "none"},
        {"id": 1, "name": "pit", "supercategory": "defects"},
    ],
    "images": [
        {"id": 0, "license": 1, "file_name": "a.jpg", "height": 80, "width": 100},
        {"id": 1, "license": 1, "file_name": "b.jpg", "height": 80, "width": 100},
    ],
    "annotations": [
        {"id": 0, "image_id": 0, "category_id": 1, "bbox": BBOX, "area": 300.0}
        | {"segmentation": [], "iscrowd": 0},
        {"id": 1, "image_id": 0, "category_id": 1, "bbox": [10, 10, 20, 10], "area": 100}
        | {"segmentation": [RING], "iscrowd": 0},
        {"id": 2, "image_id": 0, "category_id": 1, "bbox": [10, 4, 20, 4], "area": 79}
        | {"segmentation": {"size": [80, 100], "counts": RLE.counts}, "iscrowd": 0},
    ],
}
LABEL_STUDIO = {
    "images": [
        {"width": 100, "height": 80, "id": 0, "file_name": "images\\0a1b2c3d-a.jpg"},
        {"width": 100, "height": 80, "id": "b-1", "file_name": "/data/local-files/?d=set/b.jpg"},
    ],
    "categories": [{"id": 0, "name": "pit"}],
    "annotations": [
        {"id": 0, "image_id": 0.0, "category_id": "0", "segmentation": [], "bbox": BBOX}
        | {"ignore": 0, "iscrowd": 0, "area": 300.0},
        {"id": 1, "image_id": "b-1", "category_id": 0, "segmentation": [RING]}
        | {"bbox": [10, 10, 20, 10], "ignore": 0, "iscrowd": 0, "area": 100.0},
    ],
    "info": {"year": 2026, "version": "1.0", "description": "", "contributor": "Label Studio"},
}

# --- Datumaro and Geti ---------------------------------------------------------------------------


def datumaro(*annotations: dict[str, Any], **infos: Any) -> dict[str, Any]:
    common = {"attributes": {"occluded": False}, "group": 0, "label_id": 0, "z_order": 0}
    listed = [{"id": 0} | common | annotation for annotation in annotations]
    labels = [{"name": "pit", "parent": "", "attributes": []}]
    image = {"path": "default/a.jpg", "size": [80, 100]}
    return {
        "dm_format_version": "1.0",
        "media_type": 2,
        "infos": infos,
        "categories": {"label": {"label_groups": [], "labels": labels, "attributes": []}},
        "items": [{"id": "default/a", "annotations": listed, "attr": {"frame": 0}, "image": image}],
    }


DATUMARO = datumaro(
    {"type": "bbox", "bbox": BBOX},
    {"type": "bbox", "bbox": BBOX, "attributes": {"occluded": False, "rotation": 30.0}},
    {"type": "polygon", "points": RING},
    {"type": "mask", "rle": {"counts": RLE.counts, "size": [80, 100]}},
    {"type": "skeleton", "elements": []},
)
GETI = datumaro(
    {"type": "polygon", "points": RING},
    {"type": "mask", "rle": {"counts": RLE.counts, "size": [80, 100]}},
    GetiProjectTask="segmentation",
    GetiTaskTypeLabels=[["segmentation", ["pit"]]],
)

# --- VOC -----------------------------------------------------------------------------------------

VOC = """<annotation>
  <folder>shots</folder><filename>a.jpg</filename><path>C:\\shots\\a.jpg</path>
  <source><database>Unknown</database></source>{size}<segmented>0</segmented>
  <object><name>划痕</name><pose>Unspecified</pose><truncated>0</truncated>
    <difficult>{difficult}</difficult>{more}
    <bndbox><xmin>10.0</xmin><ymin>20</ymin><xmax>40</xmax><ymax>30.0</ymax></bndbox>
  </object>
</annotation>"""
SIZE = "<size><width>100</width><height>80</height><depth>3</depth></size>"
TURN = "<attributes><attribute><name>rotation</name><value>30.0</value></attribute></attributes>"


def voc(*, size: str = SIZE, difficult: str = "0", more: str = "") -> str:
    return VOC.format(size=size, difficult=difficult, more=more)


UTF8, GBK = (f'<?xml version="1.0" encoding="{name}"?>\n' for name in ("utf-8", "GBK"))

# --- labelme and X-AnyLabeling -------------------------------------------------------------------

CORNERS = [[10, 10], [30, 10], [30, 20]]
LABELME_3 = {
    "flags": {},
    "shapes": [{"label": "pit", "line_color": None, "fill_color": None, "points": CORNERS}],
    "lineColor": [0, 255, 0, 128],
    "fillColor": [255, 0, 0, 128],
    "imagePath": "..\\shots\\a.jpg",
    "imageData": "/9j/4AAQSkZJRgABAQAAAQABAAD",
}
LABELME_4 = {
    "version": "4.5.6",
    "flags": {},
    "shapes": [
        {"label": "划痕", "points": [[40.0, 30.0], [10.0, 20.0]], "group_id": None}
        | {"shape_type": "rectangle", "flags": {}}
    ],
    "imagePath": "a.jpg",
    "imageData": None,
    "imageHeight": 80,
    "imageWidth": 100,
}
X_ANY = {
    "version": "2.4.4",
    "flags": {},
    "shapes": [
        {"kie_linking": [], "label": "pit", "score": 0.9, "group_id": None, "description": ""}
        | {"points": [[10, 20], [40, 20], [40, 30], [10, 30]], "shape_type": "rectangle"}
        | {"difficult": False, "flags": {}, "attributes": {}},
        {"label": "pit", "score": None, "group_id": None, "description": None, "flags": None}
        | {"points": [[50, 20], [60, 30], [50, 40], [40, 30]], "shape_type": "rotation"}
        | {"direction": 0.785, "difficult": False, "attributes": {}},
    ],
    "imagePath": "a.jpg",
    "imageData": None,
    "imageHeight": 80,
    "imageWidth": 100,
}
TURNED = ("rotated_box", [10.0, 20.0, 40.0, 30.0, 30.0])
PLACE = {"x": 25, "y": 25, "width": 30.0, "height": 10}
CREATEML = [
    {"image": "a.jpg", "verified": False, "annotations": [{"label": "pit", "coordinates": PLACE}]}
]
SEG_ROW = "0 0.1 0.125 0.3 0.125 0.3 0.25\n"
OBB_ROW = "0 0.5 0.25 0.6 0.375 0.5 0.5 0.4 0.375\n"
DOTA = "imagesource:GoogleEarth\r\ngsd:0.14\r\n50 20 60 30 50 40 40 30 pit 0\r\n"
DIAMOND = ("rotated_box", [42.929, 22.929, 57.071, 37.071, 45.0])
YOLO_YAML = "train: ../train/images\nnc: 1\nnames: ['pit']\n"


@pytest.mark.parametrize(
    ("files", "task", "shapes"),
    [
        (
            {"annotations/instances_default.json": CVAT, "images/line 1/a.jpg": b""},
            "instance_segmentation",
            [
                ("polygon", [10.0, 20.0, 40.0, 20.0, 40.0, 30.0, 10.0, 30.0]),
                ("polygon", [14.51, 13.17, 40.49, 28.17, 35.49, 36.83, 9.51, 21.83]),
                OUTLINE,
                MASK,
            ],
        ),
        (
            {"train/_annotations.coco.json": ROBOFLOW, "README.dataset.txt": "defects > v2"},
            "detection",
            [BOX, ("box", [10.0, 10.0, 30.0, 20.0]), ("box", MASK[1])],
        ),
        ({"result.json": LABEL_STUDIO}, "detection", [BOX, ("box", [10.0, 10.0, 30.0, 20.0])]),
        (
            {"annotations/default.json": DATUMARO},
            "detection",
            [BOX, TURNED, ("box", [10.0, 10.0, 30.0, 20.0]), ("box", MASK[1])],
        ),
        (
            {"dataset/annotations/default.json": GETI, "dataset/images/default/a.jpg": b""},
            "semantic_segmentation",
            [OUTLINE, MASK],
        ),
        ({"labelTxt-v1.5/a.txt": DOTA}, "detection", [DIAMOND]),
        ({"train/labels/a.txt": OBB_ROW, "data.yaml": YOLO_YAML}, "detection", [DIAMOND]),
        (
            {"train/labels/a.txt": SEG_ROW, "data.yaml": YOLO_YAML},
            "instance_segmentation",
            [OUTLINE],
        ),
        (
            {"data/obj/a.txt": "0 0.25 0.3125 0.3 0.125", "data/obj.names": "pit\n"},
            "detection",
            [BOX],
        ),
        ({"a.json": LABELME_3}, "instance_segmentation", [OUTLINE]),
        ({"a.json": LABELME_4}, "detection", [BOX]),
        (
            {"a.json": json.dumps(LABELME_4, ensure_ascii=False).encode("gbk")},
            "detection",
            [BOX],
        ),
        ({"a.json": X_ANY}, "detection", [BOX, DIAMOND]),
        ({"a.xml": voc()}, "detection", [BOX]),
        ({"a.xml": voc(size="<size><width/><height/></size>")}, "detection", [BOX]),
        ({"a.xml": voc(size="")}, "detection", [BOX]),
        ({"a.xml": voc(more=TURN)}, "detection", [TURNED]),
        ({"a.xml": (GBK + voc()).encode("gbk")}, "detection", [BOX]),
        ({"a.xml": (GBK + voc()).encode("utf-8-sig")}, "detection", [BOX]),
        ({"a.xml": (UTF8 + voc()).encode("gbk")}, "detection", [BOX]),
        ({"_annotations.createml.json": CREATEML}, "detection", [BOX]),
    ],
    ids=[
        *("cvat", "roboflow", "label-studio", "datumaro-by-cvat", "geti", "dota", "yolo-obb"),
        *("yolo-seg", "darknet", "labelme-3", "labelme-4", "labelme-4-gbk", "x-anylabeling"),
        *("voc", "voc-size-blank", "voc-size-none", "voc-by-cvat-turned", "voc-gbk"),
        *("voc-bom", "voc-gbk-undeclared", "createml"),
    ],
)
def test_what_a_tool_writes_comes_in_where_it_was_drawn(
    files: dict[str, Any], task: Task, shapes: list[tuple[str, list[float]]]
) -> None:
    entries, _ = opened(files, task)
    assert [entry.error for entry in entries if entry.error] == []
    read = [shape for entry in entries if entry.labels for shape in entry.labels.shapes]
    assert [found(shape) for shape in read] == shapes
    assert {shape.label for shape in read} <= {"pit", "划痕"}


@pytest.mark.parametrize("difficult", ["1", "True", " true "])
def test_an_object_that_a_tool_marks_difficult_is_told(difficult: str) -> None:
    (entry,), _ = opened({"a.xml": voc(difficult=difficult)})
    assert entry.labels is not None
    assert entry.labels.warnings == ("object 1 (划痕) is marked difficult: taken as any other",)


@pytest.mark.parametrize("mark", [1, True, "1"])
def test_a_crowd_is_one_however_its_mark_is_written(mark: object) -> None:
    crowd = {"segmentation": [RING], "bbox": BBOX, "iscrowd": mark}
    (entry,), _ = opened({"c.json": cvat(crowd)})
    assert entry.labels is not None
    assert (entry.labels.shapes, len(entry.labels.ignore_regions)) == ((), 1)


@pytest.mark.parametrize("counts", [[8000], [], ""])
def test_run_lengths_of_no_pixel_fall_back_to_the_bbox(counts: object) -> None:
    empty = {"segmentation": {"size": [80, 100], "counts": counts}, "bbox": BBOX}
    (entry,), _ = opened({"c.json": cvat(empty)})
    assert entry.labels is not None
    assert [found(shape) for shape in entry.labels.shapes] == [BOX]
    assert entry.labels.warnings == (
        "annotation 1 (pit): its outline has no area, its bbox counts",
    )


@pytest.mark.parametrize("outline", [RING, {"size": [80, 100], "counts": [*map(float, RUNS)]}])
def test_outlines_without_their_list_and_whole_fractions_are_read(outline: object) -> None:
    (entry,), _ = opened(
        {"c.json": cvat({"segmentation": outline, "bbox": BBOX})}, "instance_segmentation"
    )
    assert entry.labels is not None
    assert [found(shape) for shape in entry.labels.shapes] in ([OUTLINE], [MASK])


def test_a_turned_box_that_sticks_out_is_not_told_as_cut() -> None:
    out = {"segmentation": [], "bbox": [80, 20, 30, 10], "attributes": {"rotation": 30}}
    (entry,), _ = opened({"c.json": cvat(out)})
    assert entry.labels is not None
    assert (entry.labels.shapes[0].kind, entry.labels.warnings) == ("rotated_box", ())
