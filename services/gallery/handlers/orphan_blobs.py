"""Blobs that deleted images leave: what the gallery alone refers to is removed after a grace.

That is thumbnails. Original, content and tile blobs may stand in snapshots and stay (decision
0022).
"""

from contextlib import suppress
from datetime import timedelta

from services.gallery.repository import IMAGES, ORPHANS, Image, OrphanBlob
from shared.blobs.port import Blobs
from shared.clock import Clock, format_time, utc_now
from shared.documents.port import Documents, EveryTenant, In, Query, Range, Sort, TenantScope
from shared.errors import NotFound
from shared.projects.directory import ProjectDirectory

_CHUNK = 100


class OrphanBlobs:
    """Remembers what deleted images leave, and removes it once nobody can be reading it."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        projects: ProjectDirectory,
        grace: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._projects = projects
        self._grace = grace
        self._clock = clock

    async def note(self, image: Image) -> None:
        """Remember the thumbnails of an image that is gone; a crash before this leaves a blob."""
        if image.thumbnails_key is None:
            return
        orphan = OrphanBlob(
            id=image.id,
            tenant=image.tenant,
            project_id=image.project_id,
            key=image.thumbnails_key,
            due_at=self._clock() + self._grace,
        )
        await self._documents.collection(ORPHANS, TenantScope(image.tenant)).ensure(orphan)

    async def collect(self) -> int:
        """Remove a step's worth of blobs whose grace is over; return how many were looked at."""
        tenants = In(await self._projects.tenants())
        past = Range(lte=format_time(self._clock()))
        due = Query(where={"tenant": tenants, "due_at": past}, sort=Sort("due_at"), limit=_CHUNK)
        found = await self._documents.collection(ORPHANS, EveryTenant()).query(due)
        for orphan in found:
            scope = TenantScope(orphan.tenant)
            images = self._documents.collection(IMAGES, scope)
            if await images.count({"thumbnails_key": orphan.key}) == 0:
                await self._blobs.delete(orphan.key)
            with suppress(NotFound):  # another replica was as quick
                await self._documents.collection(ORPHANS, scope).delete(orphan)
        return len(found)
