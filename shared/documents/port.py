"""The document store as services see it.

One aggregate is one document. A write is one atomic step: it compares and bumps the version, and
adds the events of the change to the document's own outbox. A store need do no more.
"""

import asyncio
import inspect
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Protocol, TypeVar, Union, get_origin

from pydantic import BaseModel, ConfigDict

from shared.contracts.envelope import EventBody, PendingEvent
from shared.documents.texts import Texts
from shared.errors import AlreadyExists, NotFound, VersionConflict

_RACES = 100
_PAUSE_S = 0.002


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
    """Fields that queries filter or sort by, the tenant before them; ``unique`` per tenant.

    ``covers`` are further fields, to pass over documents unread; ``across``: the tenant is last.
    """

    fields: tuple[str, ...]
    unique: bool = False
    covers: tuple[str, ...] = ()
    across: bool = False


@dataclass(frozen=True)
class CollectionSpec(Generic[D]):
    """A collection: ``name`` is ``service.things``; unique keys hold among documents that exist.

    ``project_field`` names a document's project (a model without it belongs to none); an index that
    begins with it comes by itself, for the clearing of projects.
    """

    name: str
    model: type[D]
    indexes: tuple[Index, ...] = ()
    project_field: str = "project_id"

    def __post_init__(self) -> None:
        """Add the index by project unless one of ``indexes`` serves."""
        path, served = self.project_path, {index.fields[0] for index in self.indexes}
        if path and path not in {"id", *served}:
            object.__setattr__(self, "indexes", (*self.indexes, Index((path,))))

    @property
    def noun(self) -> str:
        """Return what error messages call a document."""
        return self.model.__name__.lower()

    @property
    def project_path(self) -> str | None:
        """Return the field by which a deleted project's documents are found; None for none."""
        known = self.project_field.partition(".")[0] in self.model.model_fields
        return self.project_field if known else None

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

    @classmethod
    def behind(cls, document: Document, sort: Sort) -> "Cursor":
        """Return the place right after ``document`` in a list of this order."""
        field, *inner = sort.field.split(".")
        value = document.model_dump(mode="json", include={field}).get(field)
        for name in inner:
            value = value.get(name) if isinstance(value, dict) else None
        return cls(value, document.id)


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


@dataclass(frozen=True)
class Write(Generic[D]):
    """An edit's outcome: the document's next state and the events that this causes."""

    document: D
    events: Sequence[EventBody] = ()


@dataclass(frozen=True)
class Remove:
    """An edit's outcome: the document goes, and the events still go out."""

    events: Sequence[EventBody] = ()


Step = Union[D, Write[D], Remove, None]  # noqa: UP007  X | Y is no alias with a type variable
Edit = Callable[[D], Step[D] | Awaitable[Step[D]]]
"""Stored document → what becomes of it; None leaves it. After a lost race it is asked again."""


