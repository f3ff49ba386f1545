"""What is to be done when a project is deleted: noted by its event, done by a loop in steps."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from services.gallery.repository import CLEARINGS, Clearing
from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import Documents, EveryTenant, Query, TenantScope
from shared.errors import NotFound, VersionConflict

Step = Callable[[str, str], Awaitable[int]]
"""Tenant, project → how many things of it were removed; 0 when nothing is left."""


class Clearings:
    """Removes what deleted projects leave."""

    def __init__(self, documents: Documents, steps: Sequence[Step]) -> None:
        self._documents = documents
        self._steps = steps

    async def note(self, event: Event[ProjectDeleted]) -> None:
        """Note that a project's things are to be removed."""
        clearings = self._documents.collection(CLEARINGS, TenantScope(event.tenant))
        await clearings.ensure(Clearing(id=event.data.project_id, tenant=event.tenant))

    async def go_on(self) -> int:
        """Remove a step's worth of things of deleted projects; return how many."""
        removed = 0
        for clearing in await self._documents.collection(CLEARINGS, EveryTenant()).query(Query()):
            count = sum([await step(clearing.tenant, clearing.id) for step in self._steps])
            removed += count
            if not count:
                scope = TenantScope(clearing.tenant)
                with suppress(NotFound, VersionConflict):  # another replica was as quick
                    await self._documents.collection(CLEARINGS, scope).delete(clearing)
        return removed
