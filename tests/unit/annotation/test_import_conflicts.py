"""Imports over what is there already: nothing that a person drew goes without a word."""

from typing import Any

import pytest

from shared.hosting.stores import Stores
from shared.vision.tiles import TilePlan
from tests.running import until
from tests.unit.annotation.platform import BASE, Factory, box, factory, labelme, packed


async def send(world: Factory, files: dict[str, Any], **params: Any) -> dict[str, Any]:
    upload = {"file": ("labels.zip", packed(files), "application/zip")}
    answer = await world.client.post(f"{BASE}/imports", files=upload, params=params)
    assert answer.status_code in (200, 201), answer.text
    report: dict[str, Any] = answer.json()
    return report


async def undo(world: Factory, import_id: str) -> dict[str, int]:
    answer = await world.client.post(f"{BASE}/imports/{import_id}:undo")
    assert answer.status_code == 200, answer.text
    done: dict[str, int] = answer.json()
    return done


async def labels_on(world: Factory, image: str) -> list[str]:
    read = (await world.client.get(f"{BASE}/images/{image}")).json()
    return [shape["label"] for shape in read["shapes"]]


async def shows(world: Factory, image: str, *labels: str) -> None:
    """Wait until an image shows these labels."""

    async def look() -> bool:
        return await labels_on(world, image) == list(labels)

    await until(look)


def coco(*names: str) -> dict[str, Any]:
    """A COCO file that lists images and no box at all."""
    images = [
        {"id": number, "file_name": name, "width": 640, "height": 480}
        for number, name in enumerate(names)
    ]
    categories = [{"id": 1, "name": "pit"}]
    return {"instances.json": {"images": images, "annotations": [], "categories": categories}}