class Collection(ABC, Generic[D]):
    """Typed documents of one kind within one scope.

    An adapter brings the single reads and writes; what is made of them is the same for all.
    """

    @abstractmethod
    async def find(self, document_id: str) -> D | None:
        """Return the document or None."""

    @abstractmethod
    async def insert(self, document: D, *, events: Sequence[EventBody] = ()) -> D:
        """Store a new document as version 1; raise AlreadyExists when a unique key is taken."""

    @abstractmethod
    async def replace(self, document: D, *, events: Sequence[EventBody] = ()) -> D:
        """Store ``document`` if its version is still the stored one; return the next version.

        Raises VersionConflict when somebody else was first, NotFound when it is gone,
        AlreadyExists when a unique key is taken.
        """

    @abstractmethod
    async def delete(self, document: D, *, events: Sequence[EventBody] = ()) -> None:
        """Remove the document if its version is still the stored one; events still go out."""

    @abstractmethod
    async def query(self, query: Query) -> list[D]:
        """Return the documents of one page."""

    @abstractmethod
    async def count(self, where: Where | None = None) -> int:
        """Return how many documents match."""

    @abstractmethod
    async def tally(self, field: str, where: Where | None = None) -> dict[str, int]:
        """Return how many matching documents have each value of ``field``."""

    @abstractmethod
    async def total(self, field: str, where: Where | None = None) -> float:
        """Return the sum of a number over the matching documents; 0 for none."""

    @property
    @abstractmethod
    def noun(self) -> str:
        """Return what error messages call a document."""

    async def get(self, document_id: str) -> D:
        """Return the document; raise NotFound, for a foreign one too."""
        document = await self.find(document_id)
        if document is None:
            raise self.missing(document_id)
        return document

    async def ensure(self, document: D, *, events: Sequence[EventBody] = ()) -> D:
        """Store a new document unless its id is there already; return what is stored.

        Raises AlreadyExists when another document has its unique key.
        """
        return await self.change(
            document.id,
            lambda stored: None if stored.version else Write(document, events),
            new=document,
        )

    async def change(
        self,
        document_id: str,
        edit: Edit[D],
        *,
        new: D | None = None,
        expected: int | None = None,
        known: D | None = None,
    ) -> D:
        """Give a document its next state, whoever else writes: read, edit, compare and set.

        Args:
            document_id: Which document.
            edit: Gets what is stored, or ``new`` (version 0) where nothing is; see :data:`Edit`.
                What equals the stored document and causes no event is not written. It sets no
                version. Errors that it raises end the change.
            new: What an absent document is edited from; without it, an absent one is NotFound.
            expected: The version that a caller has read (0: none yet); None takes any.
            known: What its only writer stored last; the first try believes it without a read.

        Returns:
            What is stored afterwards; ``new`` for None of an absent one; what :class:`Remove` took.

        Raises:
            NotFound: There is no such document.
            VersionConflict: ``expected`` is not the stored version, or others write all the time.
            AlreadyExists: Another document has the unique key.
        """
        for race in range(_RACES):
            old = (known if race == 0 else None) or await self.find(document_id)
            if (base := old or new) is None:
                raise self.missing(document_id)
            version = 0 if old is None else old.version
            if expected is not None and expected != version:
                raise self.changed()
            outcome = edit(base)
            step = await outcome if inspect.isawaitable(outcome) else outcome
            try:
                return await self._take(base, step, version, is_read=base is not known)
            except AlreadyExists:
                if version or await self.find(document_id) is None:
                    raise  # the key is another document's
            except NotFound:
                if isinstance(step, Remove):
                    raise  # somebody else removed it
            except VersionConflict:
                pass
            await asyncio.sleep(random.uniform(0, _PAUSE_S * race))
        raise VersionConflict(f"the {self.noun} {document_id} changes too fast")

    async def _take(self, base: D, step: Step[D], version: int, *, is_read: bool) -> D:
        """Write what an edit made of a document of this version."""
        if step is None:
            return base
        if isinstance(step, Remove):
            if version:
                await self.delete(base, events=step.events)
            return base
        written = step if isinstance(step, Write) else Write(step)
        document = written.document.model_copy(update={"version": version})
        if document.id != base.id:
            raise ValueError(f"an edit made {document.id} of {base.id}")
        if not version:
            return await self.insert(document, events=written.events)
        if document == base and is_read and not written.events:
            return base
        return await self.replace(document, events=written.events)

    async def walk(self, query: Query = Query()) -> AsyncIterator[D]:
        """Yield every matching document, in order; ``query.limit`` is how many a read brings.

        Memory is constant. What is written meanwhile may be missed or, where it moves in the
        order, met twice.
        """
        while True:
            page = await self.query(query)
            for document in page:
                yield document
            if len(page) < query.limit:
                return
            query = replace(query, skip=0, after=Cursor.behind(page[-1], query.sort))

    async def clear(self, where: Where, *, most: int = 200) -> int:
        """Remove up to ``most`` matching documents without a word; return how many were met."""
        found = await self.query(Query(where=where, limit=most))
        for document in found:
            with suppress(NotFound, VersionConflict):  # gone already, or met again by the next call
                await self.delete(document)
        return len(found)

    def changed(self) -> VersionConflict:
        """Return the error for a document that somebody else changed since it was read."""
        return VersionConflict(f"the {self.noun} was changed by somebody else; read it again")

    def missing(self, document_id: str) -> NotFound:
        """Return the error for a document that is not there."""
        return NotFound(f"no {self.noun} {document_id}")


class Documents(Texts, Protocol):
    """A document store."""

    outbox_written: asyncio.Event  # set after a write with events by this process

    async def open(self, specs: Sequence[CollectionSpec[Any]]) -> None:
        """Connect and make sure that collections and indexes exist; safe to call again."""

    def collection(self, spec: CollectionSpec[D], scope: Scope) -> Collection[D]:
        """Return the collection as ``scope`` sees it."""

    async def outboxes(self, collections: Sequence[str], limit: int) -> list[Outbox]:
        """Return documents with events to publish, longest waiting first: with ``limit`` or so."""

    async def drain(self, outboxes: Sequence[Outbox]) -> None:
        """Remove exactly these events; a deleted and drained document vanishes."""

    async def outbox_depth(self, collections: Sequence[str]) -> int:
        """Return how many documents have unpublished events."""

    async def ping(self) -> None:
        """Raise DependencyDown unless the store answers."""

    async def close(self) -> None:
        """Release connections; what was acknowledged is durable."""
