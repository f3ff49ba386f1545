"""What a tenant may keep, images and the bytes of their files, and how fast they may come."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.gallery.domain.refusals import ImageQuotaExceeded, TooManyUploads
from services.gallery.repository import IMAGES, UPLOADS
from shared.attempts import Paces
from shared.contracts.tenant_events import Quotas
from shared.documents.port import Documents, TenantScope
from shared.quotas import Limits, Used

_RECOUNT_S = 5.0
_RETRY_S = 3600
_MINUTE_S = 60.0


@dataclass
class _Usage:
    """What a tenant has: as counted in the store, and on its way in this process.

    ``begun_bytes`` were announced by uploads in parts, which began and are not in yet.
    """

    counted_at: float
    images: int = 0
    size_bytes: int = 0
    begun_bytes: int = 0
    coming: int = 0
    coming_bytes: int = 0
    beginning_bytes: int = 0
    quotas: Quotas = field(default_factory=Quotas)
    counting: asyncio.Lock = field(default_factory=asyncio.Lock)


class Quota:
    """Admits files while their tenant has room.

    A file holds its place from its admission on, so one process never lets in more than there is
    room for. The store is counted afresh every five seconds: that long, several processes may not
    know of one another, nor of new quotas. Tiles count as images, with the bytes of their files.
    Uploads in parts that are under way have together no more bytes than there was room for when
    the last of them began; whole files do not wait for them.
    How fast files come is counted by each process for itself.
    """

    def __init__(
        self, documents: Documents, limits: Limits, *, max_images: int, max_bytes: int
    ) -> None:
        """Hold tenants to ``max_images`` and ``max_bytes`` where the operator set nothing else."""
        self._documents = documents
        self._limits = limits
        self._max_images = max_images
        self._max_bytes = max_bytes
        self._usage: dict[str, _Usage] = {}
        self._paces = Paces(period_s=_MINUTE_S)

    async def check(self, tenant: str, size_bytes: int = 1) -> None:
        """Refuse when a file of at least this size does not fit; raise ImageQuotaExceeded."""
        self._admit(await self._counted(tenant), size_bytes)

    async def begin_upload(self, tenant: str) -> None:
        """Count a file that comes; raise TooManyUploads, then it does not count."""
        limit = (await self._counted(tenant)).quotas.uploads_per_minute
        if limit is not None and (wait_s := self._paces.begin(tenant, limit)):
            raise TooManyUploads(
                f"this tenant may send {limit} files a minute; wait", retry_after_s=wait_s
            )

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

    @asynccontextmanager
    async def room_for_parts(self, tenant: str, size_bytes: int) -> AsyncIterator[None]:
        """Hold room for an upload in parts until it is stored, or not; raise ImageQuotaExceeded."""
        usage = await self._counted(tenant)
        self._admit(usage, size_bytes, beside=usage.begun_bytes + usage.beginning_bytes)
        usage.beginning_bytes += size_bytes
        try:
            yield
        finally:
            usage.beginning_bytes -= size_bytes

    def parts_began(self, tenant: str, size_bytes: int) -> None:
        """Count an upload in parts that is stored now, inside the block that holds its room."""
        self._usage[tenant].begun_bytes += size_bytes

    def parts_ended(self, tenant: str) -> None:
        """Count afresh before the next file: an upload in parts is stored no more."""
        if tenant in self._usage:
            self._usage[tenant].counted_at -= _RECOUNT_S

    async def told(self, tenant: str) -> tuple[Used, ...]:
        """Return each quota of a tenant, and how much of it is used."""
        usage = await self._counted(tenant)
        own, (images, size_bytes) = usage.quotas, self._most(usage)
        speed = own.uploads_per_minute
        late = 0 if speed is None else self._paces.counted(tenant, speed)
        return (
            Used("images", usage.images, images, own.images is not None),
            Used("size_bytes", usage.size_bytes, size_bytes, own.size_bytes is not None),
            Used("uploads_per_minute", late, speed, speed is not None),
        )

    def _admit(self, usage: _Usage, size_bytes: int, *, beside: int = 0) -> None:
        """Refuse what does not fit ``beside`` so many bytes that are not in yet."""
        images = usage.images + usage.coming
        kept_bytes = usage.size_bytes + usage.coming_bytes + beside
        most_images, most_bytes = self._most(usage)
        if images < most_images and kept_bytes + size_bytes <= most_bytes:
            return
        raise ImageQuotaExceeded(
            f"this tenant has {images} of at most {most_images} images and "
            f"{kept_bytes} of at most {most_bytes} bytes",
            retry_after_s=_RETRY_S,
        )

    def _most(self, usage: _Usage) -> tuple[int, int]:
        """Return how many images and bytes a tenant may have."""
        own = usage.quotas
        return (
            self._max_images if own.images is None else own.images,
            self._max_bytes if own.size_bytes is None else own.size_bytes,
        )

    async def _counted(self, tenant: str) -> _Usage:
        usage = self._usage.setdefault(tenant, _Usage(time.monotonic() - _RECOUNT_S))
        async with usage.counting:
            if time.monotonic() - usage.counted_at >= _RECOUNT_S:
                await self._count(tenant, usage)
        return usage

    async def _count(self, tenant: str, usage: _Usage) -> None:
        images = self._documents.collection(IMAGES, TenantScope(tenant))
        uploads = self._documents.collection(UPLOADS, TenantScope(tenant))
        before = usage.images, usage.size_bytes, usage.begun_bytes
        now = await images.count(), int(await images.total("size_bytes"))
        begun = int(await uploads.total("length"))
        usage.quotas = await self._limits.of(tenant)
        usage.images += now[0] - before[0]  # what came meanwhile may count twice, never not at all
        usage.size_bytes += now[1] - before[1]
        usage.begun_bytes += begun - before[2]
        usage.counted_at = time.monotonic()
