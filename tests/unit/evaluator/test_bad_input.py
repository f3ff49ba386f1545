"""Bad input is refused with its place, or has a documented value; never a wrong number."""

import codecs
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
from scenes import samples, version_files

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.coco_summary import coco_summary
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.samples import Samples, check
from services.evaluator.domain.readers.coco_files import read_coco
from services.evaluator.domain.readers.platform_files import read_version

BOX = [10.0, 10.0, 20.0, 20.0]


def given() -> Samples:
    return samples([(0, 0, tuple(BOX))], [(0, 0, tuple(BOX), 0.9)])


def changed(part: str, **columns: Any) -> Samples:
    base = given()
    return replace(base, **{part: replace(getattr(base, part), **columns)})


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (changed("detections", score=np.array([np.nan])), "score is not within"),
        (changed("detections", score=np.array([1.5])), "score is not within"),
        (changed("detections", boxes_xywh=np.array([[0, 0, np.inf, 1]])), "not finite"),
        (changed("detections", boxes_xywh=np.array([[0, 0, -1.0, 1]])), "negative side"),
        (changed("truths", boxes_xywh=np.array([[np.nan, 0, 1, 1]])), "truth 0: the box"),
        (changed("truths", area=np.array([-4.0])), "area is not a size"),
        (changed("truths", label=np.array([7])), "label is unknown"),
        (changed("detections", label=np.array([-1])), "label is unknown"),
        (changed("detections", image=np.array([3])), "image is unknown"),
        (changed("detections", image=np.array([0, 0])), "differ in length"),
        (changed("truths", ids=("a", "a")), "differ in length"),
        (replace(given(), labels=("pit", "pit")), "label 'pit' is listed twice"),
    ],
)
def test_samples_that_cannot_be_judged_are_refused(bad: Samples, says: str) -> None:
    with pytest.raises(BadSamples, match=says):
        check(bad)


