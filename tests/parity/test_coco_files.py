"""COCO files are read to the values of Python's own parser and pycocotools' own masks."""

import json
import sys
from pathlib import Path
from typing import Any

import orjson
import pycocotools.mask as coco_mask
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from coco_cases import hard_case

from services.evaluator.domain.objects.samples import Detections, Samples, Truths
from services.evaluator.domain.readers.coco_files import read_coco
from services.evaluator.domain.readers.coco_records import Kind
from shared.vision.masks import to_text

KINDS: tuple[Kind, ...] = ("box", "mask")

TRUTH = """{"info":{"note":"\\u5212 \\"x\\" 划"}, "images" : [
 {"id":7,"width":20,"height":10,"file_name":"零件.jpg"},{"id":3,"width":8,"height":8}],
"annotations":[{"id":1,"image_id":7,"category_id":2,"bbox":[1,2.5,3e0,4.000],"area":7.25,
 "iscrowd":0,"segmentation":[[1,1,5,1,5,5]],"extra":{"a":[true,null,-0.5e-3,{}]}},
{"segmentation":{"size":[10,20],"counts":"\\\\1T3h1"},"iscrowd":1,"bbox":[0,0,2,2],
 "category_id":1,"image_id":7,"id":4},
{"id":9,"image_id":3,"category_id":1,"bbox":[0.1,0.2,0.3,0.7],"segmentation":
 {"counts":[10,20,34],"size":[8,8]}}],
"categories":[{"id":2,"name":"划伤"},{"id":1,"name":"pit"}]}""".encode()
RESULTS = rb"""[{"image_id":7,"category_id":2,"score":0.123456789012345678,"bbox":[1,2,3,4],
"segmentation":{"size":[10,20],"counts":"l1\\4"}}, {"image_id":3,"category_id":1,"score":1e-3,
"bbox":[5.960464477539063e-08,0,63.99999999999999,1],"segmentation":{"counts":"P2","size":[8,8]}},
{"note":"a\/b","image_id":3,"category_id":2,"score":0,"bbox":[2,2,-0.0,0.30000000000000004],
"segmentation":[[1,1,5,1,5,5]]}]"""


def code_of(segmentation: Any, size: tuple[int, int]) -> str:
    """A segmentation as pycocotools codes it."""
    if isinstance(segmentation, list):
        code = coco_mask.merge(coco_mask.frPyObjects(segmentation, *size))
    elif isinstance(segmentation["counts"], list):
        code = coco_mask.frPyObjects(segmentation, *size)
    else:
        return str(segmentation["counts"])
    return str(code["counts"].decode())


def assert_read(samples: Samples, truth: bytes, found: bytes, kind: Kind) -> None:
    dataset, results = json.loads(truth), json.loads(found)
    images = sorted(dataset["images"], key=lambda image: image["id"])
    categories = sorted(dataset["categories"], key=lambda category: category["id"])
    assert samples.labels == tuple(category["name"] for category in categories)
    assert samples.images.ids == tuple(str(image["id"]) for image in images)
    ids = [image["id"] for image in images], [category["id"] for category in categories]
    truths, detections = samples.truths, samples.detections
    for rows, read in ((dataset["annotations"], truths), (results, detections)):
        assert [ids[0][k] for k in read.image] == [row["image_id"] for row in rows]
        assert [ids[1][k] for k in read.label] == [row["category_id"] for row in rows]
        assert_places(rows, read, kind)
    assert detections.score.tolist() == [float(row["score"]) for row in results]
    assert truths.crowd.tolist() == [bool(row.get("iscrowd")) for row in dataset["annotations"]]
    assert truths.ids == tuple(str(row["id"]) for row in dataset["annotations"])
    for row, area in zip(dataset["annotations"], truths.area.tolist(), strict=True):
        assert area == row.get("area", area)


def assert_places(rows: list[dict[str, Any]], read: Truths | Detections, kind: Kind) -> None:
    if kind == "box":
        assert read.boxes_xywh.tolist() == [[float(v) for v in row["bbox"]] for row in rows]
        assert read.masks is None
        return
    assert read.masks is not None
    for place, row in enumerate(rows):
        size = int(read.masks.heights[place]), int(read.masks.widths[place])
        assert to_text(read.masks.code(place)) == code_of(row["segmentation"], size)


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_to_write_a_record_is_read(kind: Kind) -> None:
    assert_read(read_coco(TRUTH, RESULTS, kind=kind), TRUTH, RESULTS, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_hard_cases_are_read_to_the_same_values(kind: Kind) -> None:
    for seed in range(100):
        dataset, results = hard_case(seed, kind=kind)
        truth, found = orjson.dumps(dataset), orjson.dumps(results)
        assert_read(read_coco(truth, found, kind=kind), truth, found, kind)


@pytest.mark.parametrize("case", range(5))
def test_reference_files_are_read_to_the_same_values(shared_data: Path, case: int) -> None:
    folder = shared_data / "coco_reference"
    this = orjson.loads((folder / "expected.json").read_bytes())["cases"][case]
    kind: Kind = "box" if this["iouType"] == "bbox" else "mask"
    truth, found = (folder / this["gt"]).read_bytes(), (folder / this["dt"]).read_bytes()
    assert_read(read_coco(truth, found, kind=kind), truth, found, kind)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (b'"image_id":7', b'"image_id":7.0'),
        (b'"image_id":7', b'"im\\u0061ge_id":7'),
        (b'"score":0,', b'"score":0.12345678901234567890,'),
        (b'"score":1e-3', b'"score":1e-3,"score":0.5'),
        (b'"score":1e-3', b'"score":1e-300'),
        (b'"note":"a\\/b"', b'"note":[{"a":"} , {"},{}]'),
    ],
)
def test_unusual_results_are_read_all_the_same(given: bytes, written: bytes) -> None:
    found = RESULTS.replace(given, written)
    assert found != RESULTS
    assert_read(read_coco(TRUTH, found, kind="box"), TRUTH, found, "box")


def test_ids_may_be_texts() -> None:
    truth = TRUTH.replace(b'_id":7', b'_id":"a"').replace(b'_id":3', b'_id":"b"')
    truth = truth.replace(b'{"id":7', b'{"id":"a"').replace(b'{"id":3', b'{"id":"b"')
    found = RESULTS.replace(b'_id":7', b'_id":"a"').replace(b'_id":3', b'_id":"b"')
    assert_read(read_coco(truth, found, kind="box"), truth, found, "box")


def test_objects_without_boxes_are_judged_by_the_boxes_around_their_outlines() -> None:
    truth = TRUTH.replace(b'"bbox":[1,2.5,3e0,4.000],', b"")
    read = read_coco(truth, RESULTS, kind="box")
    masks = read_coco(truth, RESULTS, kind="mask")
    assert read.truths.masks is None
    assert read.truths.boxes_xywh.tolist() == masks.truths.boxes_xywh.tolist()
