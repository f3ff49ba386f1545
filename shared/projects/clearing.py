"""Removing what belonged to deleted projects: every collection of a service, and the blobs.

The mark of a deleted project says when to look next. Looks remove in small steps until nothing is
left, and come back ever more rarely for a week: whatever outruns the deletion (an upload that had
begun, a training that ended) goes, too, and no writer has to think of it.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.blobs.content import project_folder
from shared.blobs.port import Blobs
from shared.clock import Clock, utc_now
from shared.documents.port import (
    CollectionSpec,
    Documents,
    EveryTenant,
    Not,
    Query,
    TenantScope,
)
from shared.projects.directory import ProjectView, projects_spec

CHUNK = 200
BLOBS = 2000  # a look at a folder costs more than one of its files
LOOK_S = 2.0
MOST_PAUSE_S = 3600.0
KEEP = timedelta(days=7)


class Clearing:
    """Deleted projects whose things one service still has."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        service: str,
        collections: Sequence[CollectionSpec[Any]],
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._spec = projects_spec(service)
        self._collections = [spec for spec in collections if spec.project_path is not None]
        self._clock = clock

    async def run(self) -> None:
        """Clear until cancelled."""
        while True:
            removed = await self.step()
            await asyncio.sleep(0 if removed else LOOK_S)

    async def step(self) -> int:
        """Remove a step's worth of each deleted project whose look is due; return how much."""
        removed = 0
        marks = self._documents.collection(self._spec, EveryTenant())
        query = Query(where={"deleted": True, "cleared": Not(True)})
        async for mark in marks.walk(query):
            if mark.clear_at is None or mark.clear_at <= self._clock():
                found = await self._clear(mark)
                await self._note(mark, found)
                removed += found
        return removed

    async def _clear(self, mark: ProjectView) -> int:
        removed = 0
        for spec in self._collections:
            collection = self._documents.collection(spec, TenantScope(mark.tenant))
            removed += await collection.clear({str(spec.project_path): mark.id}, most=CHUNK)
        blobs = 0
        async for blob in self._blobs.walk(project_folder(mark.tenant, mark.id)):
            await self._blobs.delete(blob.key)
            blobs += 1
            if blobs == BLOBS:
                break
        return removed + blobs

    async def _note(self, mark: ProjectView, found: int) -> None:
        """Say when to look again: at once after a find, else later and later."""
        now = self._clock()
        if found and not mark.clear_pause_s:
            return
        pause_s = 0.0 if found else min(max(LOOK_S, 2 * mark.clear_pause_s), MOST_PAUSE_S)
        update = {
            "clear_at": now + timedelta(seconds=pause_s),
            "clear_pause_s": pause_s,
            "cleared": not found and _is_old(mark, now),
        }
        marks = self._documents.collection(self._spec, TenantScope(mark.tenant))
        await marks.change(mark.id, lambda known: known.model_copy(update=update))


def _is_old(mark: ProjectView, now: datetime) -> bool:
    """Whether nothing of a project can come any more; marks of earlier releases have no time."""
    return mark.deleted_at is None or now - mark.deleted_at > KEEP
