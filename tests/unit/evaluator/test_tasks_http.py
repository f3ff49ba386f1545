"""Reports on versions of other tasks than detection, by HTTP."""

import numpy as np
import orjson
from hearing import PATH, hear, problem, project, store, succeeded, train
from pycocotools import mask as coco
from stored import files, image

from services.evaluator.app import build
from services.evaluator.repository import REPORTS
from shared.contracts.predictions import Detection, ImagePredictions, LabelMask
from shared.contracts.shapes import Rle, Shape
from shared.hosting.stores import Stores
from tests.running import running

SIDE = 12


async def test_a_classification_gets_its_own_report(stores: Stores) -> None:
    service = build(stores)
    r = np.random.default_rng(0)
    pairs = [
        (
            image(f"i{k}", (Shape(label=label, kind="image"),), (20, 20)),
            ImagePredictions(image_id=f"i{k}", scores=tuple(r.dirichlet((1, 1)).tolist())),
        )
        for k, label in enumerate(["apple", "cherry"] * 10)
    ]
    manifest, predictions = files("classification", ("apple", "cherry"), pairs)
    await stores.open(service.all_collections)
    await project(service)
    keys = [await store(stores, data) for data in (manifest, predictions)]
    await hear(service, succeeded(keys[0], keys[1]))
    boxes = await stores.documents.outboxes([REPORTS.name], 10)
    async with running(stores, [service]) as platform:
        answer = await platform.client.get(f"{PATH}/V1/report")
        page = await platform.client.get(f"{PATH}/V1/report.html?language=en")
        refused = [
            await platform.client.get(f"{PATH}/V1/{what}")
            for what in ("report?threshold=0.4", "errors")
        ]
    said = orjson.loads(boxes[0].events[0].value)["data"]
    report = answer.json()
    assert answer.status_code == 200
    assert report["kind"] == report["task"] == "classification"
    assert report["overall"]["accuracy"] == report["average_detection_rate"]
    assert (said["map_50"], said["map_50_95"], said["best_threshold"]) == (None, None, None)
    assert said["f1"] == report["f1"]
    assert len(report["details"]["roc"]) == 2
    assert "Evaluation report" in page.text
    assert [problem(one) for one in refused] == [(422, "invalid-input")] * 2


def masked(rows: slice, columns: slice) -> Rle:
    """A rectangle as pycocotools writes it."""
    pixels = np.zeros((SIDE, SIDE + 4), np.uint8, order="F")
    pixels[rows, columns] = 1
    code = coco.encode(pixels)
    return Rle(size=code["size"], counts=code["counts"].decode())


def predicted(label: str, rle: Rle, score: float) -> Detection:
    x, y, w, h = coco.toBbox({"size": rle.size, "counts": rle.counts.encode()}).tolist()
    return Detection(label=label, score=score, box=(x, y, x + w, y + h), rle=rle)


async def test_errors_of_instance_segmentation_carry_their_masks(stores: Stores) -> None:
    """A hit, a wrong label, a false detection and a missed polygon, on two images."""
    pit, crack, ghost, hit = (
        masked(slice(1, 5), slice(1, 4)),
        masked(slice(6, 10), slice(6, 12)),
        masked(slice(0, 3), slice(9, 13)),
        masked(slice(1, 5), slice(1, 5)),
    )
    shapes = (
        Shape(id="pit", label="pit", kind="mask", rle=pit),
        Shape(id="crack", label="crack", kind="mask", rle=crack),
    )
    corners = ((2.0, 2.0), (8.0, 2.0), (8.0, 7.0), (2.0, 7.0))
    drawn = Shape(id="drawn", label="pit", kind="polygon", points=corners)
    found = (predicted("pit", hit, 0.9), predicted("pit", crack, 0.8), predicted("pit", ghost, 0.7))
    pairs = [
        (image("a", shapes, (SIDE, SIDE + 4)), ImagePredictions(image_id="a", detections=found)),
        (image("b", (drawn,), (SIDE, SIDE + 4)), ImagePredictions(image_id="b")),
    ]
    manifest, predictions = files("instance_segmentation", ("pit", "crack"), pairs)
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        keys = [await store(stores, data) for data in (manifest, predictions)]
        await hear(service, succeeded(keys[0], keys[1]))
        answer = await platform.client.get(f"{PATH}/V1/errors?threshold=0.5")
    marks = {
        (one["image_id"], mark["kind"], mark["label"], mark["confused_with"]): mark["rle"]
        for one in answer.json()["items"]
        for mark in one["marks"]
    }
    polygon = coco.frPyObjects([[c for point in corners for c in point]], SIDE, SIDE + 4)[0]
    assert marks == {
        ("a", "correct", "pit", None): hit.model_dump(mode="json"),
        ("a", "false", "pit", "crack"): crack.model_dump(mode="json"),
        ("a", "missed", "crack", "pit"): crack.model_dump(mode="json"),
        ("a", "false", "pit", None): ghost.model_dump(mode="json"),
        ("b", "missed", "pit", None): {
            "size": [SIDE, SIDE + 4],
            "counts": polygon["counts"].decode(),
        },
    }


async def test_errors_of_a_segmenter_are_the_parts_that_it_missed_or_found_wrongly(
    stores: Stores,
) -> None:
    pit, ghost = masked(slice(1, 5), slice(1, 4)), masked(slice(6, 10), slice(6, 12))
    shape = Shape(id="pit", label="pit", kind="mask", rle=pit)
    pairs = [
        (
            image("a", (shape,), (SIDE, SIDE + 4)),
            ImagePredictions(image_id="a", label_masks=(LabelMask(label="crack", rle=ghost),)),
        ),
        (
            image("b", (shape,), (SIDE, SIDE + 4)),
            ImagePredictions(image_id="b", label_masks=(LabelMask(label="pit", rle=pit),)),
        ),
    ]
    manifest, predictions = files("semantic_segmentation", ("pit", "crack"), pairs)
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        keys = [await store(stores, data) for data in (manifest, predictions)]
        await hear(service, succeeded(keys[0], keys[1]))

        async def errors(query: str = "") -> list[dict]:
            answer = await platform.client.get(f"{PATH}/V1/errors{query}")
            assert answer.status_code == 200, answer.text
            assert answer.json()["total"] == len(answer.json()["items"])
            return answer.json()["items"]

        (only,) = await errors()
        assert (only["image_id"], only["width"], only["height"]) == ("a", SIDE + 4, SIDE)
        assert [(m["kind"], m["label"], m["rle"]) for m in only["marks"]] == [
            ("false", "crack", ghost.model_dump(mode="json")),
            ("missed", "pit", pit.model_dump(mode="json")),
        ]
        (missed,) = await errors("?label=pit&sort=size")
        assert [mark["kind"] for mark in missed["marks"]] == ["missed"]
        assert not await errors("?label=pit&kind=false")
        assert not await errors("?kind=correct")
        asked = await platform.client.get(f"{PATH}/V1/errors?threshold=0.4")
        assert problem(asked) == (422, "invalid-input")


async def test_boxes_carry_no_masks(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        answer = await platform.client.get(f"{PATH}/V1/errors")
    assert {mark["rle"] for one in answer.json()["items"] for mark in one["marks"]} == {None}
