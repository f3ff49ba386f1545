"""COCO and CreateML, where one file speaks of many images."""

from typing import Any

import pytest

from services.annotation.domain.formats import coco, createml
from services.annotation.domain.formats.raster import decode_mask
from tests.unit.annotation.label_files import KNOWN, coco_document


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


def test_coco_key_points_are_told() -> None:
    found = coco_document(bbox=[10, 10, 20, 30], keypoints=[1, 2, 2], num_keypoints=1)
    (entry,) = coco.parse(found, "c.json", KNOWN)
    assert entry.labels is not None
    assert len(entry.labels.shapes) == 1
    assert entry.labels.warnings == ("annotation 9 (scratch): its key points are left out",)


def test_categories_of_one_name_are_told() -> None:
    found = coco_document(bbox=[10, 10, 20, 30])
    found["categories"].append({"id": 2, "name": "scratch", "supercategory": "back"})
    (entry,) = coco.parse(found, "c.json", KNOWN)
    assert entry.labels is not None
    assert entry.labels.warnings == ("2 classes are called 'scratch': taken as one label",)


def test_an_error_says_which_record_of_the_file_it_is_in() -> None:
    (wrong,) = coco.parse(coco_document(bbox=[1, 2, 3]), "c.json", KNOWN)
    box = {"label": "a", "coordinates": {"x": 10, "y": 10, "width": 4, "height": 6}}
    fine = {"image": "part-1.jpg", "annotations": [box]}
    bare = {"image": "part-2.png", "annotations": [box, {"label": "a"}]}
    errors = [entry.error for entry in createml.parse([fine, bare], "c.json", KNOWN)]
    assert wrong.error == "image 1: annotation 9: 'bbox' has 3 numbers, not 4"
    assert errors == ["", "entry 2: annotation 2: 'coordinates' is not an object"]
