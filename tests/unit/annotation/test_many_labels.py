"""A project has room for so many labels, by whatever door they come, and no more."""

import itertools
from typing import Any

import pytest

from services.annotation.domain import label_rules, snapshots
from services.annotation.domain.label_rules import MAX_LABELS
from services.annotation.domain.snapshots import CannotFreeze, freeze
from services.annotation.domain.stored_size import MAX_STORED_BYTES, stored_bytes
from services.annotation.handlers import label_names
from services.annotation.repository import ANNOTATIONS, HISTORY, LABELS, SNAPSHOTS
from shared.contracts.envelope import MAX_EVENT_BYTES, EventStamp, pack
from shared.contracts.shapes import MAX_NAME, Shape
from shared.contracts.training_events import SnapshotFrozen, TrainingRequested
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.texts.language import speaking, told
from tests.running import until
from tests.unit.annotation.platform import BASE, PROJECT, Factory, box, factory, labelme, packed
from tests.unit.annotation.test_snapshots import annotated
from tests.unit.bson_size import MAX_BSON, in_mongo

FEW = 6
SOME = 500
ZIP = {"Content-Type": "application/zip"}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with room for few labels, so that a test need not make thousands."""
    for module in (label_rules, label_names, snapshots):
        monkeypatch.setattr(module, "MAX_LABELS", FEW)


async def names(world: Factory) -> list[str]:
    return [i["name"] for i in (await world.client.get(f"{BASE}/labels")).json()["items"]]


@pytest.mark.usefixtures("few")
async def test_no_door_makes_more_labels_than_a_project_has_room_for(stores: Stores) -> None:
    async with factory(stores, labels=("a", "b", "c", "d", "e")) as world:
        image = await world.image("a.jpg")
        refused = [
            await world.put(image, box("new"), box("newer", at=60)),
            await world.client.post(
                f"{BASE}/imports", content=packed({"a.json": labelme("x", "y")}), headers=ZIP
            ),
        ]
        last = await world.client.post(f"{BASE}/labels", json={"name": "f"})
        refused.append(await world.client.post(f"{BASE}/labels", json={"name": "g"}))
        known = await world.put(image, box("a"), box("f", at=60))
        stored = await names(world)
        place = f"{BASE}/labels/{last.json()['id']}"
        await world.client.delete(place)
        freed = await world.put(image, box("a"), box("g", at=60))
    assert [answer.status_code for answer in refused] == [409, 422, 409]
    assert refused[0].json()["type"] == "urn:loupe:problem:too-many-labels"
    assert all("at most 6 labels" in answer.json()["detail"] for answer in refused)
    assert (last.status_code, known.status_code, freed.status_code) == (201, 200, 200)
    assert stored == ["a", "b", "c", "d", "e", "f"]
    with speaking("zh-CN"):
        assert told(refused[0].json()["detail"]).startswith("一个项目最多 6 个标签")


@pytest.mark.usefixtures("few")
async def test_a_look_at_an_import_says_that_there_is_no_room(stores: Stores) -> None:
    many = [f"label {number}" for number in range(FEW + 1)]
    async with factory(stores) as world:
        await world.image("a.jpg")
        answer = await world.client.post(
            f"{BASE}/import-runs",
            content=packed({"a.json": labelme(*many)}),
            headers=ZIP,
            params={"dry_run": True},
        )
        place = f"{BASE}/import-runs/{answer.json()['id']}"

        async def ended() -> dict[str, Any] | None:
            run: dict[str, Any] = (await world.client.get(place)).json()
            return run if run["state"] == "failed" else None

        run = await until(ended)
        report = (await world.client.get(f"{place}/report")).json()
    assert "no room for 7 more" in run["error"]
    assert len(report["new_labels"]) == FEW + 1


@pytest.mark.usefixtures("few")
def test_a_dataset_of_more_labels_is_refused_also_where_only_held_out_images_show_them() -> None:
    images = [annotated(f"i{n}", "pit", listed="train") for n in range(9)]
    images.append(annotated("t", *(f"label {n}" for n in range(FEW)), listed="test"))
    with pytest.raises(CannotFreeze, match="have 7 labels; a dataset has at most 6"):
        freeze("p", "detection", images)


def largest_names(count: int) -> tuple[str, ...]:
    r"""Names of the most bytes: JSON writes `\` as two, and Python quotes it before as two."""
    fill = MAX_NAME - 5
    return tuple(f"{number:05d}" + "\\😀"[number % 2] * fill for number in range(count))


def fitting(labels: tuple[str, ...], at: float) -> list[dict[str, Any]]:
    """As many shapes of these labels, over and over, as one image may have."""
    found, left = [], MAX_STORED_BYTES
    for number, label in enumerate(itertools.cycle(labels)):
        shape = box(label, at=at + number % 97 / 100)
        left -= stored_bytes([Shape.model_validate(shape)])
        if left < 0:
            return found
        found.append(shape)
    return found


async def test_the_largest_bodies_with_many_of_the_longest_labels_are_told_and_stored(
    stores: Stores,
) -> None:
    labels = largest_names(SOME)
    async with factory(stores) as world:
        full, plain = await world.image("a.jpg"), await world.image("b.jpg")
        for at in (10, 50):
            shapes = fitting(labels, at)
            assert len(shapes) > 10 * SOME
            saved = await world.put(full, *shapes, split="train")
            assert saved.status_code == 200, saved.text
        await world.put(plain, box(labels[0]), split="test")
        await world.say(TrainingRequested(project_id=PROJECT, training_id="t1"), "t1")
        await until(lambda: "snapshot.frozen" in world.types())
        scope = TenantScope("default")
        stored = [
            in_mongo(document)
            for spec in (ANNOTATIONS, HISTORY, LABELS, SNAPSHOTS)
            async for document in stores.documents.collection(spec, scope).walk()
        ]
    told_of = {event.type: len(event.model_dump_json().encode()) for event in world.heard}
    (frozen,) = [event.data for event in world.heard if event.type == "snapshot.frozen"]
    assert len(frozen.labels) == SOME
    assert told_of.keys() == {"annotation.saved", "snapshot.frozen"}
    assert max(told_of.values()) <= MAX_EVENT_BYTES
    assert 8 * 2**20 < max(stored) + max(told_of.values()) < MAX_BSON


def test_labels_with_the_longest_names_and_a_warning_each_fit_by_a_third() -> None:
    worst = max(
        ("\\", "😀", "'\""), key=lambda fill: len(repr(fill).replace("\\", "\\\\").encode())
    )
    label = (worst * MAX_NAME)[:MAX_NAME]
    warning = f"label {label!r} is only on held-out images and cannot be learned"
    body = SnapshotFrozen(
        project_id="p" * 64,
        training_id="t" * 64,
        manifest_key="k" * 256,
        dataset_hash="h" * 64,
        images=10**9,
        total_images=10**9,
        labels=(label,) * MAX_LABELS,
        warnings=(warning,) * (MAX_LABELS + 3),
    )
    (event,) = pack([body], EventStamp.of("t" * 64, "t" * 64, 1))
    assert len(event.value_bytes()) * 4 / 3 < MAX_EVENT_BYTES
