"""API keys: made, and exchanged for who they belong to."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from services.workspace.domain.api_keys import NewKey, key_id_of, make_key, same
from services.workspace.domain.sites import site_of
from services.workspace.errors import TenantSuspended, TooManyAttempts
from services.workspace.handlers.tenants import Tenants
from services.workspace.repository import API_KEYS, ApiKey, Tenant
from shared.attempts import Attempts
from shared.callers import Caller, Role, role_named
from shared.clock import Clock, utc_now
from shared.documents.port import Documents, EveryTenant, TenantScope
from shared.errors import LoupeError, Unauthenticated
from shared.telemetry import SIGN_INS, logger

_BURST = 10
_EVERY_S = 6.0
_REMEMBERED = 10_000
_USE_TOLD = timedelta(minutes=1)

log = logger(__name__)


class Keys:
    """API keys over the document store.

    Failures are counted by address alone: a key holds 256 bits of chance, so that guessing at one
    is hopeless from any number of addresses, while its name, which others may know, would be a
    means to lock its owner out. A key that signed in before is let in however often others fail
    from its address.
    """

    def __init__(
        self,
        documents: Documents,
        *,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = documents
        self._tenants = Tenants(documents, clock=clock)
        self._clock = clock
        self._attempts = Attempts(burst=_BURST, every_s=_EVERY_S, most=_REMEMBERED, clock=monotonic)
        self._proven: OrderedDict[bytes, None] = OrderedDict()

    async def add_key(
        self,
        tenant: str,
        key: NewKey,
        *,
        name: str,
        role: Role,
        by: str | None = None,
        expires_at: datetime | None = None,
        is_operator: bool = False,
    ) -> ApiKey:
        """Store a key and return it; the same key again is harmless, a revoked one stays so."""
        keys = self._documents.collection(API_KEYS, TenantScope(tenant))
        document = ApiKey(
            id=key.key_id,
            tenant=tenant,
            name=name,
            digest=key.digest,
            role=role,
            created_at=self._clock(),
            created_by=by,
            expires_at=expires_at,
            is_operator=is_operator,
        )
        return await keys.ensure(document)

    async def is_known(self, tenant: str, key_id: str) -> bool:
        """Tell whether a key is stored, valid or not."""
        keys = self._documents.collection(API_KEYS, TenantScope(tenant))
        return await keys.find(key_id) is not None

    async def make_key(
        self, tenant: str, *, name: str, role: Role, is_operator: bool = False
    ) -> str:
        """Make, store and return a new key."""
        key = make_key()
        await self.add_key(tenant, key, name=name, role=role, is_operator=is_operator)
        return key.text

    async def sign_in(self, api_key: str, *, source: str) -> Caller:
        """Return whom a key belongs to, until it expires; ``source`` is the address it came from.

        Raises:
            TooManyAttempts: too many failed from there.
            Unauthenticated: the key is none of ours, revoked or expired.
            TenantSuspended: it is a good one, of a tenant that is not let in.
        """
        key_id, proof = key_id_of(api_key), hashlib.sha256(api_key.encode()).digest()
        site, counted = site_of(source), proof not in self._proven
        if counted and (wait_s := self._attempts.begin(site)):
            SIGN_INS.labels("limited").inc()
            raise TooManyAttempts("signing in failed too often; wait", retry_after_s=wait_s)
        try:
            key = await self._valid(api_key, key_id)
            tenant = await self._tenants.known(key.tenant)
            who = _owner(key, tenant)
        except Unauthenticated as refusal:
            SIGN_INS.labels("failed").inc()
            log.warning("sign_in.failed", source=source, key=key_id, reason=refusal.detail)
            self._proven.pop(proof, None)  # revoked since: from now on it counts
            raise
        if counted:
            self._attempts.forgive(site)
        self._remember(proof)
        if tenant.suspended_at:
            SIGN_INS.labels("suspended").inc()
            raise TenantSuspended("this tenant is suspended; ask the operator of the platform")
        SIGN_INS.labels("signed in").inc()
        await self._note_use(key)
        return who

    async def _valid(self, api_key: str, key_id: str | None) -> ApiKey:
        keys = self._documents.collection(API_KEYS, EveryTenant())
        stored = await keys.find(key_id) if key_id else None
        if stored is None or stored.revoked_at or not same(api_key, stored.digest):
            raise Unauthenticated("the API key is wrong or revoked")
        if stored.state(self._clock()) == "expired":
            raise Unauthenticated("the API key has expired")
        return stored

    async def _note_use(self, key: ApiKey) -> None:
        """Store that a key was used, once a minute; a store that cannot keeps nobody out."""
        now, last = self._clock(), key.last_used_at
        if last and abs(now - last) < _USE_TOLD:
            return
        keys = self._documents.collection(API_KEYS, TenantScope(key.tenant))
        try:
            await keys.change(
                key.id,
                lambda stored: (
                    stored.model_copy(
                        update={
                            "last_used_at": now,
                            "signed_at": stored.no_sooner_than_tokens(now),
                        }
                    )
                    if stored.last_used_at == last
                    else None  # somebody was first
                ),
            )
        except LoupeError as error:
            log.warning("key.use_untold", key=key.id, cause=error.detail)

    def _remember(self, proof: bytes) -> None:
        self._proven[proof] = None
        self._proven.move_to_end(proof)
        if len(self._proven) > _REMEMBERED:
            self._proven.popitem(last=False)


def _owner(key: ApiKey, tenant: Tenant) -> Caller:
    role = role_named(key.role)
    if role is None:
        raise Unauthenticated("the API key has a role that this release does not know")
    return Caller(
        key.tenant,
        key.id,
        role,
        until=key.expires_at,
        generation=key.generation,
        mark=tenant.mark,
        is_operator=key.is_operator,
    )
