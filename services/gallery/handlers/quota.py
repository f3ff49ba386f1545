"""What a tenant may keep: a number of images, and the bytes of their files."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.gallery.domain.refusals import ImageQuotaExceeded
from services.gallery.repository import IMAGES
from shared.documents.port import Documents, TenantScope

_RECOUNT_S = 5.0
_RETRY_S = 3600


@dataclass
class _Usage:
    """What a tenant has: as counted in the store, and on its way in this process."""

    counted_at: float
    images: int = 0
    size_bytes: int = 0
    coming: int = 0
    coming_bytes: int = 0
    counting: asyncio.Lock = field(default_factory=asyncio.Lock)


class Quota:
    """Admits files while their tenant has room.

    A file holds its place from its admission on, so one process never lets in more than there is
    room for. The store is counted afresh every five seconds: that long, several processes may not
    know of one another. Tiles count as images, with the bytes of their files.
    """

    def __init__(self, documents: Documents, *, max_images: int, max_bytes: int) -> None:
        self._documents = documents
        self._max_images = max_images
        self._max_bytes = max_bytes
        self._usage: dict[str, _Usage] = {}

    async def check(self, tenant: str, size_bytes: int = 1) -> None:
        """Refuse when a file of at least this size does not fit; raise ImageQuotaExceeded."""
        self._admit(await self._counted(tenant), size_bytes)

    @asynccontextmanager
    async def place(self, tenant: str, size_bytes: int) -> AsyncIterator[None]:
        """Hold the place of a file of this size until it is in; raise ImageQuotaExceeded."""
        usage = await self._counted(tenant)
        self._admit(usage, size_bytes)
        usage.coming += 1
        usage.coming_bytes += size_bytes
        try:
            yield
            usage.images += 1
            usage.size_bytes += size_bytes
        finally:
            usage.coming -= 1
            usage.coming_bytes -= size_bytes

    def _admit(self, usage: _Usage, size_bytes: int) -> None:
        images = usage.images + usage.coming
        kept_bytes = usage.size_bytes + usage.coming_bytes
        if images < self._max_images and kept_bytes + size_bytes <= self._max_bytes:
            return
        raise ImageQuotaExceeded(
            f"this tenant has {images} of at most {self._max_images} images and "
            f"{kept_bytes} of at most {self._max_bytes} bytes",
            retry_after_s=_RETRY_S,
        )

    async def _counted(self, tenant: str) -> _Usage:
        usage = self._usage.setdefault(tenant, _Usage(time.monotonic() - _RECOUNT_S))
        async with usage.counting:
            if time.monotonic() - usage.counted_at >= _RECOUNT_S:
                await self._count(tenant, usage)
        return usage

    async def _count(self, tenant: str, usage: _Usage) -> None:
        images = self._documents.collection(IMAGES, TenantScope(tenant))
        before, before_bytes = usage.images, usage.size_bytes
        count, total = await images.count(), int(await images.total("size_bytes"))
        usage.images += count - before  # what came in meanwhile may count twice, never not at all
        usage.size_bytes += total - before_bytes
        usage.counted_at = time.monotonic()
