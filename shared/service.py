"""What a service hands to its host: routes, subscriptions, collections, and the loops it keeps."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from shared.documents.port import CollectionSpec
from shared.events.progress import progress_spec
from shared.events.subscriptions import Subscription

Loop = Callable[[], Awaitable[None]]
"""A coroutine function that runs until it is cancelled; its host starts it again when it fails."""


@dataclass(frozen=True)
class Service:
    """One service, wired by its ``app.build`` and run by ``shared.host``.

    ``routers`` need a caller on every route; ``public`` is the explicit list of those that do not.
    ``use_cases`` are what routes ask for by class (:func:`shared.http.use_cases.use`).
    ``background`` are short loops (timers, reapers, reconcilers); ``work`` is the long work, which
    runs in a process of its own.
    """

    name: str
    summary: str
    collections: tuple[CollectionSpec[Any], ...]
    routers: tuple[APIRouter, ...]
    public: tuple[APIRouter, ...] = ()
    use_cases: tuple[object, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    background: tuple[Loop, ...] = ()
    work: tuple[Loop, ...] = ()

    @property
    def all_collections(self) -> tuple[CollectionSpec[Any], ...]:
        """Return the service's own collections and that of its consumer's marks."""
        return (*self.collections, progress_spec(self.name))
