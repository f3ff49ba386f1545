"""What a service hands to its host: its HTTP face, subscriptions, collections and loops."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from shared.documents.port import CollectionSpec
from shared.documents.receipts import Receipt
from shared.documents.terms import Term, receipts_term
from shared.events.progress import progress_spec
from shared.events.subscriptions import Subscription
from shared.http.face import Face
from shared.journal import spool_spec

Loop = Callable[[], Awaitable[None]]
"""A coroutine function that runs until it is cancelled; its host starts it again when it fails."""


@dataclass(frozen=True, kw_only=True)
class Service(Face):
    """One service, wired by its ``app.build`` and run by ``shared.hosting.host``.

    ``background`` are short loops (timers, reapers, reconcilers); ``work`` is the long work, which
    runs in a process of its own. ``terms`` says what may go when it is old, and ``long_columns``
    that what takes memory are long arrays.
    """

    collections: tuple[CollectionSpec[Any], ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    background: tuple[Loop, ...] = ()
    work: tuple[Loop, ...] = ()
    terms: tuple[Term[Any], ...] = ()
    long_columns: bool = False

    @property
    def all_collections(self) -> tuple[CollectionSpec[Any], ...]:
        """Return the service's own collections, its consumer's marks and its journal's spools."""
        return (*self.collections, progress_spec(self.name), spool_spec(self.name))

    @property
    def all_terms(self) -> tuple[Term[Any], ...]:
        """Return the service's own terms and that of its receipts."""
        receipts = [spec for spec in self.collections if spec.model is Receipt]
        return (*self.terms, *map(receipts_term, receipts))
