"""Frees what nothing names any more: blobs of deleted images, and those that a kill left.

A blob that nothing stored names is noted. One that was noted for the safe age, and that nothing
named and nobody stored again meanwhile, is removed. So nothing goes that somebody is about to name:
an upload under way, a dataset that is being frozen, an event that is not heard yet. A clock that
jumps ahead makes no note older: a machine's ticks tell how long a note of the same boot lies.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from services.workspace.domain.blob_names import LONGEST, Named, manifests_of, needed_of, project_of
from services.workspace.domain.holdings import kind_of_blob, kind_of_collection
from services.workspace.repository import (
    HOLDING_ID,
    HOLDINGS,
    LEFTOVERS,
    PROJECTS,
    Amount,
    Holding,
    Leftover,
)
from shared.blobs.port import BlobInfo, Blobs
from shared.clock import Clock, utc_now
from shared.contracts.catalogue import DEAD_LETTERS_SUFFIX, PARTITIONS
from shared.documents.port import Documents, EveryTenant, Query, TenantScope
from shared.documents.texts import Text
from shared.errors import NotFound
from shared.events.dead_letters import waiting
from shared.events.port import EventLog
from shared.ids import derived_id, new_id
from shared.telemetry import FREED_BYTES, STORED_BYTES, logger
from shared.ticks import age_of, ticks_beside

_PAGE = 500
_OWN = (LEFTOVERS.name, HOLDINGS.name)
_ROUGHLY = timedelta(seconds=5)

log = logger(__name__)


@dataclass
class Collected:
    """What a look found: all that is stored, what nothing names of it, what was due and went."""

    stored: Amount = field(default_factory=Amount)
    unnamed: Amount = field(default_factory=Amount)
    freed: Amount = field(default_factory=Amount)


@dataclass
class _Look:
    """One look at a tenant's blobs."""

    tenant: str
    named: Named
    manifests: dict[str, set[str]]
    noted: dict[str, Leftover]
    unnamed: dict[str, list[BlobInfo]] = field(default_factory=dict)
    kinds: dict[str, Amount] = field(default_factory=dict)

    def hold(self, kind: str, size_bytes: int) -> None:
        """Count what is stored of a kind."""
        self.kinds[kind] = self.kinds.get(kind, Amount()) + _one(size_bytes)

    def release(self, kind: str, size_bytes: int) -> None:
        """Count what went of a kind no more."""
        self.kinds[kind] -= _one(size_bytes)
        if not self.kinds[kind].count:
            del self.kinds[kind]

    def read(self, text: Text) -> None:
        """Take the names in a document of the tenant."""
        body = needed_of(text.collection, text.body)
        project_id = str(text.body.get("project_id") or "")
        self.named.read(" ".join((*_words(body), *text.told)), project_id)
        self.manifests.setdefault(project_id, set()).update(manifests_of(body))
        told = sum(map(len, text.told))
        self.hold(kind_of_collection(text.collection), len(orjson.dumps(text.body)) + told)


