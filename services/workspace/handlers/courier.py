"""Carries messages to the receivers of webhooks: at least once each, with the same id.

A message that is due is taken by putting off when it is due next to the end of a lease, and sent
after that write; so one that a kill cut off is due again, and of several processes one sends it.
Which webhook comes next does not depend on how much waits: each has one message under way in a
process, each tenant a few, so that who is slow or away holds up nobody else's.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from services.workspace.adapters.receivers import Receivers, Unanswered
from services.workspace.domain.webhooks import (
    LONGEST_PAUSE_S,
    MOST_TRIES,
    Trouble,
    is_final,
    is_taken,
    pause_s,
    sign,
)
from services.workspace.handlers.deliveries import Deliveries
from services.workspace.repository import DELIVERIES, WEBHOOKS, Delivery, Try, Webhook
from shared.clock import Clock, format_time, utc_now
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    In,
    Query,
    Range,
    Sort,
    TenantScope,
)
from shared.errors import LoupeError, NotFound
from shared.release import VERSION
from shared.telemetry import logger

LOOK_S = 1.0
LEASE_S = 60.0
_AT_ONCE = 16
_OF_TENANT = 2
_TOLD_TRIES = 10
_SKEW_S = 60.0

log = logger(__name__)


class _Taken(Exception):
    """Somebody else has the message, or it is not due any more."""


class Courier:
    """Sends what is due; several processes may do so."""

    def __init__(
        self,
        documents: Documents,
        deliveries: Deliveries,
        receivers: Receivers,
        *,
        clock: Clock = utc_now,
        chance: Callable[[], float] = random.random,
        lease_s: float = LEASE_S,
    ) -> None:
        self._documents = documents
        self._deliveries = deliveries
        self._receivers = receivers
        self._clock = clock
        self._chance = chance
        self._lease = timedelta(seconds=lease_s)

    async def run(self) -> None:
        """Send until cancelled; what is under way then is due again after its lease."""
        under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        try:
            while True:
                self._deliveries.added.clear()
                await self._begin(under_way)
                await _first_of(self._deliveries.added, under_way.values())
                for key in [key for key, task in under_way.items() if task.done()]:
                    del under_way[key]
        finally:
            for task in under_way.values():
                task.cancel()
            await asyncio.gather(*under_way.values(), return_exceptions=True)

    async def step(self) -> int:
        """Send one message of each webhook that has one due; return how many webhooks had."""
        due = await self._due_webhooks()
        for tenant, webhook_id in due:
            await self.send_one(tenant, webhook_id)
        return len(due)

    async def send_one(self, tenant: str, webhook_id: str) -> None:
        """Send the message of a webhook that has been due for longest, if there is one."""
        webhook = await self._documents.collection(WEBHOOKS, TenantScope(tenant)).find(webhook_id)
        for where in self._due():
            query = Query(where={**where, "webhook_id": webhook_id}, sort=Sort("next_at"), limit=1)
            for message in await self._of(tenant).query(query):
                if webhook is None:
                    await self._deliveries.forget_of(tenant, webhook_id)
                    return
                with suppress(_Taken, NotFound):
                    await self._carry(webhook, await self._take(message))
                return

    async def _begin(self, under_way: dict[tuple[str, str], "asyncio.Task[None]"]) -> None:
        """Send what is due beside what is under way, as far as there is room."""
        of_tenant = Counter(tenant for tenant, _ in under_way)
        for tenant, webhook_id in await self._due_webhooks():
            if len(under_way) >= _AT_ONCE:
                return
            key = tenant, webhook_id
            if key not in under_way and of_tenant[tenant] < _OF_TENANT:
                of_tenant[tenant] += 1
                under_way[key] = asyncio.create_task(self._send(tenant, webhook_id))

    async def _send(self, tenant: str, webhook_id: str) -> None:
        try:
            await self.send_one(tenant, webhook_id)
        except LoupeError as error:  # the store is away; the message is due again after its lease
            log.warning("webhook.waits", webhook=webhook_id, cause=error.detail)
            await asyncio.sleep(LOOK_S)
        except Exception as error:  # a defect of ours holds up this message alone
            log.error("webhook.failed", webhook=webhook_id, exc_info=error)
            await asyncio.sleep(LOOK_S)

    async def _due_webhooks(self) -> list[tuple[str, str]]:
        """Return tenants and webhooks with something due, in an order of chance.

        Tenants are named, as indexes begin with them: a look costs what is due, not what is kept.
        """
        every = self._documents.collection(DELIVERIES, EveryTenant())
        telling = await self._documents.collection(WEBHOOKS, EveryTenant()).tally("tenant")
        found: set[tuple[str, str]] = set()
        for where in self._due():
            for tenant in await every.tally("tenant", {"tenant": In(sorted(telling)), **where}):
                ids = await self._of(tenant).tally("webhook_id", where)
                found |= {(tenant, webhook_id) for webhook_id in ids}
        return sorted(found, key=lambda _: self._chance())

    def _due(self) -> tuple[dict[str, str | Range], ...]:
        """Return what finds due messages; one due too far ahead is of a clock that was wrong."""
        now = self._clock()
        farthest = now + timedelta(seconds=LONGEST_PAUSE_S + _SKEW_S)
        return (
            {"state": "waiting", "next_at": Range(lte=format_time(now))},
            {"state": "waiting", "next_at": Range(gt=format_time(farthest))},
        )

    async def _take(self, message: Delivery) -> Delivery:
        """Lease a message; raise _Taken, NotFound."""

        def lease(stored: Delivery) -> Delivery:
            if stored.state != "waiting" or stored.next_at != message.next_at:
                raise _Taken
            counted = {"number": stored.number + 1, "tries": stored.tries + 1}
            return stored.model_copy(update={"next_at": self._clock() + self._lease, **counted})

        return await self._of(message.tenant).change(message.id, lease)

    async def _carry(self, webhook: Webhook, message: Delivery) -> None:
        began, at = time.monotonic(), self._clock()
        status, trouble = await self._answer(webhook, message, at)
        elapsed_ms = round((time.monotonic() - began) * 1000)
        tried = Try(at=at, elapsed_ms=elapsed_ms, status=status, trouble=trouble)
        pause = None if trouble == "off" else pause_s(message.tries, self._chance())

        def settle(stored: Delivery) -> Delivery | None:
            if stored.number != message.number:
                return None  # the lease was over, or somebody sends it again
            told = {"latest": (*stored.latest, tried)[-_TOLD_TRIES:]}
            if is_taken(status):
                return stored.model_copy(update={**told, "state": "delivered"})
            if pause is None or is_final(status):
                return stored.model_copy(update={**told, "state": "failed"})
            due = self._clock() + timedelta(seconds=pause)
            return stored.model_copy(update={**told, "next_at": due})

        settled = await self._of(message.tenant).change(message.id, settle)
        log.info(
            "webhook.tried",
            webhook=webhook.id,
            message=message.message_id,
            number=message.tries,
            status=status,
            trouble=trouble,
            state=settled.state,
        )

    async def _answer(
        self, webhook: Webhook, message: Delivery, at: datetime
    ) -> tuple[int | None, Trouble | None]:
        if not webhook.is_on:
            return None, "off"
        if message.tries > MOST_TRIES:
            return None, "cut_off"  # the last try of all was begun, and never ended
        try:
            return await self._receivers.post(
                webhook.url, _headers(webhook, message, at), message.body.encode()
            ), None
        except Unanswered as why:
            return None, why.trouble

    def _of(self, tenant: str) -> Collection[Delivery]:
        return self._documents.collection(DELIVERIES, TenantScope(tenant))


def _headers(webhook: Webhook, message: Delivery, at: datetime) -> dict[str, str]:
    """Return the headers of Standard Webhooks; a former secret that still counts signs, too."""
    at_s, secrets = int(at.timestamp()), [webhook.secret]
    if webhook.former_until is not None and at < webhook.former_until:
        secrets.append(webhook.former_secret)
    signatures = [sign(one, message.message_id, at_s, message.body.encode()) for one in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Loupe/{VERSION}",
        "webhook-id": message.message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signatures),
    }


async def _first_of(added: asyncio.Event, tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Return when something was added, a task has ended, or it is time to look again."""
    waiting = asyncio.create_task(added.wait())
    try:
        await asyncio.wait({waiting, *tasks}, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
