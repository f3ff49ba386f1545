"""Labels by their HTTP face: made once, renamed, deleted, and what annotations make of it."""

import asyncio

import pytest

from shared.hosting.stores import Stores
from tests.running import until
from tests.unit.annotation.platform import BASE, Factory, box, factory


async def names(world: Factory) -> list[str]:
    return [i["name"] for i in (await world.client.get(f"{BASE}/labels")).json()["items"]]


async def test_labels_typed_at_creation_are_there(stores: Stores) -> None:
    async with factory(stores, labels=("scratch", "stain")) as world:
        assert sorted(await names(world)) == ["scratch", "stain"]


async def test_a_label_is_made_once_and_its_name_is_unique(stores: Stores) -> None:
    async with factory(stores) as world:
        key = {"Idempotency-Key": "k"}
        place = f"{BASE}/labels"
        made = [await world.client.post(place, json={"name": "pit"}, headers=key) for _ in range(2)]
        taken = await world.client.post(place, json={"name": "pit"})
        blank = await world.client.post(place, json={"name": "\u202e"})
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] == made[1].json()["id"]
    assert taken.status_code == 409
    assert blank.status_code == 422


async def label_id(world: Factory, name: str) -> str:
    items = (await world.client.get(f"{BASE}/labels")).json()["items"]
    return str(next(item["id"] for item in items if item["name"] == name))


async def test_annotations_follow_a_renamed_label(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("scrach"), box("pit", at=90))
        place = f"{BASE}/labels/{await label_id(world, 'scrach')}"
        renamed = await world.client.patch(place, json={"name": "scratch"})
        taken = await world.client.patch(place, json={"name": "pit"})

        async def followed() -> bool:
            read = (await world.client.get(f"{BASE}/images/{image}")).json()
            return {s["label"] for s in read["shapes"]} == {"scratch", "pit"}

        await until(followed)
        await until(lambda: world.types().count("annotation.saved") == 2)
    assert renamed.status_code == 200
    assert taken.status_code == 409
    assert world.heard[-1].data.labels == ("scratch", "pit")


async def test_a_change_that_changes_nothing_makes_no_version_and_no_event(stores: Stores) -> None:
    looks = {"colour": "#0ea5e9", "hotkey": "1", "note": "long ones"}
    async with factory(stores, labels=("scratch", "pit")) as world:
        place = f"{BASE}/labels/{await label_id(world, 'scratch')}"
        made = await world.client.patch(place, json=looks)
        for body in ({"name": "scratch"}, looks, {"name": "scratch", **looks}, {}):
            same = await world.client.patch(place, json=body)
            assert same.status_code == 200
            assert (same.json(), same.headers["etag"]) == (made.json(), made.headers["etag"])
        await world.client.patch(place, json={"name": "scrape"})
        await until(lambda: "label.renamed" in world.types())
    renamed = [event.data.new_name for event in world.heard if event.type == "label.renamed"]
    assert renamed == ["scrape"]


async def test_deleting_a_label_deletes_all_its_annotations(stores: Stores) -> None:
    async with factory(stores) as world:
        both, only, never = [await world.image(f"{n}.jpg") for n in "abc"]
        await world.put(both, box("stain"), box("pit", at=90))
        await world.put(only, box("stain"))
        await world.put(never)
        place = f"{BASE}/labels/{await label_id(world, 'stain')}"
        deleted = await world.client.delete(place)

        async def followed() -> bool:
            summary = (await world.client.get(f"{BASE}/summary")).json()
            return bool(summary["shapes"] == {"pit": 1})

        await until(followed)
        states = {
            image: (await world.client.get(f"{BASE}/images/{image}")).json()["annotated"]
            for image in (both, only, never)
        }
        left = await names(world)
    assert deleted.status_code == 204
    # An image that showed nothing but the label is unannotated, not a negative.
    assert states == {both: True, only: False, never: True}
    assert left == ["pit"]


async def test_equal_labels_of_one_key_at_once_are_one_label(stores: Stores) -> None:
    async with factory(stores) as world:
        key, place = {"Idempotency-Key": "storm"}, f"{BASE}/labels"
        answers = await asyncio.gather(
            *(world.client.post(place, json={"name": "pit"}, headers=key) for _ in range(20))
        )
        assert await names(world) == ["pit"]
    assert [answer.status_code for answer in answers] == [201] * 20
    assert {answer.text for answer in answers} == {answers[0].text}


