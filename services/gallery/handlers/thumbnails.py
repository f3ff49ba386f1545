"""Thumbnails of images: read where they are stored, made where they are not."""

from services.gallery.adapters.decoders import Decoders
from services.gallery.adapters.staging import Staging
from services.gallery.handlers.images import damaged
from services.gallery.repository import IMAGES, Image
from shared.blobs.content import put_by_hash
from shared.blobs.port import Blobs
from shared.documents.port import Documents, TenantScope
from shared.errors import InvalidInput, NotFound
from shared.runtime.image_limits import decode_bytes
from shared.runtime.mapped_files import mapped
from shared.vision.headers.header import HeaderError
from shared.vision.headers.sniff import read_header

_JPEG = b"\xff\xd8"


class Thumbnails:
    """Thumbnails over the document and blob stores; a new tile has none until it is asked for."""

    def __init__(
        self, documents: Documents, blobs: Blobs, pool: Decoders, staging: Staging
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._pool = pool
        self._staging = staging

    async def read(self, image: Image, size: int) -> bytes:
        """Return the smallest stored thumbnail of at least `size` px, or the largest one.

        Raises:
            StoredImageDamaged: it must be made anew, and the image's content is lost or damaged.
        """
        image = await self._with_thumbnails(image)
        try:
            return await self._stored(image, size)
        except NotFound:  # collected as this image took them up (decision 0022), or damaged
            bare = image.model_copy(update={"thumbnails_key": None})
            return await self._stored(await self._with_thumbnails(bare), size)

    async def _stored(self, image: Image, size: int) -> bytes:
        sizes = sorted(map(int, image.thumbnails))
        best = next((known for known in sizes if known >= size), sizes[-1])
        start, length = image.thumbnails[str(best)]
        key = image.thumbnails_key or ""
        parts = [part async for part in self._blobs.stream(key, start=start, length=length)]
        data = b"".join(parts)
        if len(data) != length or not data.startswith(_JPEG):
            raise NotFound(f"thumbnail {best} of {image.id} is damaged")
        return data

    async def _with_thumbnails(self, image: Image) -> Image:
        if image.thumbnails_key is not None:
            return image
        with self._staging.file() as staged:
            try:
                async with self._blobs.as_file(image.blob_key) as path:
                    cost = decode_bytes(read_header(memoryview(mapped(path))))
                    decoded = await self._pool.decode(path, staged.folder, predicted_bytes=cost)
            except (HeaderError, InvalidInput, NotFound) as error:
                raise damaged(image) from error
            data = decoded.thumbnails.read_bytes()
        key = await put_by_hash(self._blobs, data, tenant=image.tenant, project_id=image.project_id)
        spans = {str(size): span for size, span in decoded.spans.items()}
        changes = {"thumbnails_key": key, "thumbnails": spans}
        images = self._documents.collection(IMAGES, TenantScope(image.tenant))
        return await images.change(image.id, lambda known: known.model_copy(update=changes))
