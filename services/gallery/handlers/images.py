"""Reading images: lists, one with its tiles, and bytes."""

from collections.abc import AsyncIterator

from services.gallery.domain.refusals import StoredImageDamaged
from services.gallery.handlers.search import ImageFilter, ImageSort
from services.gallery.repository import IMAGES, Image
from shared.blobs.content import SoundContent, lost
from shared.blobs.port import Blobs
from shared.documents.port import Collection, Documents, Query, TenantScope, Where
from shared.errors import NotFound
from shared.paging import Page, PageParams, page_of


class Gallery:
    """Images over the document and blob stores."""

    def __init__(self, documents: Documents, blobs: Blobs) -> None:
        self._documents = documents
        self._blobs = blobs
        self._sound = SoundContent(blobs)

    async def list_images(
        self,
        tenant: str,
        project_id: str,
        *,
        wanted: ImageFilter,
        sort: ImageSort,
        paging: PageParams,
    ) -> Page[Image]:
        """Return one page of a project's images."""
        where = wanted.where(project_id)
        return await page_of(self._images(tenant), paging, where=where, sort=sort.order())

    async def summary(self, tenant: str, project_id: str) -> dict[str, int]:
        """Return how many listed images have each status."""
        where: Where = {"project_id": project_id, "listed": True}
        return await self._images(tenant).tally("status", where)

    async def get_image(self, tenant: str, project_id: str, image_id: str) -> Image:
        """Return an image of the project; raise NotFound."""
        image = await self._images(tenant).find(image_id)
        if image is None or image.project_id != project_id:
            raise NotFound(f"no image {image_id}")
        return image

    async def tiles_of(self, parent: Image) -> list[Image]:
        """Return the tiles of a parent, row by row."""
        if parent.tiles == 0:
            return []
        query = Query(where={"parent_id": parent.id}, limit=parent.tiles)
        tiles = await self._images(parent.tenant).query(query)
        return sorted(tiles, key=lambda tile: (tile.row or 0, tile.column or 0))

    def content(self, image: Image, *, original: bool) -> AsyncIterator[bytes]:
        """Return the bytes of the upright content, or of the file as it was uploaded."""
        return self._blobs.stream(image.original_key if original else image.blob_key)

    async def content_size(self, image: Image, *, original: bool) -> int:
        """Return the number of those bytes.

        Raises:
            StoredImageDamaged: the blob is not there, or not what was stored.
        """
        key = image.original_key if original else image.blob_key
        try:
            return (await self._sound.find(key)).size_bytes
        except NotFound as error:
            raise damaged(image) from error

    def _images(self, tenant: str) -> Collection[Image]:
        return self._documents.collection(IMAGES, TenantScope(tenant))


def damaged(image: Image) -> StoredImageDamaged:
    """Return the error that tells a person what to do about a lost or damaged blob."""
    return StoredImageDamaged(lost(image.name))
