"""A label has another name, and annotations say the old one: late, twice, in any order."""

import pytest

from services.annotation.errors import NamesFollow
from services.annotation.handlers import label_names
from services.annotation.repository import (
    LABELS,
)
from shared.contracts.annotation_events import LabelDeleted, LabelRenamed
from shared.documents.port import TenantScope
from shared.errors import DependencyDown
from tests.unit.annotation.told_by_hand import AUTHOR, IMAGE, OTHER, PROJECT, World, box


@pytest.mark.parametrize("told", ["before the write", "after it"])
async def test_a_save_that_names_a_label_while_it_is_renamed_follows_with_all_others(
    world: World, told: str
) -> None:
    await world.save(OTHER, box("dent"))
    news: list[LabelRenamed] = []

    async def overtake() -> None:
        news.append(await world.rename("dent", "bump"))
        if told == "before the write":
            await world.hear(news[0])

    world.store.meanwhile = overtake
    saved = await world.save(IMAGE, box("dent"))
    await world.hear(news[0])
    assert [shape.label for shape in saved.shapes] == ["bump"]
    assert [await world.shown(image) for image in (IMAGE, OTHER)] == [(True, ["bump"])] * 2
    assert await world.label_names() == ["bump"]


async def test_an_old_name_means_the_label_until_another_takes_it(world: World) -> None:
    await world.save(IMAGE, box("dent"))
    for old, new in (("dent", "bump"), ("bump", "hump")):
        await world.hear(await world.rename(old, new))
    assert [s.label for s in (await world.save(OTHER, box("dent"), box("bump", at=20))).shapes] == [
        "hump",
        "hump",
    ]
    await world.labels.create_label("t", PROJECT, "dent")
    assert [s.label for s in (await world.save(OTHER, box("dent"))).shapes] == ["dent"]
    await world.delete("dent")  # the name was another's since: it leads back to nobody
    assert [s.label for s in (await world.save(OTHER, box("dent"))).shapes] == ["dent"]
    assert sorted(await world.label_names()) == ["dent", "hump"]


async def test_a_label_that_gets_its_old_name_back_has_it(world: World) -> None:
    await world.save(IMAGE, box("dent"))
    first = await world.rename("dent", "bump")
    await world.hear(first)
    await world.hear(await world.rename("bump", "dent"))
    await world.hear(first)  # comes twice
    assert await world.shown(IMAGE) == (True, ["dent"])
    assert [s.label for s in (await world.save(OTHER, box("bump"))).shapes] == ["dent"]
    assert await world.label_names() == ["dent"]


async def test_labels_that_swap_their_names_before_anybody_hears_keep_their_shapes(
    world: World,
) -> None:
    await world.save(IMAGE, box("dent"), box("pit", at=20))
    await world.save(OTHER, box("pit"))
    ring = [("dent", "spare"), ("pit", "dent"), ("spare", "pit")]
    news = [await world.rename(old, new) for old, new in ring]
    for told in (*news, *reversed(news)):  # late, twice, and in a wrong order
        await world.hear(told)
    assert await world.shown(IMAGE) == (True, ["pit", "dent"])
    assert await world.shown(OTHER) == (True, ["dent"])
    assert sorted(await world.label_names()) == ["dent", "pit"]


async def test_names_that_go_round_a_ring_of_labels_end_where_they_are_sent(world: World) -> None:
    await world.save(IMAGE, box("a"), box("b", at=12), box("c", at=24))
    news: list[LabelRenamed] = []
    for _ in range(4):
        for old, new in (("a", "x"), ("b", "a"), ("c", "b"), ("x", "c")):
            news.append(await world.rename(old, new))
    for told in news:
        await world.hear(told)
    assert await world.shown(IMAGE) == (True, ["c", "a", "b"])  # four turns are one


async def test_a_label_made_anew_takes_over_nothing_of_the_one_that_was_deleted(
    world: World,
) -> None:
    await world.save(IMAGE, box("dent"))
    await world.save(OTHER, box("dent"), box("pit", at=20))
    label = await world.label("dent")
    await world.labels.delete_label(AUTHOR, PROJECT, label.id, expected=None)
    await world.labels.create_label("t", PROJECT, "dent")
    await world.hear(LabelDeleted(project_id=PROJECT, label_id=label.id, name="dent"))
    assert await world.shown(IMAGE) == (False, [])
    assert await world.shown(OTHER) == (True, ["pit"])


async def test_a_deleted_label_that_a_save_names_again_takes_over_nothing(world: World) -> None:
    await world.image("i3")
    await world.save(IMAGE, box("dent"))
    await world.save(OTHER, box("dent"), box("pit", at=20))
    label = await world.label("dent")
    await world.labels.delete_label(AUTHOR, PROJECT, label.id, expected=None)
    await world.save("i3", box("dent"))
    await world.hear(LabelDeleted(project_id=PROJECT, label_id=label.id, name="dent"))
    assert await world.shown(IMAGE) == (False, [])
    assert await world.shown(OTHER) == (True, ["pit"])
    assert await world.shown("i3") == (True, ["dent"])


async def test_a_label_takes_its_own_name_back_without_waiting_for_anybody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.save(IMAGE, box("dent"))
    monkeypatch.setattr(label_names, "_VACATE_S", -1.0)
    news = [await world.rename("dent", "bump"), await world.rename("bump", "dent")]
    for told in news:
        await world.hear(told)
    assert await world.shown(IMAGE) == (True, ["dent"])


async def test_a_name_with_too_many_followers_is_not_free_yet(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.save(IMAGE, box("dent"))
    await world.rename("dent", "bump")
    with monkeypatch.context() as patched:
        patched.setattr(label_names, "_VACATE_S", -1.0)
        with pytest.raises(NamesFollow):
            await world.labels.create_label("t", PROJECT, "dent")
    await world.labels.create_label("t", PROJECT, "dent")
    assert await world.shown(IMAGE) == (True, ["bump"])


async def test_a_store_that_is_down_while_names_are_followed_is_told_as_such(world: World) -> None:
    async def down() -> None:
        raise DependencyDown("the store does not answer")

    await world.save(IMAGE, box("dent"))
    await world.rename("dent", "bump")
    world.store.meanwhile = down
    with pytest.raises(DependencyDown):
        await world.labels.create_label("t", PROJECT, "dent")


async def test_what_waits_for_a_rename_goes_with_the_label_that_is_deleted_before(
    world: World,
) -> None:
    await world.save(IMAGE, box("dent"))
    news = await world.rename("dent", "bump")
    await world.delete("bump")
    await world.hear(news)
    assert await world.shown(IMAGE) == (False, [])


async def test_a_rename_told_by_an_earlier_release_is_followed(world: World) -> None:
    await world.save(IMAGE, box("dent"))
    news = await world.rename("dent", "bump")
    labels = world.documents.collection(LABELS, TenantScope("t"))
    await labels.change(news.label_id, lambda old: old.model_copy(update={"former_names": ()}))
    await world.hear(news)
    assert await world.shown(IMAGE) == (True, ["bump"])
