"""Spreading what was annotated on a large image over the tiles that it was cut into.

Labels may come before the tiles do, so tiles are looked at from both sides: when their image's
annotation is saved, and when they appear.
"""

import contextlib
from dataclasses import dataclass, replace

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.history import FOLLOWS_LABEL, Change
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
        cause = await self._cause(whole)
        tiles = self._images.walk(tenant, data.project_id, parent_id=data.image_id)
        async for tile in tiles:
            await self._follow(tile, whole, cause)

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
        await self._follow(tile, whole, await self._cause(whole))

    async def _cause(self, whole: Annotation) -> "_Cause":
        """Why an image shows what it shows."""
        drawing = await self._store.drawing(whole.tenant, whole.change_id)
        shapes = whole.shapes if drawing is None else drawing.change.after
        last = await self._last(whole)
        if last is not None and last.reason == "restored":
            undone = await self._store.drawing(whole.tenant, last.previous_id)
            return _Cause(shapes, undone=undone.import_id if undone else "")
        return _Cause(shapes, import_id=drawing.import_id if drawing else "")

    async def _last(self, annotation: Annotation) -> Change | None:
        """The last step of an annotation that is no mere renaming of a label."""
        history, step_id = self._store.history(annotation.tenant), annotation.change_id
        record = await history.find(step_id) if step_id else None
        while record is not None and record.change.reason in FOLLOWS_LABEL:
            record = await history.find(record.change.previous_id)
        return None if record is None else record.change

    async def _follow(self, tile: ImageView, whole: Annotation, cause: "_Cause") -> None:
        """Draw on a tile what its image shows there, unless it was drawn from this or a later one.

        What a person changed on the tile since then stays until the image is annotated anew. Labels
        renamed or deleted since the image was read are followed after the write.
        """
        draft = _draft(tile, whole, cause)
        author = Caller.system(tile.tenant, on_behalf_of=whole.author)

        async def edit(old: Annotation) -> AnnotationDraft | None:
            follows = old.whole_version >= whole.drawn_version
            if follows and not await self._came_without(old, whole):
                return None
            return await self._back(old, cause.undone, draft) if cause.undone else draft

        with contextlib.suppress(NotFound):  # the tile was deleted meanwhile
            await self._names.settle(tile, await self._store.revise(author, tile, edit))

    async def _came_without(self, tile: Annotation, whole: Annotation) -> bool:
        """Whether a tile was cut while a label of its image was deleted that is back by now."""
        history = self._store.history(tile.tenant)
        found = [await history.find(one.change_id) for one in (tile, whole)]
        reasons = [record.change.reason for record in found if record is not None]
        return reasons == ["drawn_on_whole", "label_restored"]

    async def _back(
        self, old: Annotation, undone: str, draft: AnnotationDraft
    ) -> AnnotationDraft | None:
        """What a tile shows once the import `undone` of its image is undone.

        What a person changed since the import stays; what was on the tile itself before it comes
        back; else the tile follows its image back.
        """
        spread = await self._store.drawing(old.tenant, old.change_id)
        if spread is None:
            return draft
        if spread.change.reason != "drawn_on_whole":
            return None
        earlier = await self._store.drawing(old.tenant, spread.change.previous_id)
        if earlier is None or spread.import_id != undone:
            return draft
        change = earlier.change
        if change.reason == "drawn_on_whole":
            return replace(draft, restores=earlier.id)
        return AnnotationDraft(
            change.after,
            change.ignore_regions,
            annotated=change.annotated,
            reason="restored",
            prediction_id=change.prediction_id,
            whole_version=draft.whole_version,
            restores=earlier.id,
        )


@dataclass(frozen=True)
class _Cause:
    """Why an image shows what it shows.

    Attributes:
        shapes: What was drawn, labels that were deleted since then included.
        import_id: The import that drew it; empty for a person's work, and after an undo.
        undone: The import that was undone last.
    """

    shapes: Shapes
    import_id: str = ""
    undone: str = ""


def _draft(tile: ImageView, whole: Annotation, cause: _Cause) -> AnnotationDraft:
    """What a tile shall show; one on which only deleted labels showed is no negative."""
    window = Window(0, 0, tile.offset_x, tile.offset_y, tile.width, tile.height)
    shapes, regions = on_tile(whole.shapes, whole.ignore_regions, window)
    before = shapes or on_tile(cause.shapes, (), window)[0]
    return AnnotationDraft(
        with_ids(shapes, tile.id),
        regions,
        annotated=whole.annotated and stays_annotated(before, shapes),
        reason="drawn_on_whole",
        whole_version=whole.drawn_version,
        import_id=cause.import_id,
    )
