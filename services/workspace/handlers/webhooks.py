"""Webhooks of a tenant: made, changed, given a new secret, and removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.workspace.adapters.webhook_urls import check_url
from services.workspace.domain.addresses import Allowed
from services.workspace.domain.tenants import line_of
from services.workspace.domain.webhooks import (
    MAX_NAME,
    MOST_WEBHOOKS,
    WebhookEvent,
    make_secret,
)
from services.workspace.handlers.deliveries import Deliveries
from services.workspace.repository import DELIVERIES, WEBHOOKS, Delivery, Webhook
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.documents.port import Collection, Documents, Query, Remove, Sort, TenantScope
from shared.errors import QuotaExceeded
from shared.ids import new_id
from shared.paging import Page, PageParams, page_of

OVERLAP = timedelta(hours=24)
"""How long a former secret signs beside the new one."""


@dataclass(frozen=True)
class SeenWebhook:
    """A webhook, and its newest delivery, if it has any."""

    webhook: Webhook
    newest: Delivery | None


class Webhooks:
    """The use cases of webhooks; a secret is told where it is made, and never again."""

    def __init__(
        self,
        documents: Documents,
        deliveries: Deliveries,
        allowed: Allowed,
        *,
        clock: Clock = utc_now,
    ) -> None:
        """Bind the store, what webhooks were told, and where they may point."""
        self._documents = documents
        self._deliveries = deliveries
        self._allowed = allowed
        self._clock = clock

    async def page(self, who: Caller, params: PageParams) -> Page[SeenWebhook]:
        """Return the tenant's webhooks, newest first."""
        page = await page_of(self._of(who), params, where={}, sort=Sort("created_at", -1))
        return page.with_items([await self.seen(who, one) for one in page.items])

    async def get(self, who: Caller, webhook_id: str) -> Webhook:
        """Return a webhook; raise NotFound."""
        return await self._of(who).get(webhook_id)

    async def seen(self, who: Caller, webhook: Webhook) -> SeenWebhook:
        """Return what the list tells of a webhook."""
        newest = Query(where={"webhook_id": webhook.id}, sort=Sort("created_at", -1), limit=1)
        messages = self._documents.collection(DELIVERIES, TenantScope(who.tenant))
        found = await messages.query(newest)
        return SeenWebhook(webhook, found[0] if found else None)

    async def make(
        self, who: Caller, *, name: str, url: str, events: Sequence[WebhookEvent]
    ) -> Webhook:
        """Make a webhook.

        Raises:
            InvalidInput: It cannot be called so, or no message could be sent there.
            QuotaExceeded: The tenant has too many.
        """
        check_url(url, self._allowed)
        webhook = Webhook(
            id=new_id(),
            tenant=who.tenant,
            name=line_of("name", name, most=MAX_NAME),
            url=url,
            events=tuple(dict.fromkeys(events)),
            secret=make_secret(),
            created_at=self._clock(),
            created_by=who.key_id,
        )
        if await self._of(who).count() >= MOST_WEBHOOKS:
            raise QuotaExceeded(f"this tenant has {MOST_WEBHOOKS} webhooks already")
        return await self._of(who).insert(webhook)

    async def change(
        self, who: Caller, webhook_id: str, given: dict[str, Any], *, expected: int | None
    ) -> Webhook:
        """Change name, address, events, or whether it is on; what is not given stays.

        Raises:
            InvalidInput: It cannot be called so, or no message could be sent there.
            NotFound: There is no such webhook.
            VersionConflict: ``expected`` is not stored.
        """
        if "url" in given:
            check_url(given["url"], self._allowed)
        if "name" in given:
            given = {**given, "name": line_of("name", given["name"], most=MAX_NAME)}
        return await self._of(who).change(
            webhook_id, lambda stored: stored.model_copy(update=given), expected=expected
        )

    async def rotate(self, who: Caller, webhook_id: str) -> Webhook:
        """Give a webhook a new secret; the one until now signs too for a day. Raise NotFound."""
        secret, until = make_secret(), self._clock() + OVERLAP

        def edit(stored: Webhook) -> Webhook:
            old = {"former_secret": stored.secret, "former_until": until}
            return stored.model_copy(update={"secret": secret, **old})

        return await self._of(who).change(webhook_id, edit)

    async def remove(self, who: Caller, webhook_id: str) -> None:
        """Remove a webhook and its deliveries; what a kill leaves goes later. Raise NotFound."""
        await self._of(who).change(webhook_id, lambda _: Remove())
        await self._deliveries.forget_of(who.tenant, webhook_id)

    def _of(self, who: Caller) -> Collection[Webhook]:
        return self._documents.collection(WEBHOOKS, TenantScope(who.tenant))
