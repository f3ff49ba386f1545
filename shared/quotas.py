"""What the operator lets each tenant have and do: each service keeps what the workspace tells."""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.envelope import Event
from shared.contracts.tenant_events import Quotas, TenantLimited
from shared.documents.port import Collection, CollectionSpec, Document, Documents, TenantScope
from shared.events.subscriptions import Subscription, on

QuotaName = Literal[
    "images",
    "size_bytes",
    "uploads_per_minute",
    "trainings_in_line",
    "training_minutes_per_day",
    "predictions_per_second",
]

_ID = "limits"


class TenantLimits(Document):
    """What the operator lets a tenant have and do, as last heard; a tenant has one."""

    quotas: Quotas
    sequence: int


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a quota is used; one ``is_own`` where the operator set it for the tenant."""

    name: QuotaName
    used: int
    limit: int | None
    is_own: bool


def limits_spec(service: str) -> CollectionSpec[TenantLimits]:
    """Return the collection in which ``service`` keeps what it heard."""
    return CollectionSpec(f"{service}.limits", TenantLimits)


class Limits:
    """The newest quotas of each tenant that were heard; none for who was never limited."""

    def __init__(self, documents: Documents, service: str) -> None:
        self._documents = documents
        self._spec = limits_spec(service)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return what keeps them."""
        return (on(TenantLimited, self.heard),)

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
        return self._documents.collection(self._spec, TenantScope(tenant))
