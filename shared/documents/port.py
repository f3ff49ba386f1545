"""The document store as services see it.

One aggregate is one document. A write is one atomic step: it compares the version, bumps it, and
adds the events that the change causes to the document's own outbox. A store need do no more.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar, get_origin

from pydantic import BaseModel, ConfigDict

from shared.contracts.envelope import EventBody, PendingEvent


class Document(BaseModel):
    """Base of every stored aggregate; ``version`` is 0 until it is stored and counts its writes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    tenant: str
    version: int = 0


D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class TenantScope:
    """Whose documents a collection shows; it comes from the credential or from an event."""

    tenant: str


@dataclass(frozen=True)
class EveryTenant:
    """The scope of the platform's own loops (relay, job leases, timers); no request ever has it."""


Scope = TenantScope | EveryTenant


@dataclass(frozen=True)
class Index:
    """Fields that queries filter or sort by (the tenant is always first); ``unique`` per tenant.

    ``covers`` are further fields that such queries look at: the index carries them, so that a
    document which does not match is passed over without being read.
    """

    fields: tuple[str, ...]
    unique: bool = False
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class CollectionSpec(Generic[D]):
    """A collection: ``name`` is ``service.things``; unique keys hold among documents that exist."""

    name: str
    model: type[D]
    indexes: tuple[Index, ...] = ()

    def is_list(self, field: str) -> bool:
        """Return whether a field of the model holds several values."""
        known = self.model.model_fields.get(field)
        return known is not None and get_origin(known.annotation) in (tuple, list)


@dataclass(frozen=True)
class In:
    """The field is one of ``values``."""

    values: Sequence[Any]


@dataclass(frozen=True)
class Range:
    """The field lies in a range; None leaves a side open."""

    gte: Any = None
    gt: Any = None
    lte: Any = None
    lt: Any = None


@dataclass(frozen=True)
class Contains:
    """The text field contains ``text``, whatever the case."""

    text: str


@dataclass(frozen=True)
class Has:
    """The array field has ``value`` among its items."""

    value: Any


@dataclass(frozen=True)
class Not:
    """The field differs from ``value`` (a missing field differs from everything but None)."""

    value: Any


Condition = str | int | float | bool | None | In | Range | Contains | Has | Not
Where = Mapping[str, Condition]
"""Field path (dots go down) → condition; all must hold. A plain value means equality."""


@dataclass(frozen=True)
class Sort:
    """Order by one field, then by id, both in ``direction``."""

    field: str = "id"
    direction: Literal[1, -1] = 1


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: the sort field's value and the id of its last document."""

    value: Any
    id: str


@dataclass(frozen=True)
class Query:
    """What to read: filter, order, and either an offset (``skip``) or a cursor (``after``)."""

    where: Where = field(default_factory=dict)
    sort: Sort = Sort()
    skip: int = 0
    limit: int = 100
    after: Cursor | None = None


@dataclass(frozen=True)
class Outbox:
    """A document's events that are not published yet, oldest first."""

    collection: str
    tenant: str
    document_id: str
    events: tuple[PendingEvent, ...]


class Collection(Protocol[D]):
    """Typed documents of one kind within one scope."""

    async def get(self, document_id: str) -> D:
        """Return the document; raise NotFound, for a foreign one too."""
        ...

    async def find(self, document_id: str) -> D | None:
        """Return the document or None."""
        ...

    async def insert(self, document: D, *, events: Sequence[EventBody] = ()) -> D:
        """Store a new document as version 1; raise AlreadyExists when a unique key is taken."""
        ...

    async def replace(self, document: D, *, events: Sequence[EventBody] = ()) -> D:
        """Store ``document`` if its version is still the stored one; return the next version.

        Raises VersionConflict when somebody else was first, NotFound when it is gone,
        AlreadyExists when a unique key is taken.
        """
        ...

    async def delete(self, document: D, *, events: Sequence[EventBody] = ()) -> None:
        """Remove the document if its version is still the stored one; events still go out."""
        ...

    async def query(self, query: Query) -> list[D]:
        """Return the documents of one page."""
        ...

    async def count(self, where: Where | None = None) -> int:
        """Return how many documents match."""
        ...

    async def tally(self, field: str, where: Where | None = None) -> dict[str, int]:
        """Return how many matching documents have each value of ``field``."""
        ...

    async def total(self, field: str, where: Where | None = None) -> float:
        """Return the sum of a number over the matching documents; 0 for none."""
        ...


class Documents(Protocol):
    """A document store."""

    outbox_written: asyncio.Event
    """Set after a write with events by this process: the relay need not wait to look."""

    async def open(self, specs: Sequence[CollectionSpec[Any]]) -> None:
        """Connect and make sure that collections and indexes exist; safe to call again."""
        ...

    def collection(self, spec: CollectionSpec[D], scope: Scope) -> Collection[D]:
        """Return the collection as ``scope`` sees it."""
        ...

    async def outboxes(self, collections: Sequence[str], limit: int) -> list[Outbox]:
        """Return documents that have unpublished events, longest waiting first."""
        ...

    async def drain(self, outboxes: Sequence[Outbox]) -> None:
        """Remove exactly these events; a deleted and drained document vanishes."""
        ...

    async def outbox_depth(self, collections: Sequence[str]) -> int:
        """Return how many documents have unpublished events."""
        ...

    async def ping(self) -> None:
        """Raise DependencyDown unless the store answers."""
        ...

    async def close(self) -> None:
        """Release connections; what was acknowledged is durable."""
        ...
