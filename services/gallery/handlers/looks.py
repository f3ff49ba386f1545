"""The looks of images that came before looks were taken: filled in, image by image."""

import asyncio
from contextlib import suppress

from services.gallery.domain.looks import looks_of
from services.gallery.domain.refusals import StoredImageDamaged
from services.gallery.domain.thumbnails import SIZES
from services.gallery.handlers.announcement import uploaded_event
from services.gallery.handlers.thumbnails import Thumbnails
from services.gallery.repository import IMAGES, Image
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    Query,
    TenantScope,
    Where,
    Write,
)
from shared.errors import NotFound

_AGAIN_S = 6 * 3600.0  # an older process beside this one may have taken in more
_BARE: Where = {"looks": None, "parent_id": None}


class Looks:
    """Takes the looks of images that have none; tiles have those of their image."""

    def __init__(self, documents: Documents, thumbnails: Thumbnails) -> None:
        self._documents = documents
        self._thumbnails = thumbnails

    async def keep(self) -> None:
        """Do `fill` now and then, until cancelled."""
        while True:
            await self.fill()
            await asyncio.sleep(_AGAIN_S)

    async def fill(self) -> None:
        """Take and announce the looks of all images that have none.

        One whose picture is lost looks like nothing, until it is healed.
        """
        every = self._documents.collection(IMAGES, EveryTenant())
        for tenant in await every.tally("tenant", _BARE):
            await self._fill_of(self._documents.collection(IMAGES, TenantScope(tenant)))

    async def _fill_of(self, images: Collection[Image]) -> None:
        """Walk within a tenant, with whom indexes begin: else each page would read all images."""
        async for image in images.walk(Query(where=_BARE, limit=100)):
            looks = await self._taken(image)

            def looking(stored: Image, looks: str = looks) -> Write[Image] | None:
                if stored.looks is not None:
                    return None
                seen = stored.model_copy(update={"looks": looks})
                return Write(seen, (uploaded_event(seen),) if looks else ())

            with suppress(NotFound):  # removed meanwhile
                await images.change(image.id, looking)

    async def _taken(self, image: Image) -> str:
        try:
            thumbnail = await self._thumbnails.read(image, SIZES[0])
            return await asyncio.to_thread(looks_of, thumbnail)
        except (StoredImageDamaged, NotFound, ValueError):
            return ""
