"""Reports on versions of other tasks than detection, by HTTP."""

from unittest.mock import Mock

import numpy as np
import orjson
import pytest
from hearing import PATH, hear, problem, project, store, succeeded, train
from pycocotools import mask as coco
from stored import files, image

from services.evaluator.app import build
from services.evaluator.handlers import reports
from services.evaluator.repository import REPORTS
from shared.contracts.predictions import Detection, ImagePredictions, LabelMask, TextLine
from shared.contracts.shapes import Rle, Shape
from shared.contracts.snapshot import SnapshotImage
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


async def test_a_reader_gets_its_misread_lines_and_is_compared_line_by_line(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Capitals alone: small letters are no mistake. V2 mends a sign of V1, and loses a line."""
    computed = Mock(side_effect=reports.compared_lines)
    monkeypatch.setattr(reports, "compared_lines", computed)
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        said = {"V1": ("T0TAL", "cash"), "V2": ("total", None), "V3": ("TOTAL", "CASH")}
        for number, (version, lines) in enumerate(said.items()):
            other = "b" if version == "V3" else "a"
            blobs = files("ocr", ("text",), [_receipt(other, *lines)])
            keys = [await store(stores, data) for data in blobs]
            body = succeeded(keys[0], keys[1], version)
            await hear(service, body, sequence=number)
        report = (await platform.client.get(f"{PATH}/V1/report")).json()
        page = await platform.client.get(f"{PATH}/V1/report.html?language=en")
        compared = (await platform.client.get(f"{PATH}/V2/compare?with=V1")).json()
        again = (await platform.client.get(f"{PATH}/V2/compare?with=V1")).json()
        assert (again, computed.call_count) == (compared, 1)
        backwards = (await platform.client.get(f"{PATH}/V1/compare?with=V2")).json()
        apart = await platform.client.get(f"{PATH}/V3/compare?with=V1")
    details = report["details"]
    assert details["is_cased"] is False
    assert details["lines"]["counts"] == {"wrong_sign": 1, "missed": 0, "false": 0}
    (line,) = details["lines"]["samples"]
    assert [part["read"] for part in line["parts"] if part["wrong"]] == ["0"]
    assert (line["image_id"], line["shape_id"], line["errors"]) == ("a", "s0", 1)
    assert report["overall"]["exact_match"] == 0.5
    strict = next(one for one in details["readings"] if one["case"] and one["spaces"])
    assert strict["exact_match"] == 0.0
    assert "T0TAL" in page.text
    assert compared["lines"]["better"] == compared["lines"]["worse"] == 1
    moved = [(one["errors_before"], one["errors_now"]) for one in compared["lines"]["samples"]]
    assert moved == [(1, 0), (0, 4)]
    back = [(one["errors_before"], one["errors_now"]) for one in backwards["lines"]["samples"]]
    assert back == [(4, 0), (0, 1)]
    assert next(iter(compared["figures"])) == "exact_match_any_case"
    assert problem(apart) == (409, "conflict")


def _receipt(name: str, *read: str | None) -> tuple[SnapshotImage, ImagePredictions]:
    rings = [((5.0, top), (85.0, top), (85.0, top + 9.0), (5.0, top + 9.0)) for top in (5.0, 25.0)]
    shapes = tuple(
        Shape(id=f"s{k}", label="text", kind="polygon", points=ring, text=text)
        for k, (ring, text) in enumerate(zip(rings, ("TOTAL", "CASH"), strict=True))
    )
    lines = tuple(
        TextLine(points=ring, text=text, score=0.9)
        for ring, text in zip(rings, read, strict=True)
        if text is not None
    )
    return image(name, shapes, (100, 100)), ImagePredictions(image_id=name, lines=lines)