class Collector:
    """Looks for blobs that nothing names, over all tenants."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        events: EventLog,
        *,
        safe_age: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._events = events
        self._safe_age = safe_age
        self._clock = clock

    async def collect(self, *, dry_run: bool = False) -> Collected:
        """Look once; with ``dry_run`` say what would go now, and change nothing."""
        found, look = Collected(), None
        letters, began = await self._dead_letters(), self._clock()
        async for blob in self._blobs.walk("t/"):
            tenant, project = blob.key.split("/")[1], project_of(blob.key)
            if look is None or look.tenant != tenant:
                if look is not None:
                    await self._settle(look, found, dry_run=dry_run)
                look = await self._begin(tenant, letters)
            found.stored += _one(blob.size_bytes)
            look.hold(kind_of_blob(blob.key), blob.size_bytes)
            if project is not None and blob.key not in look.named:
                look.unnamed.setdefault(project, []).append(blob)
        if look is not None:
            await self._settle(look, found, dry_run=dry_run)
        if not dry_run:
            await self._look_after_those_without_blobs(began, letters, found)
            _tell(found)
        return found

    async def _look_after_those_without_blobs(
        self, began: datetime, letters: Named, found: Collected
    ) -> None:
        """Say what those hold who have projects, or had blobs once, and have no blobs now."""
        holdings = self._documents.collection(HOLDINGS, EveryTenant())
        projects = self._documents.collection(PROJECTS, EveryTenant())
        seen = {one.tenant: one.looked_at async for one in holdings.walk(Query(limit=_PAGE))}
        tenants = {one.tenant async for one in projects.walk(Query(limit=_PAGE))} | set(seen)
        for tenant in sorted(tenants):
            if tenant not in seen or seen[tenant] < began:
                look = await self._begin(tenant, letters)
                await self._settle(look, found, dry_run=False)

    async def _dead_letters(self) -> Named:
        """Return what the letters name: they may be sent back, and nothing else name it yet.

        The group is the look's own: it commits nothing, and two looks at once see all letters each.
        """
        topics = [topic + DEAD_LETTERS_SUFFIX for topic in PARTITIONS]
        consumer = await self._events.consumer(f"collect-{new_id()}", topics)
        named = Named()
        try:
            async for letter in waiting(consumer):
                text = letter.value.decode(errors="replace")
                await asyncio.to_thread(named.read, text, "")
        finally:
            await consumer.close()
        await asyncio.to_thread(named.seal)
        return named

    async def _begin(self, tenant: str, letters: Named) -> _Look:
        leftovers = self._documents.collection(LEFTOVERS, TenantScope(tenant))
        noted = {one.key: one async for one in leftovers.walk(Query(limit=_PAGE))}
        look = _Look(tenant, Named(letters), {}, noted)
        async for text in self._documents.texts(tenant):
            if text.collection not in _OWN:
                await asyncio.to_thread(look.read, text)  # one may be large: never many at once
        await asyncio.to_thread(look.named.seal)
        return look

    async def _settle(self, look: _Look, found: Collected, *, dry_run: bool) -> None:
        """Note, or remove, what nothing names of a tenant; forget notes that are void."""
        unnamed, freed = Amount(), Amount()
        for project_id, blobs in look.unnamed.items():
            for manifest in look.manifests.get(project_id, ()):
                await self._read(manifest, project_id, look.named)
            await asyncio.to_thread(look.named.seal)
            for blob in blobs:
                if blob.key not in look.named:
                    unnamed += _one(blob.size_bytes)
                    if await self._pass_over(look, blob, dry_run=dry_run):
                        freed += _one(blob.size_bytes)
                        look.release(kind_of_blob(blob.key), blob.size_bytes)
        found.unnamed += unnamed
        found.freed += freed
        if not dry_run:
            for void in look.noted.values():
                await self._forget(void)
            await self._say(look, unnamed, freed)

    async def _say(self, look: _Look, unnamed: Amount, freed: Amount) -> None:
        """Store what the tenant holds now: what went is not among it any more."""
        now = Holding(
            id=HOLDING_ID,
            tenant=look.tenant,
            looked_at=self._clock(),
            kinds=look.kinds,
            unnamed=unnamed - freed,
            freed=freed,
        )

        def said(last: Holding) -> Holding:
            return now.model_copy(update={"freed_ever": last.freed_ever + freed})

        holdings = self._documents.collection(HOLDINGS, TenantScope(look.tenant))
        await holdings.change(now.id, said, new=now)

    async def _read(self, manifest: str, project_id: str, named: Named) -> None:
        """Take the names in a blob; one that is lost names nothing."""
        rest = ""
        try:
            async for chunk in self._blobs.stream(manifest):
                text = rest + chunk.decode("latin-1")
                await asyncio.to_thread(named.read, text, project_id)
                rest = text[-LONGEST:]
        except NotFound:
            log.warning("collect.manifest_lost", key=manifest)

    async def _pass_over(self, look: _Look, blob: BlobInfo, *, dry_run: bool) -> bool:
        """Remove a blob whose time is over, else note it; return whether it goes."""
        note = look.noted.pop(blob.key, None)
        stale = note is None or note.since > self._clock() or _is_newer(blob, note)
        due = not stale and note is not None and self._age(note) >= self._safe_age
        if dry_run:
            return due
        if stale:
            await self._note(look.tenant, blob)
        elif due and note is not None:
            with_now = await self._state(blob.key)
            if with_now is not None and _is_newer(with_now, note):
                return False  # stored again this very moment
            await self._blobs.delete(blob.key)
            await self._forget(note)
            return True
        return False

    def _age(self, note: Leftover) -> timedelta:
        return age_of(note.since, note.ticks, clock=self._clock)

    async def _state(self, key: str) -> BlobInfo | None:
        try:
            return await self._blobs.stat(key)
        except NotFound:
            return None

    async def _note(self, tenant: str, blob: BlobInfo) -> None:
        since, ticks = self._clock(), ticks_beside(self._clock)
        fresh = Leftover(
            id=derived_id(tenant, "leftover", blob.key),
            tenant=tenant,
            project_id=project_of(blob.key) or "",
            key=blob.key,
            since=since,
            ticks=ticks,
        )
        leftovers = self._documents.collection(LEFTOVERS, TenantScope(tenant))
        await leftovers.change(
            fresh.id,
            lambda known: known.model_copy(update={"since": since, "ticks": ticks}),
            new=fresh,
        )

    async def _forget(self, note: Leftover) -> None:
        leftovers = self._documents.collection(LEFTOVERS, TenantScope(note.tenant))
        await leftovers.clear({"id": note.id})


def _one(size_bytes: int) -> Amount:
    return Amount(count=1, size_bytes=size_bytes)


def _is_newer(blob: BlobInfo, note: Leftover) -> bool:
    """Whether a blob may have been stored after it was noted; stores tell the time roughly."""
    return blob.stored_at is not None and blob.stored_at > note.since - _ROUGHLY


def _words(value: object) -> Iterator[str]:
    """Yield the texts in a JSON value, names of fields included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _words(part)
    elif isinstance(value, list):
        for part in value:
            yield from _words(part)


def _tell(found: Collected) -> None:
    STORED_BYTES.labels("blobs").set(found.stored.size_bytes)
    STORED_BYTES.labels("unnamed").set(found.unnamed.size_bytes - found.freed.size_bytes)
    FREED_BYTES.labels("blobs").inc(found.freed.size_bytes)
    log.info(
        "collect.done",
        stored_bytes=found.stored.size_bytes,
        unnamed_bytes=found.unnamed.size_bytes,
        freed_blobs=found.freed.count,
        freed_bytes=found.freed.size_bytes,
    )
