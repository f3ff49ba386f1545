"""A deleted label comes back with its shapes, once, and only where nothing was made anew."""

from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from services.annotation.domain.history import Change, Reason
from services.annotation.domain.label_returns import has_place, returning
from services.annotation.handlers import label_names
from shared.clock import utc_now
from shared.contracts.annotation_events import LabelDeleted, LabelRestored
from shared.contracts.envelope import EventStamp, pack, unpack
from shared.contracts.shapes import Shape
from shared.errors import DependencyDown
from shared.hosting.stores import Stores
from tests.running import until
from tests.unit.annotation.platform import BASE, Factory, box, factory
from tests.unit.annotation.test_races import AUTHOR, IMAGE, OTHER, PROJECT, TILES, World
from tests.unit.annotation.test_races import box as shape


async def label_id(world: Factory, name: str) -> str:
    items = (await world.client.get(f"{BASE}/labels")).json()["items"]
    return str(next(item["id"] for item in items if item["name"] == name))


async def read(world: Factory, image: str) -> dict[str, Any]:
    return dict((await world.client.get(f"{BASE}/images/{image}")).json())


async def delete(world: Factory, name: str) -> str:
    """Delete a label, wait until none of its shapes shows, and return its id."""
    wanted = await label_id(world, name)
    assert (await world.client.delete(f"{BASE}/labels/{wanted}")).status_code == 204

    async def followed() -> bool:
        shapes = (await world.client.get(f"{BASE}/summary")).json()["shapes"]
        return name not in shapes

    await until(followed)
    return wanted


async def restore(world: Factory, label: str) -> dict[str, Any]:
    answer = await world.client.post(f"{BASE}/labels/{label}:restore")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_deleted_label_comes_back_with_its_looks_and_its_shapes(stores: Stores) -> None:
    async with factory(stores) as world:
        both, only = [await world.image(f"{n}.jpg") for n in "ab"]
        await world.put(both, box("stain"), box("pit", at=90))
        await world.put(only, box("stain"))
        before = [(await read(world, image))["shapes"] for image in (both, only)]
        wanted = await label_id(world, "stain")
        looks = {"colour": "#0ea5e9", "hotkey": "1", "note": "long ones"}
        await world.client.patch(f"{BASE}/labels/{wanted}", json=looks)
        await delete(world, "stain")
        await world.put(both, *(await read(world, both))["shapes"], box("pit", at=200))
        listed = (await world.client.get(f"{BASE}/deleted-labels")).json()["items"]
        back = await restore(world, wanted)
        after = [await read(world, image) for image in (both, only)]
        empty = (await world.client.get(f"{BASE}/deleted-labels")).json()["items"]
        steps = (await world.client.get(f"{BASE}/images/{only}/history")).json()["items"]
    assert [(one["name"], one["images"]) for one in listed] == [("stain", 2)]
    assert back.items() >= {"name": "stain", **looks}.items()
    assert empty == []
    assert [one["annotated"] for one in after] == [True, True]
    # What was drawn meanwhile stays, and the shapes have the ids that they had.
    stain = next(one for one in before[0] if one["label"] == "stain")
    assert [s["label"] for s in after[0]["shapes"]] == ["pit", "pit", "stain"]
    assert after[0]["shapes"][-1] == stain
    assert after[1]["shapes"] == before[1]
    assert [step["reason"] for step in steps] == ["label_restored", "label_deleted", "saved"]


async def test_a_label_is_brought_back_once_however_often_it_is_asked(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("stain"), box("pit", at=90))
        stain = await delete(world, "stain")
        await restore(world, stain)
        left = [s for s in (await read(world, image))["shapes"] if s["label"] == "pit"]
        await world.put(image, *left)  # a person takes the shape away
        await restore(world, stain)
        await until(lambda: "label.restored" in world.types())
        assert [s["label"] for s in (await read(world, image))["shapes"]] == ["pit"]
    assert world.types().count("label.restored") == 1


async def test_a_label_comes_back_under_a_key_that_is_free_and_a_name_that_is(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("pit", "stain")) as world:
        stain = await label_id(world, "stain")
        await world.client.patch(f"{BASE}/labels/{stain}", json={"hotkey": "1"})
        await delete(world, "stain")
        pit = f"{BASE}/labels/{await label_id(world, 'pit')}"
        await world.client.patch(pit, json={"hotkey": "1", "name": "stain"})
        taken = await world.client.post(f"{BASE}/labels/{stain}:restore")
        await world.client.patch(pit, json={"name": "pit"})
        back = await restore(world, stain)
        unknown = await world.client.post(f"{BASE}/labels/none:restore")
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "name")
    assert (back["name"], back["hotkey"]) == ("stain", "")
    assert unknown.status_code == 404


@pytest.fixture
async def world(stores: Stores) -> World:
    made = World(stores)
    await made.open()
    return made


async def back(world: World, name: str, gone: str) -> LabelRestored:
    """Restore a label; return the event of it."""
    label = await world.labels.restore_label("t", PROJECT, gone)
    assert label.name == name
    return LabelRestored(project_id=PROJECT, label_id=gone, name=name)


async def test_a_label_that_is_back_before_its_deletion_was_heard_loses_nothing(
    world: World,
) -> None:
    await world.save(IMAGE, shape("dent"), shape("pit", at=20))
    dent = await world.label("dent")
    await world.labels.delete_label(AUTHOR, PROJECT, dent.id, expected=None)
    restored = await back(world, "dent", dent.id)
    await world.hear(LabelDeleted(project_id=PROJECT, label_id=dent.id, name="dent"))
    await world.hear(restored)
    assert await world.shown(IMAGE) == (True, ["dent", "pit"])