@pytest.mark.parametrize("marked", [(True, False), (False, True), (True, True)])
def test_a_mark_of_utf_8_in_front_of_a_file_is_passed_over(marked: tuple[bool, bool]) -> None:
    truth = orjson.dumps(
        {
            "images": [{"id": 1, "width": 64, "height": 48}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": BOX}],
            "categories": [{"id": 1, "name": "pit"}],
        }
    )
    found = orjson.dumps([{"image_id": 1, "category_id": 1, "bbox": BOX, "score": 0.5}])
    files = [
        codecs.BOM_UTF8 * mark + data for mark, data in zip(marked, (truth, found), strict=True)
    ]
    read = read_coco(*files, kind="box")
    assert (read.truths.ids, read.detections.score.tolist()) == (("1",), [0.5])


def test_the_row_that_is_wrong_is_named() -> None:
    boxes = np.tile([1.0, 1.0, 5.0, 5.0], (4, 1))
    boxes[2, 3], boxes[3, 2] = np.nan, np.inf
    rows = [(0, 0, tuple(box), 0.5) for box in np.ones((4, 4)).tolist()]
    bad = replace(base := samples([], rows), detections=replace(base.detections, boxes_xywh=boxes))
    with pytest.raises(BadSamples, match=r"detection 2: the box is not finite \(2 such\)"):
        check(bad)


def dataset(**changes: Any) -> dict[str, Any]:
    base = {
        "images": [{"id": 1, "width": 100, "height": 100}],
        "categories": [{"id": 1, "name": "pit"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": BOX}],
    }
    return base | changes


def result(**changes: Any) -> dict[str, Any]:
    return {"image_id": 1, "category_id": 1, "bbox": BOX, "score": 0.9} | changes


ANNOTATION = {"id": 1, "image_id": 1, "category_id": 1, "bbox": BOX}


@pytest.mark.parametrize(
    ("truth", "found", "says"),
    [
        (b"{", [], "truth file is not JSON"),
        ([], [], "truth file cannot be read: Expected `object`, got `array`"),
        ({"images": []}, [], "missing required field `categories`"),
        (dataset(), {"a": 1}, "predictions file cannot be read: Expected `array`, got `object`"),
        (dataset(), [result(image_id=9)], "predictions file: image_id 9 of record 0 is not listed"),
        (dataset(), [result(category_id=9)], "category_id 9 of record 0 is not listed"),
        (dataset(), [result(), result(score=None)], r"got `null` - at `\$\[1\]\.score`"),
        (dataset(), [result(bbox=[1, 2, 3])], r"of length 4 - at `\$\[0\]\.bbox`"),
        (dataset(), [result(bbox=[1, 2, -3, 4])], "negative side"),
        (
            dataset(),
            [{"image_id": 1, "category_id": 1, "bbox": BOX}],
            r"missing required field `score` - at `\$\[0\]`",
        ),
        (dataset(), [result(score="high")], "cannot be read"),
        (dataset(), [7], "cannot be read"),
        (dataset(annotations=[ANNOTATION, ANNOTATION]), [], "annotation id is listed twice"),
        (dataset(images=[{"id": 1}, {"id": 1}]), [], "image id is listed twice"),
        (dataset(annotations=[ANNOTATION | {"area": -1}]), [], "area is not a size"),
        (dataset(annotations=[ANNOTATION | {"image_id": [1]}]), [], "cannot be read"),
        (
            dataset(annotations=[ANNOTATION | {"iscrowd": "0"}]),
            [],
            r"got `str` - at `\$\[0\]\.iscrowd`",
        ),
        (
            dataset(annotations=[ANNOTATION | {"area": "9"}]),
            [],
            r"annotations, cannot be read: .*got `str` - at `\$\[0\]\.area`",
        ),
        (dataset(), [result(bbox=["1", "2", "3", "4"])], r"got `str` - at `\$\[0\]\.bbox\[0\]`"),
        (dataset(), [result(bbox=[1, True, 3, 4])], r"got `bool` - at `\$\[0\]\.bbox\[1\]`"),
        (dataset(), [result(bbox=[1, 2, 1e300, 1e300])], "bbox of record 0 lies too far outside"),
        (dataset(), [result(score="0.9")], r"got `str` - at `\$\[0\]\.score`"),
        (dataset(), [result(score=True)], r"got `bool` - at `\$\[0\]\.score`"),
        (dataset(images=[{"id": 1, "width": -5, "height": 5}]), [], "cannot be -5 pixels"),
        (dataset(images=[{"id": 1, "width": 5e18, "height": 5}]), [], r"cannot be 5e\+18 pixels"),
        (dataset(images=[{"id": 1, "width": 1e30, "height": 5}]), [], r"cannot be 1e\+30 pixels"),
        (
            dataset(images=[{"id": 1, "width": 5, "height": "5"}]),
            [],
            r"got `str` - at `\$\.images\[0\]\.height`",
        ),
        (dataset(images=[{"id": 1, "width": 5, "height": 5.5}]), [], "cannot be 5.5 pixels"),
    ],
)
def test_coco_files_that_cannot_be_judged_are_refused(truth: Any, found: Any, says: str) -> None:
    data = truth if isinstance(truth, bytes) else orjson.dumps(truth)
    with pytest.raises(BadSamples, match=says):
        read_coco(data, orjson.dumps(found), kind="box")


@pytest.mark.parametrize(
    ("segmentation", "says"),
    [
        ({"size": [100, 100], "counts": "not rle"}, "not a run-length code"),
        ({"size": [100, 100], "counts": [5]}, "do not add up"),
        ({"size": [50, 100], "counts": [5000]}, "differ in size"),
        ([[1, "a", 2, 3, 4, 5]], "cannot be read"),
        ([[1, "2", 3, 4, 5, 6]], r"got `str` - at `\$\[0\]\.segmentation\[0\]\[1\]`"),
        ({"size": [100, 100], "counts": [-5]}, "Expected `int` >= 0"),
        ({"size": [100, 100], "counts": [1e4]}, "Expected `int`, got `float`"),
        ([[1, 1, 1e9, 1, 5, 5]], "too far outside its image"),
        ([[1, 1, 1e300, 1, 5, 5]], "too far outside its image"),
    ],
)
def test_masks_that_cannot_be_read_are_refused(segmentation: Any, says: str) -> None:
    truth = dataset(annotations=[ANNOTATION | {"segmentation": segmentation}])
    with pytest.raises(BadSamples, match=says):
        read_coco(orjson.dumps(truth), b"[]", kind="mask")


def test_nan_is_not_json() -> None:
    with pytest.raises(BadSamples, match="not JSON"):
        read_coco(orjson.dumps(dataset()), b'[{"score": NaN}]', kind="box")


def test_no_truth_and_no_detection_have_documented_values() -> None:
    empty = read_coco(orjson.dumps(dataset(annotations=[])), b"[]", kind="box")
    assert np.isnan(coco_summary(evaluate(empty))["map"])
    unfound = read_coco(orjson.dumps(dataset()), b"[]", kind="box")
    assert coco_summary(evaluate(unfound))["map"] == 0.0


def test_a_box_beside_a_mask_is_read_as_strictly() -> None:
    mask = {"size": [100, 100], "counts": [0, 10, 9990]}
    truth = dataset(annotations=[ANNOTATION | {"segmentation": mask}])
    for box, says in (([1, 2], "of length 4"), ([1, 2, "3", 4], "got `str`")):
        found = [result(segmentation=mask, bbox=box)]
        with pytest.raises(BadSamples, match=says):
            read_coco(orjson.dumps(truth), orjson.dumps(found), kind="mask")


def test_an_image_too_large_for_masks_is_refused() -> None:
    truth = dataset(
        images=[{"id": 1, "width": 100_000, "height": 100_000}],
        annotations=[ANNOTATION | {"segmentation": [[1, 1, 9, 1, 9, 9]]}],
    )
    with pytest.raises(BadSamples, match="too large for masks"):
        read_coco(orjson.dumps(truth), b"[]", kind="mask")


def test_a_wrong_record_among_many_is_named() -> None:
    data = orjson.dumps([*(result() for _ in range(40_000)), result(bbox=[1, 2, True, 4])])
    with pytest.raises(BadSamples, match=r"at `\$\[40000\]\.bbox\[2\]`"):
        read_coco(orjson.dumps(dataset()), data, kind="box")


def test_a_wrong_mask_among_many_is_named() -> None:
    good = result(segmentation={"size": [100, 100], "counts": [10_000]})
    bad = result(segmentation={"size": [100, 100], "counts": [9_999]})
    truth = dataset(annotations=[])
    with pytest.raises(BadSamples, match=r"predictions file: segmentation of record 2: .*add up"):
        read_coco(orjson.dumps(truth), orjson.dumps([good, good, bad]), kind="mask")


def test_a_drawn_shape_far_outside_its_image_is_refused() -> None:
    """Coordinates may be large in a snapshot; an outline is walked pixel by pixel."""
    manifest, predictions = version_files(images=4, skill=0.0)
    snapshot = orjson.loads(manifest)
    snapshot["images"][0]["ignore_regions"] = [{"points": [[0, 0], [1e9, 0], [1e9, 1e9]]}]
    with pytest.raises(BadSamples, match="image i0: a polygon lies too far outside"):
        read_version(orjson.dumps(snapshot), predictions)
