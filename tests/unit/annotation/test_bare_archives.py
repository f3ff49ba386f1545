"""Archives in which there is nothing to import: what they hold instead is told."""

from typing import Any

from shared.hosting.stores import Stores
from tests.unit.annotation.platform import factory, labelme
from tests.unit.annotation.test_imports import send


async def test_an_archive_of_other_files_says_why_nothing_was_read(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        rows = "filename,class\na.jpg,pit\n"
        answer = await send(world, {"train/_annotations.csv": rows, "train/a.jpg": b"x"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "nothing in the archive can be imported; train/_annotations.csv: not a label file"
        " (.json, .xml, .txt)"
    )


async def test_a_collection_without_images_is_told(stores: Stores) -> None:
    nothing: dict[str, list[Any]] = {"images": [], "annotations": [], "categories": []}
    async with factory(stores) as world:
        await world.image("a.jpg")
        answer = await send(world, {"coco.json": nothing, "b.json": "[]", "a.json": labelme("pit")})
    entries = {entry["file"]: entry for entry in answer.json()["entries"]}
    assert answer.status_code == 201
    for file in ("coco.json", "b.json"):
        assert entries[file]["status"] == "left_aside"
        assert entries[file]["message"] == "a list of images that holds none"
