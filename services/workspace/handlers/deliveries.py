"""Messages for webhooks: made of events, tried out, sent again, and forgotten in time."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from services.workspace.domain.news import message_of, news_of
from services.workspace.domain.webhooks import TEST_EVENT
from services.workspace.repository import DELIVERIES, WEBHOOKS, Delivery, DeliveryState, Webhook
from shared.callers import Caller
from shared.clock import Clock, format_time, utc_now
from shared.contracts.envelope import Event
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    In,
    Query,
    Range,
    Remove,
    Sort,
    TenantScope,
    Where,
)
from shared.errors import Conflict, NotFound, QuotaExceeded
from shared.ids import derived_id, new_id
from shared.paging import Page, PageParams, page_of
from shared.telemetry import logger

MOST_WAITING = 1000
KEPT = 200
"""How many messages that are over the log keeps of a webhook."""
KEPT_FOR = timedelta(days=30)
_OVER: tuple[DeliveryState, ...] = ("delivered", "failed")
_NEWEST = Sort("created_at", -1)
_ROUND_S = 3600.0
_WAIT_S = 60

log = logger(__name__)


class Deliveries:
    """The messages of webhooks; ``added`` is set when this process makes one due."""

    def __init__(self, documents: Documents, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._clock = clock
        self.added = asyncio.Event()

    async def heard(self, event: Event[Any]) -> None:
        """Make messages of an event for the webhooks that tell it; the same ones again are none.

        What happened before a webhook was made is not told to it. Where too many wait already
        nothing is added: their receiver is away.
        """
        news = news_of(event.data)
        if news is None:
            return
        webhooks = self._documents.collection(WEBHOOKS, TenantScope(event.tenant))
        async for webhook in webhooks.walk(Query(where={"is_on": True})):
            if news.event in webhook.events and webhook.created_at <= event.time:
                delivery_id = derived_id(webhook.id, event.id)
                text = message_of(news.event, event.time, event.tenant, news.data)
                message = self._message(webhook, delivery_id, event.id, news.event, text)
                try:
                    await self._add(message)
                except QuotaExceeded:
                    log.warning("webhook.full", webhook=webhook.id, left_out=news.event)

    async def test(self, who: Caller, webhook_id: str) -> Delivery:
        """Send a message that says nothing; raise NotFound, Conflict, QuotaExceeded."""
        webhook = await self._webhook(who, webhook_id)
        message_id = new_id()
        text = message_of(TEST_EVENT, self._clock(), who.tenant, {"webhook_id": webhook.id})
        return await self._add(self._message(webhook, message_id, message_id, TEST_EVENT, text))

    async def page(self, who: Caller, webhook_id: str, params: PageParams) -> Page[Delivery]:
        """Return a webhook's messages, newest first; raise NotFound."""
        await self._documents.collection(WEBHOOKS, TenantScope(who.tenant)).get(webhook_id)
        where = {"webhook_id": webhook_id}
        return await page_of(self._of(who.tenant), params, where=where, sort=_NEWEST)

    async def replay(self, who: Caller, webhook_id: str, delivery_id: str) -> Delivery:
        """Send a message again, with the id that it had, now and as often as a new one.

        Raises:
            Conflict: The webhook is off.
            NotFound: There is no such message, or webhook.
        """
        await self._webhook(who, webhook_id)
        now, mine = self._clock(), self._of(who.tenant)

        def edit(stored: Delivery) -> Delivery:
            if stored.webhook_id != webhook_id:
                raise mine.missing(delivery_id)
            due = {"state": "waiting", "next_at": now, "tries": 0, "number": stored.number + 1}
            return stored.model_copy(update=due)

        replayed = await mine.change(delivery_id, edit)
        self.added.set()
        return replayed

    async def keep_short(self) -> None:
        """Do :meth:`forget` now and then, until cancelled."""
        while True:
            await self.forget()
            await asyncio.sleep(_ROUND_S)

    async def forget(self) -> None:
        """Remove the messages that are old and over, and those of webhooks that are gone."""
        every = self._documents.collection(DELIVERIES, EveryTenant())
        before = Range(lt=format_time(self._clock() - KEPT_FOR))
        async for old in every.walk(Query(where={"created_at": before})):
            await self._drop(old)
        # First: a webhook comes before its messages.
        pointed_at = {*await every.tally("webhook_id")}
        known = {one.id async for one in self._documents.collection(WEBHOOKS, EveryTenant()).walk()}
        for gone in pointed_at - known:
            for tenant in await every.tally("tenant", {"webhook_id": gone}):
                await self.forget_of(tenant, gone)

    async def forget_of(self, tenant: str, webhook_id: str) -> None:
        """Remove all messages of a webhook that is gone."""
        while await self._of(tenant).clear({"webhook_id": webhook_id}):
            pass

    async def _add(self, message: Delivery) -> Delivery:
        mine = self._of(message.tenant)
        waiting = {"webhook_id": message.webhook_id, "state": "waiting"}
        if await mine.count(waiting) >= MOST_WAITING:
            raise QuotaExceeded(
                f"{MOST_WAITING} messages wait for this webhook already", retry_after_s=_WAIT_S
            )
        stored = await mine.ensure(message)
        self.added.set()
        over: Where = {"webhook_id": message.webhook_id, "state": In(_OVER)}
        for old in await mine.query(Query(where=over, sort=_NEWEST, skip=KEPT)):
            await self._drop(old)
        return stored

    async def _drop(self, old: Delivery) -> None:
        with suppress(NotFound):
            await self._of(old.tenant).change(
                old.id, lambda stored: Remove() if stored.state in _OVER else None
            )

    async def _webhook(self, who: Caller, webhook_id: str) -> Webhook:
        """Return a webhook that is on; raise NotFound, Conflict."""
        webhook = await self._documents.collection(WEBHOOKS, TenantScope(who.tenant)).get(
            webhook_id
        )
        if not webhook.is_on:
            raise Conflict("this webhook is switched off: switch it on first")
        return webhook

    def _message(
        self, webhook: Webhook, delivery_id: str, message_id: str, event: str, text: str
    ) -> Delivery:
        now = self._clock()
        return Delivery(
            id=delivery_id,
            tenant=webhook.tenant,
            webhook_id=webhook.id,
            message_id=message_id,
            event=event,
            body=text,
            created_at=now,
            next_at=now,
        )

    def _of(self, tenant: str) -> Collection[Delivery]:
        return self._documents.collection(DELIVERIES, TenantScope(tenant))
