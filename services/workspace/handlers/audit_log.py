"""The audit log: who asked for which change, kept for the administrators of a tenant."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from services.workspace.repository import API_KEYS, AUDIT, AuditEntry
from shared.callers import Caller
from shared.clock import format_time
from shared.contracts.audit_events import ChangeAsked
from shared.contracts.envelope import Event
from shared.documents.port import (
    Collection,
    Condition,
    Documents,
    Has,
    Query,
    Range,
    Sort,
    TenantScope,
    Where,
)
from shared.paging import Page, PageParams, page_of

_NEWEST = Sort("at", -1)
_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Which entries: what is None leaves all in; ``since`` and ``until`` are within."""

    key_id: str | None = None
    operation: str | None = None
    object_id: str | None = None
    status: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def where(self) -> Where:
        """Return the same as the store is asked."""
        plain = {"key_id": self.key_id, "operation": self.operation, "status": self.status}
        found: dict[str, Condition] = {
            name: value for name, value in plain.items() if value is not None
        }
        if self.object_id is not None:
            found["ids"] = Has(self.object_id)
        if self.since or self.until:
            bounds = [moment and format_time(moment) for moment in (self.since, self.until)]
            found["at"] = Range(gte=bounds[0], lte=bounds[1])
        return found


class AuditLog:
    """Keeps what the journals of all services tell; nothing here changes an entry or removes it.

    The operator may give entries a term (`LOUPE_KEEP_AUDIT_D`).
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def keep(self, event: Event[ChangeAsked]) -> None:
        """Keep a line; the same one again is harmless."""
        line = event.data
        keys = self._documents.collection(API_KEYS, TenantScope(event.tenant))
        key = await keys.find(line.key_id) if line.key_id else None
        entry = AuditEntry(
            id=event.id,
            tenant=event.tenant,
            at=event.time,
            key_name=key.name if key else "",
            ids=tuple(dict.fromkeys((*line.named.values(), *line.made))),
            **line.model_dump(),
        )
        await self._of(event.tenant).ensure(entry)

    async def page(self, who: Caller, sought: Sought, params: PageParams) -> Page[AuditEntry]:
        """Return a page of the tenant's entries, newest first."""
        return await page_of(self._of(who.tenant), params, where=sought.where(), sort=_NEWEST)

    def walk(self, who: Caller, sought: Sought) -> AsyncIterator[AuditEntry]:
        """Yield all of the tenant's entries, newest first, in constant memory."""
        query = Query(where=sought.where(), sort=_NEWEST, limit=_PAGE)
        return self._of(who.tenant).walk(query)

    def _of(self, tenant: str) -> Collection[AuditEntry]:
        return self._documents.collection(AUDIT, TenantScope(tenant))
