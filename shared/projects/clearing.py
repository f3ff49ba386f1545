"""Removing what belonged to deleted projects: noted by the event, done by a loop in small steps.

Whoever writes for a project that may be deleted meanwhile looks afterwards, and notes the clearing
again where it is: so what outruns a deletion goes, too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import CollectionSpec, Document, Documents, EveryTenant, TenantScope
from shared.errors import NotFound, VersionConflict

_LOOK_S = 2.0

Step = Callable[[str, str], Awaitable[int]]
"""Tenant, project → how many things of it were removed in this step; 0 when nothing is left."""


class Clearing(Document):
    """A deleted project whose things are still to be removed; ``id`` is the project's.

    It is ``noted`` once more for each thing that came late, so that no round before that ends it.
    """

    noted: int = 0


def clearings_spec(service: str) -> CollectionSpec[Clearing]:
    """Return the collection in which ``service`` keeps what is to be cleared."""
    return CollectionSpec(f"{service}.clearings", Clearing)


class Clearings:
    """Deleted projects whose things a service still has."""

    def __init__(
        self,
        documents: Documents,
        service: str,
        *,
        collections: Sequence[CollectionSpec[Any]] = (),
        steps: Sequence[Step] = (),
    ) -> None:
        """``collections`` are emptied by their ``project_field``; ``steps`` do what needs more."""
        self._documents = documents
        self._spec = clearings_spec(service)
        self._steps: tuple[Step, ...] = (
            *steps,
            *(partial(self._empty, spec) for spec in collections),
        )

    async def project_deleted(self, event: Event[ProjectDeleted]) -> None:
        """Note what is to be removed: doing it takes longer than an event may."""
        await self.note(event.tenant, event.data.project_id)

    async def note(self, tenant: str, project_id: str) -> None:
        """Note that a deleted project has things here, maybe again."""
        clearings = self._documents.collection(self._spec, TenantScope(tenant))
        await clearings.change(
            project_id,
            lambda old: old.model_copy(update={"noted": old.noted + 1}),
            new=Clearing(id=project_id, tenant=tenant),
        )

    async def run(self) -> None:
        """Clear until cancelled."""
        while True:
            removed = await self.step()
            await asyncio.sleep(0 if removed else _LOOK_S)

    async def step(self) -> int:
        """Remove a step's worth of each deleted project's things; return how many."""
        removed = 0
        async for clearing in self._documents.collection(self._spec, EveryTenant()).walk():
            found = sum([await step(clearing.tenant, clearing.id) for step in self._steps])
            removed += found
            if not found:
                clearings = self._documents.collection(self._spec, TenantScope(clearing.tenant))
                with suppress(NotFound, VersionConflict):  # another process was first
                    await clearings.delete(clearing)
        return removed

    async def _empty(self, spec: CollectionSpec[Any], tenant: str, project_id: str) -> int:
        collection = self._documents.collection(spec, TenantScope(tenant))
        return await collection.clear({spec.project_field: project_id})
