"""Keys of a tenant: made for others, and taken back with the tokens that they gave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.workspace.domain.api_keys import expiry_of, is_token_id, make_key
from services.workspace.errors import LastAdminKey
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.tenants import Tenants
from services.workspace.repository import (
    API_KEYS,
    ApiKey,
    EndedToken,
    spent_keys,
    valid_keys,
)
from shared.callers import Caller, Role
from shared.clock import Clock, format_time, utc_now
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    Query,
    Range,
    TenantScope,
)
from shared.errors import Forbidden, NotFound, QuotaExceeded
from shared.http.tokens import Revoked, digest_of
from shared.telemetry import logger

_TOLD = timedelta(days=1)  # no token lives as long, whatever became of the clocks meanwhile
_MOST_KEYS = 1000
_MOST_TOKENS = 100
_MOST_TOKENS_OF_TENANT = 500  # one by one; the rest goes with all tokens of its key

_LAST = "this is the last key of an administrator: make another one first"

log = logger(__name__)


@dataclass(frozen=True)
class MadeKey:
    """A key just made: ``text`` is told once and stored nowhere."""

    key: ApiKey
    text: str


class Revocations:
    """Who may sign in to a tenant, and what of it was taken back.

    One document says it all, so that a kill leaves nothing half revoked: a key, with the tokens of
    it that do not open any more. Services read what was taken back of late (:meth:`lately`).
    """

    def __init__(self, documents: Documents, keys: Keys, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._keys = keys
        self._tenants = Tenants(documents, clock=clock)
        self._clock = clock

    async def make_key(
        self,
        who: Caller,
        *,
        name: str,
        role: Role,
        expires_at: datetime | None = None,
        is_operator: bool = False,
    ) -> MadeKey:
        """Make a key for somebody else; no route makes one of an operator.

        Raises:
            InvalidInput: it would have expired already.
            QuotaExceeded: the tenant has too many, or took back too many of late.
        """
        now, keys = self._clock(), self._of(who)
        ends = None if expires_at is None else expiry_of(expires_at, now=now)
        told = {"ended_at": Range(gte=format_time(now - _TOLD))}
        counted = [*valid_keys(now), *({**where, **told} for where in spent_keys(now))]
        if sum([await keys.count(where) for where in counted]) >= _MOST_KEYS:
            raise QuotaExceeded(f"this tenant has {_MOST_KEYS} keys already")
        fresh = make_key()
        key = await self._keys.add_key(
            who.tenant,
            fresh,
            name=name,
            role=role,
            by=who.key_id,
            expires_at=ends,
            is_operator=is_operator,
        )
        log.info("key.made", key=key.id, role=role, by=who.subject)
        return MadeKey(key, fresh.text)

    async def revoke_key(self, who: Caller, key_id: str) -> ApiKey:
        """Take a key back for ever, and with it each token that it gave; again is harmless.

        Raises:
            LastAdminKey: the tenant has no other one that administers it.
            NotFound: the tenant has no such key.
        """
        keys = self._of(who)
        if who.role != "system" and await self._admins(who) == [key_id]:
            raise LastAdminKey(_LAST)
        now = self._clock()

        def revoke(key: ApiKey) -> ApiKey | None:
            return None if key.revoked_at else _closed(key, now, {"revoked_at": now})

        revoked = await keys.change(key_id, revoke)
        if who.role != "system" and revoked.role == "admin" and not await self._admins(who):
            # Two took back each other's at once. The tokens that it gave stay ended.
            await keys.change(
                key_id,
                lambda key: (
                    key.model_copy(update={"revoked_at": None}) if key.revoked_at == now else None
                ),
            )
            raise LastAdminKey(_LAST)
        log.warning("key.revoked", key=key_id, by=who.subject)
        return revoked

    async def end_tokens(self, who: Caller, key_id: str) -> ApiKey:
        """Take back each token that a key gave until now; the key itself goes on.

        Raises:
            NotFound: the tenant has no such key.
        """
        now = self._clock()
        ended = await self._of(who).change(key_id, lambda key: _closed(key, now))
        log.warning("key.tokens_ended", key=key_id, by=who.subject)
        return ended

    async def end_token(self, who: Caller, token_id: str) -> None:
        """Take back one token by its id; again is harmless.

        Beyond a hundred of a key, or five hundred of the tenant within a day, all tokens that the
        key gave until now go with it.

        Raises:
            Forbidden: it is of another key, and the caller is no administrator.
            NotFound: the tenant has no key that gave such tokens.
        """
        key_id, now = token_id.partition(".")[0], self._clock()
        if key_id != who.subject and not who.may("admin"):
            raise Forbidden("only an administrator may take back tokens of another key")
        if not is_token_id(token_id):
            raise NotFound("that is no access token, nor the id of one")
        told = await self._told(self._of(who))
        is_full = len(told.tokens) >= _MOST_TOKENS_OF_TENANT

        def end(key: ApiKey) -> ApiKey | None:
            if any(ended.id == token_id for ended in key.ended_tokens):
                return None
            late = list(key.ended_tokens)  # old ones, too: the clock may be ahead, and set back
            if len(late) >= _MOST_TOKENS:
                late = [ended for ended in late if ended.at > now - _TOLD]
            if is_full or len(late) >= _MOST_TOKENS:
                return _closed(key, now)
            at = key.no_sooner_than_tokens(now)
            late.append(EndedToken(id=token_id, at=at))
            return key.model_copy(update={"ended_tokens": tuple(late), "ended_at": at})

        try:
            await self._of(who).change(key_id, end)
        except NotFound:
            raise NotFound(f"no key gave the token {token_id}") from None
        log.warning("token.revoked", token=token_id, by=who.subject)

    async def lately(self) -> Revoked:
        """Return what was taken back of all tenants and may still be in somebody's hands."""
        told = await self._told(self._documents.collection(API_KEYS, EveryTenant()))
        return told.model_copy(update={"tenants": await self._tenants.suspended()})

    async def _told(self, keys: Collection[ApiKey]) -> Revoked:
        since = self._clock() - _TOLD
        tokens: set[str] = set()
        least: dict[str, int] = {}
        told = Query(where={"ended_at": Range(gte=format_time(since))}, limit=500)
        async for key in keys.walk(told):
            late = [ended for ended in key.ended_tokens if ended.at >= since]
            tokens.update(digest_of(ended.id) for ended in late)
            if key.generation:
                least[digest_of(key.id)] = key.generation
        return Revoked(tokens=frozenset(tokens), keys=least)

    async def _admins(self, who: Caller) -> list[str]:
        """Return the valid keys of administrators, four of them at most."""
        found = [
            await self._of(who).query(Query(where={**where, "role": "admin"}, limit=2))
            for where in valid_keys(self._clock())
        ]
        return [key.id for keys in found for key in keys]

    def _of(self, who: Caller) -> Collection[ApiKey]:
        return self._documents.collection(API_KEYS, TenantScope(who.tenant))


def _closed(key: ApiKey, now: datetime, update: Mapping[str, object] | None = None) -> ApiKey:
    """Return the key as it is when none of its tokens opens any more."""
    changes = {
        "generation": key.generation + 1,
        "ended_tokens": (),
        "ended_at": key.no_sooner_than_tokens(now),
        **(update or {}),
    }
    return key.model_copy(update=changes)
