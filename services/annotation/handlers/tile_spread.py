"""Spreading what was annotated on a large image over the tiles that it was cut into.

Labels may come before the tiles do, so tiles are looked at from both sides: when their image's
annotation is saved, and when they appear.
"""

import contextlib

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.shape_rules import with_ids
from services.annotation.domain.tile_shapes import on_tile
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.images import Images
from services.annotation.repository import Annotation, ImageView
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageUploaded
from shared.errors import NotFound
from shared.projects.directory import ProjectDirectory
from shared.vision.tiles import Window


class TileSpread:
    """Keeps the annotations of tiles behind those of their images."""

    def __init__(
        self, projects: ProjectDirectory, *, images: Images, store: AnnotationStore
    ) -> None:
        self._projects = projects
        self._images = images
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
        for tile in await self._images.tiles_of(tenant, data.image_id):
            await self._follow(tile, whole)

    async def uploaded(self, event: Event[ImageUploaded]) -> None:
        """Take note of an image; a tile is annotated if its image is already."""
        await self._images.uploaded(event)
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
        await self._follow(tile, whole)

    async def _follow(self, tile: ImageView, whole: Annotation) -> None:
        """Draw on a tile what its image shows there, unless it was drawn from this or a later one.

        What a person changed on the tile since then stays until the image is annotated anew.
        """
        shapes, regions = on_tile(whole.shapes, whole.ignore_regions, _window(tile))
        draft = AnnotationDraft(
            with_ids(shapes, tile.id),
            regions,
            annotated=whole.annotated,
            reason="drawn_on_whole",
            whole_version=whole.drawn_version,
        )
        author = Caller(tile.tenant, whole.author, "system")
        with contextlib.suppress(NotFound):  # the tile was deleted meanwhile
            await self._store.revise(
                author,
                tile,
                lambda old: draft if old.whole_version < whole.drawn_version else None,
            )


def _window(tile: ImageView) -> Window:
    return Window(0, 0, tile.offset_x, tile.offset_y, tile.width, tile.height)