async def test_a_label_that_is_back_while_an_image_follows_its_deletion_comes_back_there(
    world: World,
) -> None:
    await world.save(IMAGE, shape("dent"), shape("pit", at=20))
    dent = await world.label("dent")
    await world.labels.delete_label(AUTHOR, PROJECT, dent.id, expected=None)
    append = world.store._append

    async def late(*step: Any) -> None:
        """Bring the label back between the look at its labels and the write of what is left."""
        world.store._append = append  # type: ignore[method-assign]
        await world.hear(await back(world, "dent", dent.id))
        await append(*step)

    world.store._append = late  # type: ignore[method-assign]
    await world.hear(LabelDeleted(project_id=PROJECT, label_id=dent.id, name="dent"))
    assert await world.shown(IMAGE) == (True, ["pit", "dent"])


async def test_a_label_of_more_images_than_a_delivery_has_time_for_comes_back_on_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for image in (IMAGE, OTHER):
        await world.save(image, shape("dent"))
    dent = await world.label("dent")
    await world.delete("dent")
    slow = SimpleNamespace(monotonic=count(step=0.6 * label_names._BUDGET_S).__next__)
    monkeypatch.setattr(label_names, "time", slow)  # each delivery has time for one image
    (packed,) = pack([await back(world, "dent", dent.id)], EventStamp.of("t", PROJECT, 1))
    event = unpack(LabelRestored, packed.value_bytes())
    with pytest.raises(DependencyDown):
        await world.names.restored(event)
    await world.names.restored(event)
    assert [await world.shown(image) for image in (IMAGE, OTHER)] == [(True, ["dent"])] * 2
    assert not world.names._reached


async def test_what_was_cleared_since_stays_cleared(world: World) -> None:
    await world.save(IMAGE, shape("dent"), shape("pit", at=20))
    await world.save(OTHER, shape("dent"))
    dent = await world.label("dent")
    await world.delete("dent")
    await world.annotations.clear(AUTHOR, PROJECT, IMAGE, expected=None)
    await world.hear(await back(world, "dent", dent.id))
    assert await world.shown(IMAGE) == (False, [])
    assert await world.shown(OTHER) == (True, ["dent"])


async def test_a_tile_that_was_cut_while_the_label_was_gone_shows_it_once_it_is_back(
    world: World,
) -> None:
    await world.save(IMAGE, shape("dent"), shape("pit", at=36))
    dent = await world.label("dent")
    await world.delete("dent")
    await world.tiles()
    await world.spread()
    assert [await world.shown(tile) for tile in TILES] == [(False, []), (True, ["pit"])]
    await world.hear(await back(world, "dent", dent.id))
    await world.spread()
    assert [await world.shown(tile) for tile in TILES] == [(True, ["dent"]), (True, ["pit"])]


async def test_tiles_get_a_label_back_by_their_own_history(world: World) -> None:
    await world.tiles()
    await world.save(IMAGE, shape("dent"), shape("pit", at=36))
    await world.spread()
    dent = await world.label("dent")
    await world.delete("dent")
    await world.save(TILES[0], shape("pit"))  # a person's own work on the tile
    await world.hear(await back(world, "dent", dent.id))
    await world.spread()
    assert [(await world.shown(tile))[1] for tile in TILES] == [["pit", "dent"], ["pit"]]


# --- the rule ------------------------------------------------------------------------------------


def step(reason: Reason, before: list[Shape], after: list[Shape], **gone: str) -> Change:
    return Change(
        change_id="c",
        previous_id="",
        image_id="i",
        seq=1,
        author="a",
        role="engineer",
        reason=reason,
        at=utc_now(),
        before=tuple(before),
        after=tuple(after),
        gone=gone,
    )


def named(name: str, label: str = "dent") -> Shape:
    return shape(label).model_copy(update={"id": name})


A, B, PIT = named("a"), named("b"), named("p", "pit")


@pytest.mark.parametrize(
    ("steps", "living", "wanted"),
    [
        ([step("label_deleted", [A, PIT], [PIT], dent="1")], {"1": "dent"}, ["a"]),
        ([step("label_deleted", [A, PIT], [PIT], dent="1")], {}, []),  # it lives not
        # Of two labels that went in one step, one is back.
        ([step("label_deleted", [A, PIT], [], dent="1", pit="2")], {"2": "hole"}, ["p"]),
        # The same name, another label.
        ([step("label_deleted", [A], [], dent="1")], {"9": "dent"}, []),
        # It came back already, and a person deleted it since.
        (
            [step("label_restored", [], [A]), step("label_deleted", [A], [], dent="1")],
            {"1": "dent"},
            [],
        ),
        # It went twice, with one more shape the second time.
        (
            [
                step("label_deleted", [A, B], [], dent="1"),
                step("label_restored", [], [A]),
                step("label_deleted", [A], [], dent="1"),
            ],
            {"1": "dent"},
            ["a", "b"],
        ),
    ],
)
def test_what_comes_back(steps: list[Change], living: dict[str, str], wanted: list[str]) -> None:
    found = returning(steps, living, ())
    assert [one.id for one in found] == wanted
    assert {one.label for one in found} <= set(living.values())


def test_an_image_of_one_label_gets_no_second_one() -> None:
    whole = Shape(id="w", label="bad", kind="image")
    assert has_place([whole], [], ())
    assert not has_place([whole], [whole], ())
    assert all(has_place([one], [other], ()) for one, other in pairwise([A, B, PIT]))
