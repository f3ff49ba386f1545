"""Spreading what was annotated on a large image over the tiles that it was cut into.

Labels may come before the tiles do, so tiles are looked at from both sides: when their image's
annotation is saved, and when they appear.
"""

import contextlib

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.label_rules import stays_annotated
from services.annotation.domain.shape_rules import with_ids
from services.annotation.domain.tile_shapes import on_tile
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.label_names import LabelNames
from services.annotation.repository import Annotation
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageUploaded
from shared.contracts.shapes import Shape
from shared.errors import NotFound
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectDirectory
from shared.vision.tiles import Window

Shapes = tuple[Shape, ...]


class TileSpread:
    """Keeps the annotations of tiles behind those of their images."""

    def __init__(
        self,
        projects: ProjectDirectory,
        *,
        images: ImageDirectory,
        names: LabelNames,
        store: AnnotationStore,
    ) -> None:
        self._projects = projects
        self._images = images
        self._names = names
        self._store = store

    async def annotated(self, event: Event[AnnotationSaved]) -> None:
        """Annotate the tiles of a large image; a tile that follows already stays as it is."""
        tenant, data = event.tenant, event.data
        project = await self._projects.find(tenant, data.project_id)
        if project is None or project.tiling is None:
            return
        whole = await self._store.annotations(tenant).find(data.image_id)
        if whole is None:
            return
        drawn = await self._drawn(whole)
        tiles = self._images.walk(tenant, data.project_id, parent_id=data.image_id)
        async for tile in tiles:
            await self._follow(tile, whole, drawn)

    async def uploaded(self, event: Event[ImageUploaded]) -> None:
        """Annotate a tile if its image is already."""
        if event.data.parent_id is None:
            return
        annotations = self._store.annotations(event.tenant)
        whole = await annotations.find(event.data.parent_id)
        if whole is None:
            return
        try:
            tile = await self._images.require(
                event.tenant, event.data.project_id, event.data.image_id
            )
        except NotFound:
            return  # it was deleted meanwhile
        await self._follow(tile, whole, await self._drawn(whole))

    async def _drawn(self, whole: Annotation) -> Shapes:
        """What was drawn on an image, labels that were deleted since then included."""
        step = await self._store.drawn(whole)
        return whole.shapes if step is None else step.after

    async def _follow(self, tile: ImageView, whole: Annotation, drawn: Shapes) -> None:
        """Draw on a tile what its image shows there, unless it was drawn from this or a later one.

        What a person changed on the tile since then stays until the image is annotated anew. Labels
        renamed or deleted since the image was read are followed after the write.
        """
        draft = _draft(tile, whole, drawn)
        author = Caller(tile.tenant, whole.author, "system")

        def edit(old: Annotation) -> AnnotationDraft | None:
            return draft if old.whole_version < whole.drawn_version else None

        with contextlib.suppress(NotFound):  # the tile was deleted meanwhile
            await self._names.settle(tile, await self._store.revise(author, tile, edit))


def _draft(tile: ImageView, whole: Annotation, drawn: Shapes) -> AnnotationDraft:
    """What a tile shall show; one on which only deleted labels showed is no negative."""
    window = Window(0, 0, tile.offset_x, tile.offset_y, tile.width, tile.height)
    shapes, regions = on_tile(whole.shapes, whole.ignore_regions, window)
    before = shapes or on_tile(drawn, (), window)[0]
    return AnnotationDraft(
        with_ids(shapes, tile.id),
        regions,
        annotated=whole.annotated and stays_annotated(before, shapes),
        reason="drawn_on_whole",
        whole_version=whole.drawn_version,
    )