async def test_a_coco_file_without_boxes_erases_nothing_that_a_person_drew(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        image, other = await world.image("a.jpg"), await world.image("b.jpg")
        await world.put(image, box("pit"), box("dent", at=60))
        report = await send(world, coco("a.jpg", "b.jpg"))
        drawn = await labels_on(world, image)
        negative = (await world.client.get(f"{BASE}/images/{other}")).json()
    assert drawn == ["pit", "dent"]
    assert negative["annotated"] is True
    counts = report["counts"]
    assert (counts["kept"], counts["new"], counts["negatives"]) == (1, 1, 1)
    assert report["imported"] == 1
    kept = next(entry for entry in report["entries"] if entry["image_id"] == image)
    assert (kept["status"], kept["action"]) == ("kept", "kept")
    assert (kept["before"]["by_hand"], kept["before"]["shapes"]) == (True, 2)
    assert "2 shapes" in kept["message"]


async def test_a_dry_run_tells_what_would_be_done_to_each_image(stores: Stores) -> None:
    async with factory(stores) as world:
        images = {n: await world.image(f"{n}.jpg") for n in ("fresh", "same", "early", "hand")}
        await send(world, {"same.json": labelme("pit"), "early.json": labelme("pit", "dent")})
        await world.put(images["hand"], box("pit"))
        files = {f"{n}.json": labelme("pit") for n in images} | {"gone.json": labelme("pit")}
        files["fresh.json"] = labelme()
        report = await send(world, files, dry_run=True)
        replacing = await send(world, files, dry_run=True, on_conflict="replace")
        untouched = await labels_on(world, images["early"])
    actions = {entry["file"]: entry["action"] for entry in report["entries"]}
    assert actions == {
        "fresh.json": "new",
        "same.json": "unchanged",
        "early.json": "replaced",
        "hand.json": "kept",
        "gone.json": None,
    }
    assert report["counts"] == {
        "new": 1,
        "replaced": 1,
        "replaced_shapes": 2,
        "merged": 0,
        "unchanged": 1,
        "kept": 1,
        "negatives": 1,
        "unmatched": 1,
    }
    assert report["import_id"] == ""
    assert (replacing["counts"]["replaced"], replacing["counts"]["replaced_shapes"]) == (2, 3)
    assert untouched == ["pit", "dent"]


async def test_a_person_who_marked_a_negative_is_not_overruled(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image)
        report = await send(world, {"a.json": labelme("pit")})
        assert (await labels_on(world, image), report["counts"]["kept"]) == ([], 1)


async def test_what_was_imported_and_then_corrected_by_hand_stays(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await send(world, {"a.json": labelme("pit")})
        await world.put(image, box("dent"))
        await send(world, {"a.json": labelme("pit")})
        assert await labels_on(world, image) == ["dent"]


async def test_a_renamed_label_makes_no_hand_work_of_an_import_nor_the_reverse(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        drawn, imported = await world.image("a.jpg"), await world.image("b.jpg")
        await world.put(drawn, box("pit"))
        await send(world, {"b.json": labelme("pit")})
        (label,) = (await world.client.get(f"{BASE}/labels")).json()["items"]
        await world.client.patch(f"{BASE}/labels/{label['id']}", json={"name": "hole"})
        await shows(world, drawn, "hole")
        await shows(world, imported, "hole")
        report = await send(world, {"a.json": labelme("dent"), "b.json": labelme("dent")})
        assert await labels_on(world, drawn) == ["hole"]
        assert await labels_on(world, imported) == ["dent"]
    assert [entry["action"] for entry in report["entries"]] == ["kept", "replaced"]


async def test_replaced_hand_work_comes_back_with_one_call(stores: Stores) -> None:
    async with factory(stores) as world:
        drawn, fresh = await world.image("a.jpg"), await world.image("b.jpg")
        await world.put(drawn, box("pit"), box("dent", at=60), ignore_regions=[REGION])
        files = {"a.json": labelme("hole"), "b.json": labelme("hole")}
        report = await send(world, files, on_conflict="replace")
        replaced = await labels_on(world, drawn)
        done = await undo(world, report["import_id"])
        again = await undo(world, report["import_id"])
        back = (await world.client.get(f"{BASE}/images/{drawn}")).json()
        gone = (await world.client.get(f"{BASE}/images/{fresh}")).json()
        history = (await world.client.get(f"{BASE}/images/{drawn}/history")).json()["items"]
        kept = await send(world, files)
    assert replaced == ["hole"]
    assert done == {"restored": 1, "cleared": 1, "left": 0}
    assert again == {"restored": 0, "cleared": 0, "left": 2}
    assert [shape["label"] for shape in back["shapes"]] == ["pit", "dent"]
    assert len(back["ignore_regions"]) == 1
    assert gone["annotated"] is False
    assert [step["reason"] for step in history] == ["restored", "imported", "saved"]
    assert [entry["action"] for entry in kept["entries"]] == ["kept", "new"]


async def test_undoing_leaves_what_was_changed_since(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        report = await send(world, {"a.json": labelme("pit")})
        await world.put(image, box("dent"))
        done = await undo(world, report["import_id"])
        assert await labels_on(world, image) == ["dent"]
        unknown = await world.client.post(f"{BASE}/imports/no-such-import:undo")
    assert done == {"restored": 0, "cleared": 0, "left": 1}
    assert unknown.status_code == 404


async def test_imports_are_undone_one_behind_the_other(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        first = await send(world, {"a.json": labelme("pit")})
        second = await send(world, {"a.json": labelme("dent")})
        await undo(world, second["import_id"])
        assert await labels_on(world, image) == ["pit"]
        await undo(world, first["import_id"])
        read = (await world.client.get(f"{BASE}/images/{image}")).json()
    assert read["annotated"] is False


async def test_a_label_deleted_since_lives_again_with_what_comes_back(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"))
        report = await send(world, {"a.json": labelme("dent")}, on_conflict="replace")
        listed = (await world.client.get(f"{BASE}/labels")).json()["items"]
        pit = next(label["id"] for label in listed if label["name"] == "pit")
        await world.client.delete(f"{BASE}/labels/{pit}")
        await undo(world, report["import_id"])
        names = [n["name"] for n in (await world.client.get(f"{BASE}/labels")).json()["items"]]
        assert await labels_on(world, image) == ["pit"]
    assert set(names) == {"pit", "dent"}


async def test_a_merge_adds_what_is_not_there_and_stays_hand_work(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        near = {"label": "pit", "kind": "box", "points": [[1.2, 1], [20, 19.8]]}
        await world.put(image, near)
        files = {"a.json": labelme("pit", "dent")}
        report = await send(world, files, on_conflict="merge")
        again = await send(world, files, on_conflict="merge")
        kept = await send(world, {"a.json": labelme("hole")})
        assert await labels_on(world, image) == ["pit", "dent"]
        await undo(world, report["import_id"])
        assert await labels_on(world, image) == ["pit"]
    assert report["counts"]["merged"] == 1
    assert again["counts"]["unchanged"] == 1
    assert kept["counts"]["kept"] == 1


async def test_a_merge_of_two_labels_of_a_classified_image_keeps_the_first(
    stores: Stores,
) -> None:
    async with factory(stores, task="classification") as world:
        image = await world.image("a.jpg")
        await world.put(image, {"label": "good", "kind": "image"})
        flags = {"shapes": [], "flags": {"bad": True}}
        report = await send(world, {"a.json": flags}, on_conflict="merge")
        assert await labels_on(world, image) == ["good"]
    assert report["counts"]["kept"] == 1


@pytest.mark.parametrize("by_hand", [True, False])
async def test_a_tile_is_hand_work_where_its_image_is(stores: Stores, by_hand: bool) -> None:
    async with factory(stores, tiling={"rows": 1, "columns": 2}) as world:
        whole = await world.image("a.png")
        first, *_ = await world.tiles("a.png", TilePlan(grid=(1, 2)))
        if by_hand:
            await world.put(whole, box("pit"))
        else:
            await send(world, {"a.json": labelme("pit")})
        await shows(world, first, "pit")
        await send(world, {"a_r1_c1.json": labelme("dent")})
        assert await labels_on(world, first) == (["pit"] if by_hand else ["dent"])


async def tiled(world: Factory) -> tuple[str, str]:
    """A whole image that an import wrote, and its first tile, corrected by hand since."""
    whole = await world.image("a.png")
    first, *_ = await world.tiles("a.png", TilePlan(grid=(1, 2)))
    await send(world, {"a.json": labelme("pit")})
    await shows(world, first, "pit")
    await world.put(first, box("dent"), box("hole", at=60))
    return whole, first


@pytest.mark.parametrize("on_conflict", ["keep", "merge"])
async def test_hand_work_on_a_tile_is_hand_work_of_its_image(
    stores: Stores, on_conflict: str
) -> None:
    async with factory(stores, tiling={"rows": 1, "columns": 2}) as world:
        whole, first = await tiled(world)
        files = {"a.json": labelme("crack")}
        report = await send(world, files, on_conflict=on_conflict)
        assert await labels_on(world, first) == ["dent", "hole"]
        assert await labels_on(world, whole) == ["pit"]
    (entry,) = report["entries"]
    assert (report["counts"]["kept"], entry["action"]) == (1, "kept")
    assert (entry["before"]["by_hand"], entry["before"]["shapes"]) == (True, 2)


async def test_hand_work_on_a_tile_of_an_image_without_annotation_stays(stores: Stores) -> None:
    async with factory(stores, tiling={"rows": 1, "columns": 2}) as world:
        whole = await world.image("a.png")
        first, *_ = await world.tiles("a.png", TilePlan(grid=(1, 2)))
        await world.put(first, box("dent"))
        report = await send(world, {"a.json": labelme("crack")})
        assert (await labels_on(world, first), report["counts"]["kept"]) == (["dent"], 1)
        read = (await world.client.get(f"{BASE}/images/{whole}")).json()
    assert read["annotated"] is False


async def test_undoing_gives_a_tile_back_what_was_drawn_on_it(stores: Stores) -> None:
    async with factory(stores, tiling={"rows": 1, "columns": 2}) as world:
        whole, first = await tiled(world)
        one = await send(world, {"a.json": labelme("crack")}, on_conflict="replace")
        await shows(world, first, "crack")
        two = await send(world, {"a.json": labelme("burr")})
        await shows(world, first, "burr")
        assert (await undo(world, two["import_id"]))["restored"] == 1
        await shows(world, first, "crack")
        assert (await undo(world, one["import_id"]))["restored"] == 1
        await shows(world, first, "dent", "hole")
        await shows(world, whole, "pit")
        kept = await send(world, {"a.json": labelme("crack")})
    assert one["counts"]["replaced_shapes"] == 2
    assert kept["counts"]["kept"] == 1


async def test_undoing_leaves_a_tile_that_was_changed_since(stores: Stores) -> None:
    on_both = [
        {"label": "crack", "points": [[x, 1], [x + 20, 20]], "shape_type": "rectangle"}
        for x in (1, 400)
    ]
    async with factory(stores, tiling={"rows": 1, "columns": 2}) as world:
        await world.image("a.png")
        changed, last = sorted(await world.tiles("a.png", TilePlan(grid=(1, 2))))
        done = await send(world, {"a.json": {"shapes": on_both}})
        await shows(world, changed, "crack")
        await world.put(changed, box("late"))
        await undo(world, done["import_id"])
        await shows(world, last)  # tiles follow in the order of their ids
        assert await labels_on(world, changed) == ["late"]


async def test_what_comes_back_has_the_names_that_its_labels_have_now(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"))
        report = await send(world, {"a.json": labelme("dent")}, on_conflict="replace")
        listed = (await world.client.get(f"{BASE}/labels")).json()["items"]
        pit = next(label["id"] for label in listed if label["name"] == "pit")
        await world.client.patch(f"{BASE}/labels/{pit}", json={"name": "hole"})
        await undo(world, report["import_id"])
        names = [n["name"] for n in (await world.client.get(f"{BASE}/labels")).json()["items"]]
        assert await labels_on(world, image) == ["hole"]
    assert set(names) == {"hole", "dent"}


async def test_a_dry_run_tells_the_labels_that_are_not_there_yet(stores: Stores) -> None:
    async with factory(stores, labels=("pit",)) as world:
        await world.image("a.jpg")
        files = {"a.json": labelme("pit", "dent")}
        told = (await send(world, files, dry_run=True))["new_labels"]
        listed = (await world.client.get(f"{BASE}/labels")).json()["items"]
        done = (await send(world, files))["new_labels"]
    assert told == done == ["dent"]
    assert [label["name"] for label in listed] == ["pit"]


REGION = {"points": [[0, 0], [5, 0], [5, 5]]}
