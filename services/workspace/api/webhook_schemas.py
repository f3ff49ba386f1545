"""Requests and responses of webhooks."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.workspace.domain.webhooks import MAX_NAME, MAX_URL, Trouble, WebhookEvent
from services.workspace.handlers.webhooks import SeenWebhook
from services.workspace.repository import Delivery, DeliveryState
from shared.clock import Timestamp

WebhookName = Annotated[
    str, Field(json_schema_extra={"minLength": 1, "maxLength": MAX_NAME, "format": "name"})
]
"""Said here, checked by `Webhooks`, as addresses are."""
Url = Annotated[
    str, Field(max_length=MAX_URL, json_schema_extra={"pattern": "^https?://", "format": "uri"})
]
Events = Annotated[list[WebhookEvent], Field(min_length=1, max_length=16)]


class WebhookCreate(BaseModel):
    """A new webhook."""

    model_config = ConfigDict(extra="forbid")

    name: WebhookName
    url: Url
    events: Events


class WebhookPatch(BaseModel):
    """What may change of a webhook; what is left out, or null, stays."""

    model_config = ConfigDict(extra="forbid")

    name: WebhookName | None = None
    url: Url | None = None
    events: Events | None = None
    is_on: bool | None = None

    def given(self) -> dict[str, Any]:
        """Return what is to change."""
        given = self.model_dump(exclude_none=True)
        return given if self.events is None else {**given, "events": tuple(self.events)}


class WebhookResponse(BaseModel):
    """A webhook, without its secret.

    ``former_until`` is until when the secret before the present one signs, too; ``newest_state``
    and ``newest_at`` are of its newest message.
    """

    id: str
    name: str
    url: str
    events: list[WebhookEvent]
    is_on: bool
    created_at: Timestamp
    created_by: str | None
    former_until: Timestamp | None
    newest_state: DeliveryState | None
    newest_at: Timestamp | None
    version: int

    @classmethod
    def of(cls, seen: SeenWebhook) -> "WebhookResponse":
        """Build the response of a webhook."""
        return cls(**_told(seen))


class MadeWebhookResponse(WebhookResponse):
    """A webhook with its new secret, which is never told again."""

    secret: str

    @classmethod
    def made(cls, seen: SeenWebhook) -> "MadeWebhookResponse":
        """Build the response where the secret was made."""
        return cls(**_told(seen), secret=seen.webhook.secret)


def _told(seen: SeenWebhook) -> dict[str, Any]:
    return {
        **seen.webhook.model_dump(exclude={"tenant", "secret", "former_secret"}),
        "newest_state": seen.newest and seen.newest.state,
        "newest_at": seen.newest and seen.newest.created_at,
    }


class TryResponse(BaseModel):
    """One try: the status of the answer, or why there was none.

    `unresolved`: the name has no address. `not_allowed`: its addresses are not public, nor allowed.
    `refused`: no connection. `tls`: no certificate that is trusted. `timeout`: no answer within ten
    seconds. `broken`: what came is no HTTP. `cut_off`: the platform was stopped meanwhile. `off`:
    the webhook was switched off.
    """

    at: Timestamp
    elapsed_ms: int
    status: int | None
    trouble: Trouble | None


class DeliveryResponse(BaseModel):
    """A message: what is sent, whether it was taken (2xx), and how the last tries ended.

    ``message_id`` is its `webhook-id`; while it waits it is due at ``next_at``.
    """

    id: str
    message_id: str
    event: str
    body: str
    created_at: Timestamp
    state: DeliveryState
    next_at: Timestamp | None
    tries: int
    latest: list[TryResponse]

    @classmethod
    def of(cls, stored: Delivery) -> "DeliveryResponse":
        """Build the response of a message."""
        told = stored.model_dump(exclude={"tenant", "webhook_id", "number", "version"})
        return cls(**told | {"next_at": stored.next_at if stored.state == "waiting" else None})
