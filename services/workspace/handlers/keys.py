"""API keys: made, and exchanged for who they belong to."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from services.workspace.domain.api_keys import NewKey, key_id_of, make_key, same
from services.workspace.domain.attempts import Attempts, site_of
from services.workspace.errors import TooManyAttempts
from services.workspace.repository import API_KEYS, ApiKey
from shared.callers import ROLES, Caller, Role
from shared.clock import Clock, utc_now
from shared.documents.port import Documents, EveryTenant, TenantScope
from shared.errors import Unauthenticated
from shared.telemetry import SIGN_INS, logger

_BURST = 10
_EVERY_S = 6.0
_REMEMBERED = 10_000

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
        self._clock = clock
        self._attempts = Attempts(burst=_BURST, every_s=_EVERY_S, most=_REMEMBERED, clock=monotonic)
        self._proven: OrderedDict[bytes, None] = OrderedDict()

    async def add_key(
        self, tenant: str, key: NewKey, *, name: str, role: Role, by: str | None = None
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
        )
        return await keys.ensure(document)

    async def make_key(self, tenant: str, *, name: str, role: Role) -> str:
        """Make, store and return a new key."""
        key = make_key()
        await self.add_key(tenant, key, name=name, role=role)
        return key.text

    async def sign_in(self, api_key: str, *, source: str) -> Caller:
        """Return whom a key belongs to; ``source`` is the address that it came from.

        Raises:
            TooManyAttempts: too many failed from there.
            Unauthenticated: the key is none of ours.
        """
        key_id, proof = key_id_of(api_key), hashlib.sha256(api_key.encode()).digest()
        site, counted = site_of(source), proof not in self._proven
        if counted and (wait_s := self._attempts.begin(site)):
            SIGN_INS.labels("limited").inc()
            raise TooManyAttempts("signing in failed too often; wait", retry_after_s=wait_s)
        try:
            who = await self._owner(api_key, key_id)
        except Unauthenticated as refusal:
            SIGN_INS.labels("failed").inc()
            log.warning("sign_in.failed", source=source, key=key_id, reason=refusal.detail)
            self._proven.pop(proof, None)  # revoked since: from now on it counts
            raise
        SIGN_INS.labels("signed in").inc()
        if counted:
            self._attempts.forgive(site)
        self._remember(proof)
        return who

    async def _owner(self, api_key: str, key_id: str | None) -> Caller:
        keys = self._documents.collection(API_KEYS, EveryTenant())
        stored = await keys.find(key_id) if key_id else None
        if stored is None or stored.revoked_at or not same(api_key, stored.digest):
            raise Unauthenticated("the API key is wrong or revoked")
        role = next((known for known in ROLES if known == stored.role), None)
        if role is None:
            raise Unauthenticated("the API key has a role that this release does not know")
        return Caller(stored.tenant, stored.id, role, generation=stored.generation)

    def _remember(self, proof: bytes) -> None:
        self._proven[proof] = None
        self._proven.move_to_end(proof)
        if len(self._proven) > _REMEMBERED:
            self._proven.popitem(last=False)
