"""Files of many images from the wild: every record is joined with its image or refused."""

from typing import Any

import numpy as np
import pytest

from services.annotation.domain.formats import coco, createml
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
)
from shared.vision import polygons

KNOWN = KnownImages([KnownImage("i1", "f.png", 100, 80), KnownImage("i2", "g.png", 100, 80)])
CATEGORIES = [{"id": 1, "name": "dent"}]


def annotation(image_id: Any, **more: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": image_id, "category_id": 1, "bbox": [1, 2, 10, 20], **more}


def read(images: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> list[ImportEntry]:
    document = {"images": images, "annotations": annotations, "categories": CATEGORIES}
    return list(coco.parse(document, "c.json", KNOWN))


def shapes(entries: list[ImportEntry]) -> dict[str, int | str]:
    return {
        entry.image.name if entry.image else "": (
            len(entry.labels.shapes) if entry.labels else entry.error
        )
        for entry in entries
    }


def test_ids_are_equal_however_their_numbers_are_written() -> None:
    images = [{"id": 1, "file_name": "f.png"}, {"id": "2", "file_name": "g.png"}]
    assert shapes(read(images, [annotation(1.0), annotation(2)])) == {"f.png": 1, "g.png": 1}


def test_two_records_of_one_image_under_one_name_are_joined() -> None:
    images = [{"id": 1, "file_name": "f.png"}, {"id": 2, "file_name": "f.png"}]
    (entry,) = read(images, [annotation(1), annotation(2, bbox=[30, 30, 5, 5])])
    assert entry.labels is not None
    assert len(entry.labels.shapes) == 2


def test_two_folders_that_mean_one_image_are_refused_both() -> None:
    images = [{"id": 1, "file_name": "v1/f.png"}, {"id": 2, "file_name": "v2/f.png"}]
    (entry,) = read(images, [annotation(1), annotation(2)])
    assert entry.labels is None
    assert "'v1/f.png' and 'v2/f.png', both mean the image 'f.png'" in entry.error


def test_an_image_is_no_negative_where_annotations_are_lost() -> None:
    entries = read([{"id": 1, "file_name": "f.png"}], [annotation(7)])
    assert [entry.labels for entry in entries] == [None, None]
    assert "not taken for an image without objects" in entries[1].error


def test_an_image_without_annotations_is_a_negative_where_none_is_lost() -> None:
    images = [{"id": 1, "file_name": "f.png"}, {"id": 2, "file_name": "g.png"}]
    assert shapes(read(images, [annotation(2)])) == {"f.png": 0, "g.png": 1}


@pytest.mark.parametrize(
    ("images", "annotations", "says"),
    [
        ([{"id": 1.5, "file_name": "f.png"}], [], "image 1: 'id' is neither"),
        ([{"file_name": "f.png"}], [], "image 1: 'id' is neither"),
        ([{"id": True, "file_name": "f.png"}], [], "image 1: 'id' is neither"),
        ([{"id": 1, "file_name": ""}], [], "image 1 has no file_name"),
        (
            [{"id": 1, "file_name": "f.png"}, {"id": 1.0, "file_name": "g.png"}],
            [],
            "image 1 and image 2 have the same id 1",
        ),
        ([{"id": 1, "file_name": "f.png"}], [annotation(None)], "annotation 1: 'image_id'"),
    ],
)
def test_a_file_whose_ids_are_broken_is_refused_by_its_record(
    images: list[dict[str, Any]], annotations: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(FormatError, match=says):
        read(images, annotations)


@pytest.mark.parametrize("outline", [[], [[]], [[], []], [[5, 5, 5, 5]], [[1, 1, 2, 2, 3, 3]]])
def test_an_outline_that_shows_nothing_falls_back_to_the_bbox(outline: list[Any]) -> None:
    (entry,) = read([{"id": 1, "file_name": "f.png"}], [annotation(1, segmentation=outline)])
    assert entry.labels is not None
    (shape,) = entry.labels.shapes
    assert (shape.kind, shape.points) == ("box", ((1, 2), (11, 22)))


def test_a_symmetric_bow_tie_is_an_object() -> None:
    bow_tie = [[10, 10, 50, 50, 50, 10, 10, 50]]
    (entry,) = read([{"id": 1, "file_name": "f.png"}], [annotation(1, segmentation=bow_tie)])
    assert entry.labels is not None
    (shape,) = entry.labels.shapes
    assert (shape.kind, len(shape.points)) == ("polygon", 4)


@pytest.mark.parametrize(
    ("ring", "expected"),
    [
        ([(0, 0), (4, 0), (4, 3)], True),
        ([(0, 0), (4, 4), (4, 0), (0, 4)], True),  # two halves that run different ways round
        ([(0, 0), (9, 3), (6, 2)], False),  # on one line
        ([(0, 0), (9, 0), (0, 0), (0, 9)], False),  # spikes
        ([(1, 1), (1, 1), (1, 1)], False),
        ([(0, 0), (1e-3, 0), (0, 1e-3)], True),  # small is not nothing
        ([(0, 0), (4, 0)], False),
    ],
)
def test_an_outline_has_an_inside_or_not(ring: list[tuple[float, float]], expected: bool) -> None:
    moved = np.asarray(ring, np.float64) + 300
    assert polygons.has_inside(polygons.as_ring(ring)) is expected
    assert polygons.has_inside(moved) is expected


def test_createml_entries_of_one_image_are_joined() -> None:
    box = {"label": "a", "coordinates": {"x": 10, "y": 10, "width": 4, "height": 6}}
    other = {"label": "a", "coordinates": {"x": 30, "y": 30, "width": 4, "height": 6}}
    document = [{"image": "f.png", "annotations": [item]} for item in (box, other)]
    assert shapes(list(createml.parse(document, "c.json", KNOWN))) == {"f.png": 2}
