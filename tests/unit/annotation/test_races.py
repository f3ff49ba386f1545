"""What happens while an annotation is written: nothing is left of what is gone meanwhile, and no
shape without its label."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.label_rules import LabelChange
from services.annotation.errors import NamesFollow
from services.annotation.handlers import label_names
from services.annotation.handlers.annotation_store import AnnotationStore, Revision
from services.annotation.handlers.annotations import Annotations
from services.annotation.handlers.import_undo import ImportUndo
from services.annotation.handlers.label_names import LabelNames
from services.annotation.handlers.labels import Labels
from services.annotation.handlers.predictions import KnownPredictions
from services.annotation.handlers.snapshots import Snapshots
from services.annotation.handlers.tile_spread import TileSpread
from services.annotation.handlers.versions import KnownVersions
from services.annotation.repository import (
    ANNOTATIONS,
    COLLECTIONS,
    HISTORY,
    LABELS,
    SERVICE,
    Annotation,
    Label,
)
from services.annotation.subscriptions import subscriptions
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved, LabelDeleted, LabelRenamed
from shared.contracts.envelope import EventBody, EventStamp, pack, unpack
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.contracts.project_events import ProjectCreated
from shared.contracts.shapes import Shape
from shared.documents.port import TenantScope
from shared.errors import DependencyDown, NotFound
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectDirectory

PROJECT, IMAGE, OTHER = (f"01JD000000000000000000000{n}" for n in (1, 2, 3))
TILES = ("tile-left", "tile-right")
AUTHOR = Caller("t", "key", "engineer")


def box(label: str, *, at: float = 1) -> Shape:
    return Shape(label=label, kind="box", points=((at, at), (at + 8, at + 8)))


class LateStore(AnnotationStore):
    """Lets something else happen once, right before a write."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def revise(
        self, author: Caller, image: ImageView, edit: Revision, **options: Any
    ) -> Annotation:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().revise(author, image, edit, **options)


class World:
    """The service over a store, with a project of two images; its events are told by hand."""

    def __init__(self, stores: Stores) -> None:
        self.documents = stores.documents
        self.projects = ProjectDirectory(self.documents, SERVICE)
        self.images = ImageDirectory(self.documents, SERVICE)
        self.store = LateStore(self.documents, images=self.images)
        self.names = LabelNames(self.documents, self.store, self.images)
        self.labels = Labels(self.documents, self.names)
        predictions = KnownPredictions(self.documents)
        versions = KnownVersions(self.documents)
        self.annotations = Annotations(
            self.documents,
            projects=self.projects,
            images=self.images,
            names=self.names,
            predictions=predictions,
            versions=versions,
            store=self.store,
        )
        self.undoing = ImportUndo(images=self.images, names=self.names, store=self.store)
        self.table = subscriptions(
            self.projects,
            self.images,
            annotations=self.annotations,
            tile_spread=TileSpread(
                self.projects, images=self.images, names=self.names, store=self.store
            ),
            labels=self.labels,
            names=self.names,
            snapshots=Snapshots(
                self.documents,
                stores.blobs,
                projects=self.projects,
                images=self.images,
                store=self.store,
            ),
            predictions=predictions,
            versions=versions,
        )

    async def hear(self, body: EventBody, sequence: int = 1) -> None:
        (packed,) = pack([body], EventStamp.of("t", PROJECT, sequence))
        for line in self.table:
            if line.event is type(body):
                await line.handler(unpack(type(body), packed.value_bytes()))

    async def open(self) -> None:
        await self.documents.open(COLLECTIONS)
        created = {"project_id": PROJECT, "name": "pins", "task": "detection", "labels": ()}
        tiling = {"rows": 1, "columns": 2}
        await self.hear(ProjectCreated.model_validate({**created, "tiling": tiling}))
        for image_id in (IMAGE, OTHER):
            await self.image(image_id)

    async def image(self, image_id: str, **more: Any) -> None:
        facts = {
            "project_id": PROJECT,
            "image_id": image_id,
            "name": f"{image_id}.png",
            "blob_key": "k",
            "sha256": "h",
            "content_type": "image/png",
            "size_bytes": 1,
            "width": 64,
            "height": 48,
            "uploaded_at": "2026-11-20T08:00:00Z",
        }
        await self.hear(ImageUploaded.model_validate({**facts, **more}))

    async def tiles(self) -> None:
        for place, tile in enumerate(TILES):
            await self.image(tile, parent_id=IMAGE, offset_x=32 * place, width=32)

    async def save(self, image_id: str, *shapes: Shape) -> Annotation:
        draft = AnnotationDraft(shapes)
        return (await self.annotations.save(AUTHOR, PROJECT, image_id, draft)).annotation

    async def spread(self) -> None:
        """Tell what the store would: that the image was annotated."""
        await self.hear(AnnotationSaved(project_id=PROJECT, image_id=IMAGE, labels=()))

    async def label(self, name: str) -> Label:
        found = await self.labels.list_labels("t", PROJECT)
        return next(label for label in found if label.name == name)

    async def rename(self, old: str, new: str) -> LabelRenamed:
        label = await self.label(old)
        await self.labels.change_label("t", PROJECT, label.id, LabelChange(name=new), expected=None)
        return LabelRenamed(project_id=PROJECT, label_id=label.id, old_name=old, new_name=new)

    async def delete(self, name: str) -> None:
        label = await self.label(name)
        await self.labels.delete_label(AUTHOR, PROJECT, label.id, expected=None)
        await self.hear(LabelDeleted(project_id=PROJECT, label_id=label.id, name=name))

    async def shown(self, image_id: str) -> tuple[bool, list[str]]:
        """Whether an image is annotated, and the labels of its shapes."""
        found = await self.store.annotations("t").find(image_id)
        assert found is not None
        return found.annotated, [shape.label for shape in found.shapes]

    async def label_names(self) -> list[str]:
        return [label.name for label in await self.labels.list_labels("t", PROJECT)]

    async def left(self) -> tuple[int, int]:
        scope = TenantScope("t")
        return (
            await self.documents.collection(ANNOTATIONS, scope).count(),
            await self.documents.collection(HISTORY, scope).count(),
        )


@pytest.fixture
async def world(stores: Stores) -> World:
    made = World(stores)
    await made.open()
    return made


async def test_an_image_deleted_while_it_is_annotated_leaves_nothing(world: World) -> None:
    async def overtake() -> None:
        await world.hear(ImageDeleted(project_id=PROJECT, image_id=IMAGE), 2)

    world.store.meanwhile = overtake
    with pytest.raises(NotFound):
        await world.save(IMAGE, box("dent"))
    assert await world.left() == (0, 0)


async def test_a_label_deleted_while_its_shape_is_saved_lives_again(world: World) -> None:
    world.store.meanwhile = lambda: world.delete("dent")
    saved = await world.save(IMAGE, box("dent"))
    assert [shape.label for shape in saved.shapes] == ["dent"] == await world.label_names()


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


# --- renaming ------------------------------------------------------------------------------------


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
