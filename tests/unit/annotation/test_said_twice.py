"""Two files of an archive that speak of one image: joined where they agree, refused where not."""

import threading
from typing import Any

import pytest

from services.annotation.process import doubles
from services.annotation.process.parser_messages import ParsedArchive
from shared.hosting.stores import Stores
from tests.unit.annotation.platform import BASE, factory, labelme
from tests.unit.annotation.test_imports import send

NAMES = {"data.yaml": "names: [pit]"}
HERE, THERE = "0 .5 .5 .2 .2\n", "0 .2 .2 .1 .1\n"


async def test_labels_that_differ_between_folders_are_refused_with_the_split(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        image, other = await world.image("0001.jpg"), await world.image("b.jpg")
        files = {"train/labels/0001.txt": HERE, "valid/labels/0001.txt": THERE, **NAMES}
        answer = await send(world, {**files, "train/labels/b.txt": HERE})
        stored = (await world.client.get(f"{BASE}/images/{image}")).json()
        beside = (await world.client.get(f"{BASE}/images/{other}")).json()
    assert answer.status_code == 207
    entries = {entry["file"]: entry for entry in answer.json()["entries"]}
    for own, twin in (("train", "valid"), ("valid", "train")):
        entry = entries[f"{own}/labels/0001.txt"]
        assert entry["status"] == "failed"
        assert f"'0001.jpg' has other labels in '{twin}/labels/0001.txt'" in entry["message"]
    assert (stored["annotated"], stored["split"]) == (False, None)
    assert (beside["annotated"], beside["split"]) == (True, "train")


async def test_what_files_say_is_compared_beside_the_event_loop(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled, threads = doubles.settled, list[threading.Thread]()

    def noted(*report: Any) -> ParsedArchive:
        threads.append(threading.current_thread())
        return settled(*report)

    monkeypatch.setattr(doubles, "settled", noted)
    async with factory(stores) as world:
        await world.image("0001.jpg")
        answer = await send(world, {"0001.txt": HERE, **NAMES})
    assert answer.status_code == 201
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def test_labels_that_agree_count_once_and_are_told(stores: Stores) -> None:
    xml = (
        "<annotation><object><name>pit</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
        "<xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>"
    )
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        answer = await send(world, {"a.json": labelme("pit"), "a.xml": xml})
        stored = (await world.client.get(f"{BASE}/images/{image}")).json()
    assert answer.status_code == 201
    told: list[Any] = [(e["file"], e["status"], e["message"]) for e in answer.json()["entries"]]
    assert told == [
        ("a.json", "imported", ""),
        ("a.xml", "left_aside", "says the same as 'a.json'"),
    ]
    assert len(stored["shapes"]) == 1


async def test_files_that_differ_by_their_case_alone_find_their_own_images(stores: Stores) -> None:
    async with factory(stores) as world:
        images = [await world.image(name) for name in ("Part.jpg", "part.jpg")]
        answer = await send(world, {"Part.txt": HERE, "part.txt": THERE, **NAMES})
        found = [(await world.client.get(f"{BASE}/images/{i}")).json() for i in images]
    assert answer.status_code == 201
    assert [round(one["shapes"][0]["points"][0][0]) for one in found] == [256, 96]


async def test_one_image_is_not_labelled_by_two_files_that_differ_by_their_case(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        await world.image("part.jpg")
        answer = await send(world, {"PART.txt": HERE, "part.txt": THERE, **NAMES})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["PART.txt", "part.txt"]
