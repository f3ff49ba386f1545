"""The service over a store, whose events are told by hand: in any order, late, or in between."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.label_rules import LabelChange
from services.annotation.handlers.annotation_store import AnnotationStore, Revision
from services.annotation.handlers.annotations import Annotations
from services.annotation.handlers.drafts import Drafts
from services.annotation.handlers.import_undo import ImportUndo
from services.annotation.handlers.label_names import LabelNames
from services.annotation.handlers.labels import Labels
from services.annotation.handlers.predictions import KnownPredictions
from services.annotation.handlers.second_opinions import KnownOpinions
from services.annotation.handlers.snapshots import Snapshots
from services.annotation.handlers.tile_spread import TileSpread
from services.annotation.handlers.versions import KnownVersions
from services.annotation.repository import (
    ANNOTATIONS,
    COLLECTIONS,
    HISTORY,
    SERVICE,
    Annotation,
    Label,
)
from services.annotation.subscriptions import subscriptions
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved, LabelDeleted, LabelRenamed
from shared.contracts.envelope import EventBody, EventStamp, pack, unpack
from shared.contracts.image_events import ImageUploaded
from shared.contracts.project_events import ProjectCreated
from shared.contracts.shapes import Shape
from shared.documents.port import TenantScope
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
            drafts=Drafts(self.documents, projects=self.projects, images=self.images),
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
            opinions=KnownOpinions(self.documents, stores.blobs, self.names),
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
