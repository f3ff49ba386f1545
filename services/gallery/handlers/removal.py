"""Removing images, with their tiles."""

from collections.abc import Sequence
from contextlib import suppress

from services.gallery.handlers.orphan_blobs import OrphanBlobs
from services.gallery.repository import IMAGES, Image
from shared.contracts.image_events import ImageDeleted
from shared.documents.port import Collection, Documents, Query, Remove, TenantScope
from shared.errors import NotFound

_CHUNK = 200


class Removal:
    """Removes images, and says so; what their blobs leave is noted as orphans."""

    def __init__(self, documents: Documents, orphans: OrphanBlobs) -> None:
        self._documents = documents
        self._orphans = orphans

    async def delete_image(self, tenant: str, project_id: str, image_id: str) -> None:
        """Remove an image, and its tiles with it; raise NotFound."""
        image = await self._images(tenant).find(image_id)
        if image is None or image.project_id != project_id:
            raise NotFound(f"no image {image_id}")
        await self.remove_tiles(image)
        await self._remove(image)
        await self.remove_tiles(image)  # those of a cut that was being taken over meanwhile
        if image.parent_id is not None:
            await self._remove_bare_parent(tenant, image.parent_id)

    async def delete_images(
        self, tenant: str, project_id: str, image_ids: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        """Remove images; return those that were removed and those that were not there."""
        deleted: list[str] = []
        missing: list[str] = []
        for image_id in dict.fromkeys(image_ids):
            try:
                await self.delete_image(tenant, project_id, image_id)
            except NotFound:
                missing.append(image_id)
            else:
                deleted.append(image_id)
        return deleted, missing

    async def remove_tiles(self, parent: Image) -> None:
        """Remove the tiles of an image."""
        if parent.tiling == "none":
            return
        where = {"parent_id": parent.id}
        while tiles := await self._images(parent.tenant).query(Query(where=where, limit=_CHUNK)):
            for tile in tiles:
                with suppress(NotFound):
                    await self._remove(tile)

    async def _remove_bare_parent(self, tenant: str, parent_id: str) -> None:
        """Remove a parent whose last tile is gone: nothing shows it, and it would bar its file."""
        images = self._images(tenant)
        if await images.count({"parent_id": parent_id}) == 0:
            with suppress(NotFound):
                await self._remove(await images.get(parent_id))

    async def _remove(self, image: Image) -> None:
        gone = ImageDeleted(project_id=image.project_id, image_id=image.id)
        removed = await self._images(image.tenant).change(image.id, lambda _: Remove((gone,)))
        await self._orphans.note(removed)

    def _images(self, tenant: str) -> Collection[Image]:
        return self._documents.collection(IMAGES, TenantScope(tenant))
