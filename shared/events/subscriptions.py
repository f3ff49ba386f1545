"""A service's subscriptions: one table, event class → handler."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from shared.contracts.envelope import Body, Event, EventBody

Handler = Callable[[Event[Any]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """``handler`` runs for every event of class ``event``; its effect must be safe to repeat."""

    event: type[EventBody]
    handler: Handler


def on(event: type[Body], handler: Callable[[Event[Body]], Awaitable[None]]) -> Subscription:
    """Build a subscription whose handler is checked against its event."""
    return Subscription(event, handler)


def topics_of(subscriptions: tuple[Subscription, ...]) -> tuple[str, ...]:
    """Return the topics that a table listens to, sorted."""
    return tuple(sorted({subscription.event.topic for subscription in subscriptions}))
