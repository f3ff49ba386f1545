"""What the operator lets each tenant keep and do, as the workspace tells it."""

from services.gallery.repository import LIMITS, TenantLimits
from shared.contracts.envelope import Event
from shared.contracts.tenant_events import Quotas, TenantLimited
from shared.documents.port import Collection, Documents, TenantScope

_ID = "limits"


class Limits:
    """The newest quotas of each tenant that were heard; none for who was never limited."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def heard(self, event: Event[TenantLimited]) -> None:
        """Note new quotas; older ones that come late change nothing."""
        tenant = event.data.tenant_id
        new = TenantLimits(id=_ID, tenant=tenant, quotas=event.data.quotas, sequence=event.sequence)
        await self._of(tenant).change(
            _ID,
            lambda stored: (
                None
                if stored.version and stored.sequence >= event.sequence
                else new.model_copy(update={"version": stored.version})
            ),
            new=new,
        )

    async def of(self, tenant: str) -> Quotas:
        """Return a tenant's quotas."""
        stored = await self._of(tenant).find(_ID)
        return stored.quotas if stored else Quotas()

    def _of(self, tenant: str) -> Collection[TenantLimits]:
        return self._documents.collection(LIMITS, TenantScope(tenant))
