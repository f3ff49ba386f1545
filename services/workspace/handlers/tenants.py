"""Tenants of the platform: known, limited, suspended and resumed."""

import secrets
from datetime import datetime

from services.workspace.domain.tenants import MAX_REASON, line_of
from services.workspace.repository import API_KEYS, PLATFORM, PROJECTS, TENANTS, Tenant
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.tenant_events import Quotas, TenantLimited
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    Not,
    Query,
    Sort,
    TenantScope,
    Write,
)
from shared.errors import Conflict
from shared.http.tokens import digest_of
from shared.paging import Page, PageParams, page_of
from shared.telemetry import logger

_WHOLE = {"begun_with": None}
_RESUMED = {"suspended_at": None, "suspended_by": None, "reason": ""}

log = logger(__name__)


class Tenants:
    """Which tenants there are, and which of them are suspended.

    A suspension closes the door alone: nobody signs in, and no token opens. What runs for the
    tenant goes on, and after it is resumed all is as before, tokens that still live included.
    """

    def __init__(self, documents: Documents, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._clock = clock

    async def adopt(self) -> None:
        """Give documents to who has keys or projects since before there were any."""
        keys = self._documents.collection(API_KEYS, EveryTenant())
        projects = self._documents.collection(PROJECTS, EveryTenant())
        for name in sorted({*await keys.tally("tenant"), *await projects.tally("tenant")}):
            await self.known(name)

    async def known(self, tenant_id: str) -> Tenant:
        """Return the tenant of a credential; one from before there were documents gets its own."""
        return await tenants_in(self._documents).ensure(
            fresh_tenant(tenant_id, tenant_id, at=self._clock())
        )

    async def page(self, params: PageParams) -> Page[Tenant]:
        """Return the platform's tenants, newest first."""
        stored, order = tenants_in(self._documents), Sort("created_at", -1)
        return await page_of(stored, params, where=_WHOLE, sort=order)

    async def get(self, tenant_id: str) -> Tenant:
        """Return a tenant; raise NotFound."""
        tenants = tenants_in(self._documents)
        tenant = await tenants.get(tenant_id)
        if tenant.begun_with:
            raise tenants.missing(tenant_id)
        return tenant

    async def suspend(self, who: Caller, tenant_id: str, reason: str) -> Tenant:
        """Close the door to a tenant until it is resumed; again is harmless, the reason stays.

        Raises:
            Conflict: It is the tenant of the key that asks.
            InvalidInput: The reason is blank, or too long.
            NotFound: There is no such tenant.
        """
        kept = line_of("reason", reason, most=MAX_REASON)
        if tenant_id == who.tenant:
            raise Conflict("this is the tenant of the key that asks, which could not resume it")
        now = self._clock()
        closed = {"suspended_at": now, "suspended_by": who.key_id, "reason": kept}
        await self.get(tenant_id)
        suspended = await tenants_in(self._documents).change(
            tenant_id, lambda t: None if t.suspended_at else t.model_copy(update=closed)
        )
        log.warning("tenant.suspended", suspended=tenant_id, by=who.subject)
        return suspended

    async def resume(self, who: Caller, tenant_id: str) -> Tenant:
        """Open the door again; for one that is open, harmless. Raise NotFound."""
        await self.get(tenant_id)
        resumed = await tenants_in(self._documents).change(
            tenant_id, lambda tenant: tenant.model_copy(update=_RESUMED)
        )
        log.warning("tenant.resumed", resumed=tenant_id, by=who.subject)
        return resumed

    async def limit(self, who: Caller, tenant_id: str, quotas: Quotas) -> Tenant:
        """Set what a tenant may have and do, and tell the services; raise NotFound."""
        await self.get(tenant_id)

        def set_quotas(tenant: Tenant) -> Write[Tenant] | None:
            if tenant.quotas == quotas:
                return None
            told = TenantLimited(tenant_id=tenant_id, quotas=quotas)
            return Write(tenant.model_copy(update={"quotas": quotas}), [told])

        limited = await tenants_in(self._documents).change(tenant_id, set_quotas)
        log.info("tenant.limited", limited=tenant_id, by=who.subject)
        return limited

    async def suspended(self) -> frozenset[str]:
        """Return the digests of the marks of all tenants that are suspended."""
        query = Query(where={"suspended_at": Not(None)}, limit=500)
        walk = tenants_in(self._documents).walk(query)
        return frozenset([digest_of(tenant.mark) async for tenant in walk])


def tenants_in(documents: Documents) -> Collection[Tenant]:
    """Return the collection of tenants, which is the platform's own."""
    return documents.collection(TENANTS, TenantScope(PLATFORM))


def fresh_tenant(tenant_id: str, name: str, *, at: datetime) -> Tenant:
    """Return a tenant that is not stored yet."""
    mark = secrets.token_urlsafe(16)
    return Tenant(id=tenant_id, tenant=PLATFORM, name=name, mark=mark, created_at=at)
