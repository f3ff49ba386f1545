"""Looks after the stores now and then: frees what nothing names, compacts the log of events."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.workspace.handlers.collector import Collected, Collector
from services.workspace.repository import PLATFORM, ROUNDS, Round
from shared.clock import Clock, utc_now
from shared.documents.port import Documents, TenantScope
from shared.events.port import Compacted, EventLog
from shared.telemetry import STORED_BYTES, logger

_LOOK_S = 60.0
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

log = logger(__name__)


class Upkeep:
    """Rounds of upkeep, ``every`` so often; of several replicas one begins a round."""

    def __init__(
        self,
        documents: Documents,
        collector: Collector,
        events: EventLog | None,
        *,
        every: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        """Without ``events`` the log is left as it is."""
        self._documents = documents
        self._collector = collector
        self._events = events
        self._every = every
        self._clock = clock

    async def run(self) -> None:
        """Do a round when it is time, until cancelled."""
        while self._every:
            await asyncio.sleep(_LOOK_S)
            if await self.begins():
                await self.round()

    async def round(self, *, dry_run: bool = False) -> tuple[Collected, Compacted | None]:
        """Do what there is to do; with ``dry_run`` say what would go, and change nothing."""
        collected = await self._collector.collect(dry_run=dry_run)
        if self._events is None:
            return collected, None
        compacted = await self._events.compact(dry_run=dry_run)
        if dry_run:
            return collected, compacted
        STORED_BYTES.labels("database").set(compacted.size_bytes)
        log.info("compact.done", dropped=compacted.dropped, size_bytes=compacted.size_bytes)
        return collected, compacted

    async def begins(self) -> bool:
        """Tell whether a round is due, and begin it then; a round of the future is no round."""
        now, mine = self._clock(), False

        def begin(last: Round) -> Round | None:
            nonlocal mine
            mine = last.began_at > now or now - last.began_at >= self._every
            return last.model_copy(update={"began_at": now}) if mine else None

        rounds = self._documents.collection(ROUNDS, TenantScope(PLATFORM))
        first = Round(id="round", tenant=PLATFORM, began_at=_LONG_AGO)
        await rounds.change(first.id, begin, new=first)
        return mine
