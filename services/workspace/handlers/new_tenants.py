"""New tenants, each with the first key of its administrator."""

from contextlib import suppress
from dataclasses import dataclass

from services.workspace.domain.api_keys import make_key
from services.workspace.domain.tenants import MAX_NAME, check_id, line_of
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.tenants import fresh_tenant, tenants_in
from services.workspace.repository import API_KEYS, Tenant
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.documents.port import Documents, Remove, TenantScope
from shared.errors import AlreadyExists, FieldError, NotFound, QuotaExceeded
from shared.telemetry import logger

MOST_TENANTS = 64
"""What they all can have taken back of keys and tokens fits the key set that services read."""

log = logger(__name__)


@dataclass(frozen=True)
class MadeTenant:
    """A tenant just made: ``api_key`` is told once and stored nowhere."""

    tenant: Tenant
    api_key: str


class NewTenants:
    """Makes tenants, in three writes: the tenant as begun, its first key, the tenant as whole.

    A kill in between leaves what is no tenant yet, and at most a key whose text nobody was told:
    who makes it anew begins anew, and that key goes. Of several who make one at once only one is
    told a key.
    """

    def __init__(self, documents: Documents, keys: Keys, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._keys = keys
        self._clock = clock

    async def make(self, who: Caller, tenant_id: str, name: str) -> MadeTenant:
        """Make a tenant.

        Raises:
            AlreadyExists: There is one with this id.
            InvalidInput: It cannot have this id, or be called so.
            QuotaExceeded: The platform has too many.
        """
        check_id(tenant_id)
        name = line_of("name", name, most=MAX_NAME)
        tenants, key = tenants_in(self._documents), make_key()
        begun = fresh_tenant(tenant_id, name, at=self._clock()).model_copy(
            update={"created_by": who.key_id, "begun_with": key.key_id}
        )
        if await tenants.count({"begun_with": None}) >= MOST_TENANTS:
            raise QuotaExceeded(f"this platform has {MOST_TENANTS} tenants already")

        abandoned: set[str] = set()

        def begin(stored: Tenant) -> Tenant:
            if stored.version:
                if stored.begun_with is None:
                    raise _taken(tenant_id)
                abandoned.add(stored.begun_with)
            return begun

        def end(stored: Tenant) -> Tenant:
            if stored.begun_with != key.key_id:
                raise _taken(tenant_id)  # somebody else began anew meanwhile
            return stored.model_copy(update={"begun_with": None})

        await tenants.change(tenant_id, begin, new=begun)
        for one in abandoned:
            await self._remove(tenant_id, one)
        await self._keys.add_key(tenant_id, key, name="first key", role="admin")
        try:
            made = await tenants.change(tenant_id, end)
        except AlreadyExists:
            await self._remove(tenant_id, key.key_id)
            raise
        log.info("tenant.made", made=tenant_id, by=who.subject)
        return MadeTenant(made, key.text)

    async def _remove(self, tenant_id: str, key_id: str) -> None:
        """Remove a key whose text nobody was told, if it was made at all."""
        keys = self._documents.collection(API_KEYS, TenantScope(tenant_id))
        with suppress(NotFound):
            await keys.change(key_id, lambda _: Remove())


def _taken(tenant_id: str) -> AlreadyExists:
    taken = [FieldError("id", "is taken; choose another")]
    return AlreadyExists(f"a tenant {tenant_id} exists", errors=taken)
