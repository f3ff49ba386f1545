"""A service's subscriptions: one table, event class → handlers, in the order of the table."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from shared.contracts.envelope import Body, Event, EventBody

Handler = Callable[[Event[Any]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """``handler`` runs for every event of class ``event``; its effect must be safe to repeat.

    Several lines of one class run in the table's order, each after the one before it succeeded;
    when one fails, the event comes again to all.
    """

    event: type[EventBody]
    handler: Handler


def on(event: type[Body], handler: Callable[[Event[Body]], Awaitable[None]]) -> Subscription:
    """Build a subscription whose handler is checked against its event."""
    return Subscription(event, handler)


def by_event(subscriptions: Iterable[Subscription]) -> dict[type[EventBody], list[Handler]]:
    """Return the handlers of every event class, in the order of the table."""
    handlers: dict[type[EventBody], list[Handler]] = {}
    for line in subscriptions:
        handlers.setdefault(line.event, []).append(line.handler)
    return handlers


def topics_of(subscriptions: tuple[Subscription, ...]) -> tuple[str, ...]:
    """Return the topics that a table listens to, sorted."""
    return tuple(sorted({subscription.event.topic for subscription in subscriptions}))
