"""The blobs of an image: the file as it came, its upright content, its thumbnails.

Each is kept under the hash of its bytes, so each can be told to be whole, and be made again of the
file. An image that is uploaded again is healed so.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from services.gallery.adapters.decoders import Decoders
from services.gallery.adapters.staging import Staged
from services.gallery.handlers.announcement import uploaded_event
from services.gallery.repository import IMAGES, Image
from shared.blobs.content import is_whole, put_by_hash
from shared.blobs.port import Blobs
from shared.documents.port import Documents, TenantScope, Write
from shared.runtime.image_limits import decode_bytes
from shared.runtime.mapped_files import mapped
from shared.telemetry import logger
from shared.vision.headers.header import ImageHeader
from shared.vision.headers.sniff import read_header

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """What was stored of a file: what an image says of it, and what a person should know."""

    fields: dict[str, object]
    warnings: tuple[str, ...] = ()


class Renditions:
    """Makes and stores what is made of files."""

    def __init__(self, documents: Documents, blobs: Blobs, pool: Decoders) -> None:
        self._documents = documents
        self._blobs = blobs
        self._pool = pool

    async def make(
        self, tenant: str, project_id: str, staged: Staged, *, header: ImageHeader
    ) -> Made:
        """Decode a staged file and store all blobs of it.

        Raises:
            LoupeError: the file cannot be decoded; one of the gallery's refusals.
        """
        decoded = await self._pool.decode(
            staged.path, staged.folder, predicted_bytes=decode_bytes(header)
        )

        async def put(path: Path, sha256: str | None = None) -> str:
            return await put_by_hash(
                self._blobs, path, tenant=tenant, project_id=project_id, sha256=sha256
            )

        key = await put(staged.path, staged.sha256)
        if decoded.content is not None:
            key = await put(decoded.content)
        fields: dict[str, object] = {
            "blob_key": key,
            "content_type": decoded.content_type,
            "thumbnails_key": await put(decoded.thumbnails),
            "thumbnails": {str(size): span for size, span in decoded.spans.items()},
            "looks": decoded.looks,
        }
        return Made(fields, decoded.warnings)

    async def heal(self, image: Image, staged: Staged) -> bool:
        """Store again what was lost or damaged of an image whose file came again.

        Returns whether anything was. Where today's decoder gives other bytes or looks than the one
        that the image was taken in by, the image is announced anew.
        """
        keys = {image.original_key, image.blob_key, image.thumbnails_key} - {None}
        if all([await is_whole(self._blobs, key) for key in keys if key]):
            return False
        header = await asyncio.to_thread(lambda: read_header(memoryview(mapped(staged.path))))
        made = await self.make(image.tenant, image.project_id, staged, header=header)
        log.warning("image.healed", image=image.id, name=image.name)

        def healed(stored: Image) -> Write[Image]:
            new = stored.model_copy(update=made.fields)
            same = (new.blob_key, new.looks) == (stored.blob_key, stored.looks)
            return Write(new, () if same else (uploaded_event(new),))

        images = self._documents.collection(IMAGES, TenantScope(image.tenant))
        await images.change(image.id, healed)
        return True
