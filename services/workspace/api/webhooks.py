"""Routes of webhooks: where a tenant has events told, and what became of each message."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.workspace.api.webhook_schemas import (
    DeliveryResponse,
    MadeWebhookResponse,
    WebhookCreate,
    WebhookPatch,
    WebhookResponse,
)
from services.workspace.handlers.deliveries import Deliveries
from services.workspace.handlers.webhooks import Webhooks
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.preconditions import ExpectedVersion, set_etag
from shared.http.use_cases import use
from shared.paging import Page

router = APIRouter(tags=["webhooks"])

Asked = Annotated[Webhooks, Depends(use(Webhooks))]
Sent = Annotated[Deliveries, Depends(use(Deliveries))]


@router.get("/webhooks")
async def list_webhooks(who: Who, webhooks: Asked, paging: Paging) -> Page[WebhookResponse]:
    """List the tenant's webhooks, newest first, each with its newest message."""
    return (await webhooks.page(who, paging)).map(WebhookResponse.of)


@router.post("/webhooks", status_code=201)
async def create_webhook(who: Who, body: WebhookCreate, webhooks: Asked) -> MadeWebhookResponse:
    """Have events told to an address; the secret that signs the messages is told here alone.

    The form of the messages is that of Standard Webhooks: `webhook-id`, `webhook-timestamp` and
    `webhook-signature`, HMAC-SHA256 over `id.timestamp.body`. An answer of 2xx within ten seconds
    takes a message; else it is sent again, seven times within some 18 hours.
    """
    made = await webhooks.make(who, name=body.name, url=body.url, events=body.events)
    return MadeWebhookResponse.made(await webhooks.seen(who, made))


@router.patch("/webhooks/{webhook_id}")
async def change_webhook(
    webhook_id: str,
    who: Who,
    body: WebhookPatch,
    webhooks: Asked,
    expected: ExpectedVersion,
    response: Response,
) -> WebhookResponse:
    """Change a webhook, or switch it off: then nothing is sent, and what waits fails."""
    changed = await webhooks.change(who, webhook_id, body.given(), expected=expected)
    set_etag(response, changed.version)
    return WebhookResponse.of(await webhooks.seen(who, changed))


@router.delete("/webhooks/{webhook_id}", status_code=204)
async def delete_webhook(webhook_id: str, who: Who, webhooks: Asked) -> None:
    """Remove a webhook with its log of deliveries."""
    await webhooks.remove(who, webhook_id)


@router.post("/webhooks/{webhook_id}:rotate-secret")
async def rotate_webhook_secret(webhook_id: str, who: Who, webhooks: Asked) -> MadeWebhookResponse:
    """Give a webhook a new secret, told here alone; for a day the one until now signs, too."""
    return MadeWebhookResponse.made(
        await webhooks.seen(who, await webhooks.rotate(who, webhook_id))
    )


@router.post("/webhooks/{webhook_id}:test", status_code=202)
async def check_webhook(webhook_id: str, who: Who, sent: Sent) -> DeliveryResponse:
    """Send a message of the type `webhook.test` that says nothing."""
    return DeliveryResponse.of(await sent.test(who, webhook_id))


@router.get("/webhooks/{webhook_id}/deliveries")
async def list_deliveries(
    webhook_id: str, who: Who, sent: Sent, paging: Paging
) -> Page[DeliveryResponse]:
    """List a webhook's messages, newest first: those that wait, and 200 others of 30 days."""
    return (await sent.page(who, webhook_id, paging)).map(DeliveryResponse.of)


@router.post("/webhooks/{webhook_id}/deliveries/{delivery_id}:replay", status_code=202)
async def replay_delivery(
    webhook_id: str, delivery_id: str, who: Who, sent: Sent
) -> DeliveryResponse:
    """Send a message again, with the `webhook-id` that it had."""
    return DeliveryResponse.of(await sent.replay(who, webhook_id, delivery_id))