async def test_the_key_of_a_label_makes_no_other_and_no_second_one(stores: Stores) -> None:
    async with factory(stores) as world:
        key, place = {"Idempotency-Key": "k"}, f"{BASE}/labels"
        made = await world.client.post(place, json={"name": "pit"}, headers=key)
        other = await world.client.post(place, json={"name": "dent"}, headers=key)
        assert await names(world) == ["pit"]
        await world.client.delete(f"{place}/{made.json()['id']}")
        again = await world.client.post(place, json={"name": "pit"}, headers=key)
        assert await names(world) == []
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert again.status_code == 409
    assert again.json()["type"] == "urn:loupe:problem:idempotency-key-spent"


async def test_a_label_has_a_colour_a_key_and_a_note_until_they_are_taken_away(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("scratch",)) as world:
        place = f"{BASE}/labels/{await label_id(world, 'scratch')}"
        looks = {"colour": "#84cc16", "hotkey": "Shift+K", "note": "longer than 2 mm"}
        changed = (await world.client.patch(place, json=looks)).json()
        renamed = (await world.client.patch(place, json={"name": "scar"})).json()
        plain = (await world.client.patch(place, json={"colour": "", "hotkey": ""})).json()
    assert changed.items() >= {"name": "scratch", **looks}.items()
    assert renamed.items() >= {"name": "scar", **looks}.items()
    assert plain.items() >= {"name": "scar", "colour": "", "note": "longer than 2 mm"}.items()


@pytest.mark.parametrize(
    ("looks", "field"),
    [
        ({"colour": "#f03e3e"}, "colour"),  # the report's red
        ({"colour": "#fd7e14"}, "colour"),  # another orange
        ({"colour": "red"}, "colour"),
        ({"hotkey": "0"}, "hotkey"),
        ({"hotkey": "Ctrl+Z"}, "hotkey"),
        *(({"hotkey": f"Shift+{letter}"}, "hotkey") for letter in "CGOS"),  # the editor's own
        ({"note": "x" * 1001}, "note"),
        ({"name": ""}, "name"),
        ({"place": 1}, "place"),
    ],
)
async def test_looks_that_no_label_may_have_are_refused_by_their_field(
    stores: Stores, looks: dict[str, object], field: str
) -> None:
    async with factory(stores, labels=("scratch",)) as world:
        place = f"{BASE}/labels/{await label_id(world, 'scratch')}"
        before = (await world.client.get(place)).json()
        refused = await world.client.patch(place, json=looks)
        assert (await world.client.get(place)).json() == before
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


async def test_a_key_is_one_label_s_until_it_is_given_up(stores: Stores) -> None:
    async with factory(stores, labels=("scratch", "pit")) as world:
        scratch, pit = [f"{BASE}/labels/{await label_id(world, n)}" for n in ("scratch", "pit")]
        own = [await world.client.patch(scratch, json={"hotkey": "4"}) for _ in range(2)]
        taken = await world.client.patch(pit, json={"hotkey": "4"})
        await world.client.delete(scratch)
        free = await world.client.patch(pit, json={"hotkey": "4"})
    assert [answer.status_code for answer in (*own, taken, free)] == [200, 200, 409, 200]
    assert taken.json()["errors"][0]["field"] == "hotkey"


async def test_labels_stand_in_the_order_they_were_put_in_and_new_ones_come_last(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("a", "b", "c")) as world:
        a, c = [await label_id(world, name) for name in "ac"]
        ordered = await world.client.put(f"{BASE}/label-order", json={"ids": [c, a]})
        await world.client.post(f"{BASE}/labels", json={"name": "d"})
        await world.client.delete(f"{BASE}/labels/{a}")
        unknown = await world.client.put(f"{BASE}/label-order", json={"ids": [c, a]})
        assert await names(world) == ["c", "b", "d"]
    assert [item["name"] for item in ordered.json()["items"]] == ["c", "a", "b"]
    assert unknown.status_code == 422
