"""How long documents stay that the operator gave a term: the oldest go, some at a time.

What is kept for ever unless the operator says otherwise: :class:`shared.settings.KeepSettings`.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Generic

from shared.clock import Clock, format_time, utc_now
from shared.documents.port import (
    CollectionSpec,
    D,
    Documents,
    EveryTenant,
    Query,
    Range,
    Remove,
    Sort,
    TenantScope,
    Where,
)
from shared.errors import NotFound
from shared.settings import KeepSettings, Kept
from shared.telemetry import EXPIRED, logger

LOOK_S = 3600.0
_PAGE = 200

log = logger(__name__)


@dataclass(frozen=True)
class Term(Generic[D]):
    """Documents that go when they are older than what the operator chose for their kind.

    Attributes:
        kind: Which choice it is.
        spec: The collection.
        since: The field with the time that the term is counted from; without one a document stays.
        where: Which of its documents.
        goes: Is asked before a document goes, and takes along what belongs to it; False keeps it.
    """

    kind: Kept
    spec: CollectionSpec[D]
    since: str
    where: Where = field(default_factory=dict)
    goes: Callable[[D], Awaitable[bool]] | None = None

    def asking(self, goes: Callable[[D], Awaitable[bool]]) -> "Term[D]":
        """Return the term that asks before a document goes."""
        return replace(self, goes=goes)


def receipts_term(receipts: CollectionSpec[D]) -> Term[D]:
    """Return the term of a service's receipts of ``Idempotency-Key``."""
    return Term("receipts", receipts, "created_at")


class Terms:
    """Removes what is past its term, in one service's collections."""

    def __init__(
        self,
        documents: Documents,
        terms: Sequence[Term[Any]],
        keep: KeepSettings,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._terms = [(term, days) for term in terms if (days := keep.days(term.kind))]
        self._clock = clock

    async def run(self) -> None:
        """Look every hour, until cancelled; nothing is looked at that has no term."""
        while self._terms:
            await self.step()
            await asyncio.sleep(LOOK_S)

    async def step(self) -> int:
        """Remove everything that is past its term; return how many documents went."""
        return sum([await self._expire(term, days) for term, days in self._terms])

    async def due(self) -> dict[Kept, int]:
        """Return how many documents of each kind are past their term: who is asked may keep some.

        A kind without such documents is left out.
        """
        found: Counter[Kept] = Counter()
        for term, days in self._terms:
            every = self._documents.collection(term.spec, EveryTenant())
            found[term.kind] += await every.count(self._past(term, days))
        return {kind: number for kind, number in found.items() if number}

    def _past(self, term: Term[Any], days: float) -> Where:
        before = format_time(self._clock() - timedelta(days=days))
        return {**term.where, term.since: Range(lt=before)}

    async def _expire(self, term: Term[Any], days: float) -> int:
        every, past = self._documents.collection(term.spec, EveryTenant()), self._past(term, days)
        tenants = await every.tally("tenant", past)
        gone = sum([await self._expire_of(tenant, term, past) for tenant in tenants])
        if gone:
            EXPIRED.labels(term.kind).inc(gone)
            log.info("terms.expired", kind=term.kind, documents=gone, days=days)
        return gone

    async def _expire_of(self, tenant: str, term: Term[Any], past: Where) -> int:
        """Walk within a tenant, with whom indexes begin: else each page would read all there is."""
        mine, gone = self._documents.collection(term.spec, TenantScope(tenant)), 0
        async for document in mine.walk(Query(where=past, sort=Sort(term.since), limit=_PAGE)):
            if term.goes is not None and not await term.goes(document):
                continue
            with suppress(NotFound):  # another replica was as quick
                await mine.change(document.id, lambda _: Remove())
                gone += 1
        return gone
