"""Tiles of cut images, as tiling tells of them."""

from contextlib import suppress

from services.gallery.domain.names import tile_name
from services.gallery.handlers.announcement import uploaded_event
from services.gallery.handlers.removal import Removal
from services.gallery.repository import IMAGES, Image
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageTiled, Tile, TilingFailed
from shared.contracts.names import folded
from shared.documents.port import Collection, Documents, TenantScope
from shared.errors import AlreadyExists, NotFound


class Tiles:
    """Puts tiles in the place of the image that they were cut from."""

    def __init__(self, documents: Documents, removal: Removal) -> None:
        self._documents = documents
        self._removal = removal

    async def take(self, event: Event[ImageTiled]) -> None:
        """Add the tiles of a cut image; its place in the list is theirs now."""
        images = self._images(event.tenant)
        parent = await images.find(event.data.parent_id)
        if parent is None or (parent.tiling, parent.plan_hash) == ("done", event.data.plan_hash):
            return  # cut before: a tile that is missing now was deleted
        for tile in event.data.tiles:
            image = _tile_image(parent, tile, event.data.plan_hash)
            try:
                await images.insert(image, events=[uploaded_event(image)])
            except AlreadyExists:
                continue
        changes = {
            "listed": False,
            "tiling": "done",
            "tiling_reason": "",
            "tiles": len(event.data.tiles),
            "plan_hash": event.data.plan_hash,
        }
        try:
            await images.change(parent.id, lambda image: image.model_copy(update=changes))
        except NotFound:  # removed meanwhile
            await self._removal.remove_tiles(parent)

    async def note_failure(self, event: Event[TilingFailed]) -> None:
        """Say on the image why it was not cut; it stays in the list."""
        changes = {"tiling": "failed", "tiling_reason": event.data.reason}

        def failed(parent: Image) -> Image | None:
            return parent.model_copy(update=changes) if parent.tiling == "waiting" else None

        with suppress(NotFound):
            await self._images(event.tenant).change(event.data.parent_id, failed)

    def _images(self, tenant: str) -> Collection[Image]:
        return self._documents.collection(IMAGES, TenantScope(tenant))


def _tile_image(parent: Image, tile: Tile, plan_hash: str) -> Image:
    name = tile_name(parent.name, tile.row, tile.column)
    return Image(
        id=tile.image_id,
        tenant=parent.tenant,
        project_id=parent.project_id,
        identity=f"{parent.id}/{tile.row}/{tile.column}/{plan_hash}",
        name=name,
        sort_name=folded(name),
        sha256=tile.sha256,
        size_bytes=tile.size_bytes,
        original_type=tile.content_type,
        blob_key=tile.blob_key,
        content_type=tile.content_type,
        width=tile.width,
        height=tile.height,
        uploaded_at=parent.uploaded_at,
        uploaded_by=parent.uploaded_by,
        parent_id=parent.id,
        row=tile.row,
        column=tile.column,
        offset_x=tile.x,
        offset_y=tile.y,
        plan_hash=plan_hash,
    )
