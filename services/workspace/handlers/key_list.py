"""Keys of a tenant as its administrators see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.workspace.repository import API_KEYS, ApiKey, KeyState
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.documents.port import Collection, Documents, In, Query, Sort, TenantScope
from shared.paging import Page, PageParams, page_of


@dataclass(frozen=True)
class SeenKey:
    """A key, what it is good for now, the name of the key that made it, and whether it asks."""

    key: ApiKey
    state: KeyState
    maker: str | None
    is_own: bool


class KeyList:
    """Tells which keys there are."""

    def __init__(self, documents: Documents, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._clock = clock

    async def page(self, who: Caller, params: PageParams) -> Page[SeenKey]:
        """Return the tenant's keys, newest first, those that are no good any more, too."""
        page = await page_of(self._of(who), params, where={}, sort=Sort("created_at", -1))
        return page.with_items(await self._seen(who, page.items))

    async def seen(self, who: Caller, key: ApiKey) -> SeenKey:
        """Return what the list tells of one key."""
        return (await self._seen(who, [key]))[0]

    async def _seen(self, who: Caller, keys: Sequence[ApiKey]) -> list[SeenKey]:
        makers = Query(where={"id": In(sorted({key.created_by or "" for key in keys}))})
        names = {key.id: key.name async for key in self._of(who).walk(makers)}
        now = self._clock()
        return [
            SeenKey(key, key.state(now), names.get(key.created_by or ""), key.id == who.subject)
            for key in keys
        ]

    def _of(self, who: Caller) -> Collection[ApiKey]:
        return self._documents.collection(API_KEYS, TenantScope(who.tenant))
