"""Removing what belonged to deleted projects: noted by the event, done in small steps."""

import asyncio
from typing import Any

from services.annotation.repository import (
    ANNOTATIONS,
    CLEARINGS,
    HISTORY,
    IMAGES,
    LABELS,
    PREDICTIONS,
    Clearing,
)
from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import CollectionSpec, Documents, EveryTenant, Query, TenantScope
from shared.errors import NotFound, VersionConflict

_CHUNK = 200
_LOOK_S = 2.0
_OF_A_PROJECT: tuple[CollectionSpec[Any], ...] = (
    ANNOTATIONS,
    HISTORY,
    LABELS,
    IMAGES,
    PREDICTIONS,
)


class Clearings:
    """Deleted projects whose documents are still to be removed."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def project_deleted(self, event: Event[ProjectDeleted]) -> None:
        """Note what is to be removed: doing it takes longer than an event may."""
        clearings = self._documents.collection(CLEARINGS, TenantScope(event.tenant))
        await clearings.ensure(Clearing(id=event.data.project_id, tenant=event.tenant))

    async def run(self) -> None:
        """Clear until cancelled."""
        while True:
            removed = await self.step()
            await asyncio.sleep(0 if removed else _LOOK_S)

    async def step(self) -> int:
        """Remove a step's worth of each project's documents; return how many."""
        removed = 0
        for clearing in await self._documents.collection(CLEARINGS, EveryTenant()).query(Query()):
            found = 0
            for spec in _OF_A_PROJECT:
                found += await self._remove(spec, clearing)
            if not found:
                await self._over(clearing)
            removed += found
        return removed

    async def _remove(self, spec: CollectionSpec[Any], clearing: Clearing) -> int:
        collection = self._documents.collection(spec, TenantScope(clearing.tenant))
        return await collection.clear({"project_id": clearing.id}, most=_CHUNK)

    async def _over(self, clearing: Clearing) -> None:
        clearings = self._documents.collection(CLEARINGS, TenantScope(clearing.tenant))
        try:
            await clearings.delete(clearing)
        except (NotFound, VersionConflict):
            return  # another process was first
