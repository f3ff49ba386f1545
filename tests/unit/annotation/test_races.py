"""Deletions that overtake a write: nothing is left of what is gone, no shape without its label."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.annotations import Annotations
from services.annotation.handlers.images import Images
from services.annotation.handlers.labels import Labels
from services.annotation.handlers.predictions import Predictions
from services.annotation.repository import (
    ANNOTATIONS,
    COLLECTIONS,
    HISTORY,
    IMAGES,
    SERVICE,
    Annotation,
    ImageView,
)
from shared.callers import Caller
from shared.contracts.annotation_events import LabelDeleted
from shared.contracts.envelope import Event, EventBody, EventStamp, pack, unpack
from shared.contracts.image_events import ImageDeleted
from shared.contracts.project_events import ProjectCreated
from shared.contracts.shapes import Shape
from shared.documents.port import TenantScope
from shared.errors import NotFound
from shared.hosting.stores import Stores
from shared.projects.directory import ProjectDirectory

PROJECT, IMAGE = "01JD0000000000000000000001", "01JD0000000000000000000002"
AUTHOR = Caller("t", "key", "member")
BOX = Shape(label="dent", kind="box", points=((1, 1), (9, 9)))


def event(body: EventBody, sequence: int = 1) -> Event[Any]:
    (packed,) = pack([body], EventStamp.of("t", PROJECT, sequence))
    return unpack(type(body), packed.value_bytes())


class LateStore(AnnotationStore):
    """Lets something else happen once, right before a write."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def save(
        self, author: Caller, image: ImageView, draft: AnnotationDraft, **options: Any
    ) -> Annotation:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().save(author, image, draft, **options)


class World:
    """The use cases over a store, with one project of one image."""

    def __init__(self, stores: Stores) -> None:
        self.documents = stores.documents
        self.projects = ProjectDirectory(self.documents, SERVICE)
        self.images = Images(self.documents)
        self.store = LateStore(self.documents, images=self.images)
        self.labels = Labels(self.documents, self.store, self.images)
        self.annotations = Annotations(
            self.documents,
            projects=self.projects,
            images=self.images,
            labels=self.labels,
            predictions=Predictions(self.documents),
            store=self.store,
        )

    async def open(self) -> None:
        await self.documents.open(COLLECTIONS)
        created = ProjectCreated(project_id=PROJECT, name="pins", task="detection", labels=())
        for line in self.projects.subscriptions():
            if line.event is ProjectCreated:
                await line.handler(event(created))
        view = ImageView(
            id=IMAGE, tenant="t", sequence=1, project_id=PROJECT, name="a.jpg", width=64, height=48
        )
        await self.documents.collection(IMAGES, TenantScope("t")).insert(view)

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
        gone = ImageDeleted(project_id=PROJECT, image_id=IMAGE)
        await world.annotations.image_deleted(event(gone, 2))

    world.store.meanwhile = overtake
    with pytest.raises(NotFound):
        await world.annotations.save(AUTHOR, PROJECT, IMAGE, AnnotationDraft((BOX,)))
    assert await world.left() == (0, 0)


async def test_a_label_deleted_while_its_shape_is_saved_lives_again(world: World) -> None:
    async def overtake() -> None:
        (label,) = await world.labels.list_labels("t", PROJECT)
        await world.labels.delete_label("t", PROJECT, label.id, expected=None)
        gone = LabelDeleted(project_id=PROJECT, label_id=label.id, name=label.name)
        await world.labels.deleted(event(gone, 2))

    world.store.meanwhile = overtake
    saved = await world.annotations.save(AUTHOR, PROJECT, IMAGE, AnnotationDraft((BOX,)))
    labels = [label.name for label in await world.labels.list_labels("t", PROJECT)]
    assert [shape.label for shape in saved.annotation.shapes] == ["dent"] == labels
