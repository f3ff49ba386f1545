"""What happens while an annotation is written: nothing is left of what is gone meanwhile, and no
shape without its label."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.contracts.annotation_events import LabelDeleted
from shared.contracts.image_events import ImageDeleted
from shared.errors import NotFound
from tests.unit.annotation.told_by_hand import AUTHOR, IMAGE, OTHER, PROJECT, TILES, World, box


def while_labels_are_made(world: World, overtake: Callable[[], Awaitable[None]]) -> None:
    """Have something else happen once, right before a save makes the labels that it names."""
    ensure = world.names.ensure

    async def late(*asked: Any) -> None:
        world.names.ensure = ensure
        await overtake()
        await ensure(*asked)

    world.names.ensure = late


def before_the_write(world: World, overtake: Callable[[], Awaitable[None]]) -> None:
    world.store.meanwhile = overtake


MOMENTS = pytest.mark.parametrize("moment", [while_labels_are_made, before_the_write])


@MOMENTS
async def test_an_image_deleted_while_it_is_annotated_leaves_nothing(
    world: World, moment: Callable[..., None]
) -> None:
    async def overtake() -> None:
        await world.hear(ImageDeleted(project_id=PROJECT, image_id=IMAGE), 2)

    moment(world, overtake)
    with pytest.raises(NotFound):
        await world.save(IMAGE, box("dent"))
    assert await world.left() == (0, 0)


@MOMENTS
@pytest.mark.parametrize("heard", ["at once", "after the save"])
async def test_a_label_deleted_while_a_save_makes_others_lives_again_with_its_shape(
    world: World, moment: Callable[..., None], heard: str
) -> None:
    await world.save(OTHER, box("dent"))
    gone = await world.label("dent")
    deleted = LabelDeleted(project_id=PROJECT, label_id=gone.id, name="dent")

    async def overtake() -> None:
        await world.labels.delete_label(AUTHOR, PROJECT, gone.id, expected=None)
        if heard == "at once":
            await world.hear(deleted)

    moment(world, overtake)
    await world.save(IMAGE, box("dent"), box("pit", at=20))
    await world.hear(deleted)  # late, or twice
    assert await world.shown(IMAGE) == (True, ["dent", "pit"])
    assert sorted(await world.label_names()) == ["dent", "pit"]
    # Whoever heard of it before the label was there again let go of its other shapes.
    assert await world.shown(OTHER) == ((False, []) if heard == "at once" else (True, ["dent"]))


# --- tiles ---------------------------------------------------------------------------------------

DENT, PIT = box("dent"), box("pit", at=36)  # on the left tile, on the right one


async def test_a_tile_drawn_while_its_label_is_deleted_loses_it(world: World) -> None:
    await world.tiles()
    await world.save(IMAGE, DENT, PIT)
    world.store.meanwhile = lambda: world.delete("dent")
    await world.spread()
    # What showed nothing but the label is unannotated: nobody said that it is good.
    assert [await world.shown(tile) for tile in TILES] == [(False, []), (True, ["pit"])]
    assert await world.label_names() == ["pit"]


async def test_a_tile_drawn_while_its_label_is_renamed_follows(world: World) -> None:
    await world.tiles()
    await world.save(IMAGE, DENT, PIT)

    async def overtake() -> None:
        await world.hear(await world.rename("dent", "bump"))

    world.store.meanwhile = overtake
    await world.spread()
    assert [await world.shown(tile) for tile in TILES] == [(True, ["bump"]), (True, ["pit"])]


async def test_a_tile_that_comes_after_the_deletion_of_what_it_shows_is_no_negative(
    world: World,
) -> None:
    await world.save(IMAGE, DENT, PIT)
    await world.delete("dent")
    await world.tiles()
    assert [await world.shown(tile) for tile in TILES] == [(False, []), (True, ["pit"])]
    await world.save(IMAGE, PIT)  # now a person says so
    await world.spread()
    assert await world.shown(TILES[0]) == (False, [])  # the same again says nothing new
    await world.save(IMAGE, box("pit", at=40))
    await world.spread()
    assert await world.shown(TILES[0]) == (True, [])
