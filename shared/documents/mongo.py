"""The document store on MongoDB: one atomic command a write, compared by version.

A stored document is ``{_id: "tenant/id", tenant, id, version, deleted, body, outbox, outbox_at}``.
``outbox`` maps event ids to pending events, so that adding and removing them never reads first.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import DeleteMany, UpdateOne
from pymongo.errors import (
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    PyMongoError,
    WTimeoutError,
)

from shared.contracts.envelope import EventBody, EventStamp, PendingEvent, pack
from shared.documents.mongo_queries import (
    decode_body,
    encode_body,
    index_keys,
    matching,
    page_filters,
    path,
    scalar_name,
    sort_keys,
    unique_fields,
    unique_name,
)
from shared.documents.port import (
    Collection,
    CollectionSpec,
    D,
    EveryTenant,
    Outbox,
    Query,
    Scope,
    Where,
)
from shared.documents.texts import Text
from shared.errors import AlreadyExists, DependencyDown, NotFound, TooLarge, VersionConflict
from shared.telemetry import traceparent

_LOOK_S = 1.0
_INDEX = "loupe-"  # how the names of indexes begin that are ours to drop
_GROWN_TOO_LARGE = (10334, 17419)  # by the outbox: the document itself fits
_DOWN = (ConnectionFailure, ExecutionTimeout, WTimeoutError)
_CLIENT_OPTIONS: dict[str, Any] = {
    # The server's defaults have changed over time: say what we rely on.
    "w": "majority",
    "journal": True,
    "readConcernLevel": "majority",
    "retryWrites": True,
    # Everything that waits has an end: a call and its one retry, together, before the 30 s in which
    # a handler has to end.
    "serverSelectionTimeoutMS": 4_000,
    "connectTimeoutMS": 4_000,
    "socketTimeoutMS": 8_000,
    "waitQueueTimeoutMS": 4_000,
    "maxPoolSize": 50,
}


class MongoDocuments:
    """Documents in the MongoDB ``database`` at ``url``; ``user`` is one of that database."""

    def __init__(self, url: str, database: str, *, user: str = "", password: str = "") -> None:
        self._url = url
        whose = {"username": user, "password": password, "authSource": database}
        self._options: dict[str, Any] = {**_CLIENT_OPTIONS, **(whose if user else {})}
        self._name = database
        self._client: Any = None
        self._database: Any = None
        self.outbox_written = asyncio.Event()
        self._may_wait = True
        self._empty_at = 0.0

    async def open(self, specs: Sequence[CollectionSpec[Any]]) -> None:
        """Connect and create missing indexes; a collection begins with its first document."""
        if self._client is None:
            self._client = AsyncIOMotorClient(self._url, **self._options)
            self._database = self._client[self._name]
        for spec in specs:
            with _translated(spec.name):
                await _create_indexes(self.raw(spec.name), spec)

    def collection(self, spec: CollectionSpec[D], scope: Scope) -> Collection[D]:
        """Return the collection as ``scope`` sees it."""
        return MongoCollection(self, spec, scope)

    def raw(self, name: str) -> Any:  # noqa: ANN401  motor has no types
        """Return the driver's collection; raise DependencyDown unless the store is open."""
        if self._database is None:
            raise DependencyDown("the document store is not open")
        return self._database[name]

    async def outboxes(self, collections: Sequence[str], limit: int) -> list[Outbox]:
        """Return documents with unpublished events, longest waiting first.

        After an empty look, and with nothing written by this process since, the server is asked
        again only after a second: many relays that look four times a second are a load.
        """
        if not self._may_wait and time.monotonic() - self._empty_at < _LOOK_S:
            return []
        self._may_wait = False
        found: list[tuple[str, Outbox]] = []
        for name in collections:
            what = dict.fromkeys(("tenant", "id", "outbox", "outbox_at"), 1)
            cursor = self.raw(name).find({"outbox_at": {"$gt": ""}}, what)
            taken = 0  # events: after an outage few documents may hold all that was said meanwhile
            with _translated(name):
                async for row in cursor.sort("outbox_at", 1).limit(limit):
                    found.append((row["outbox_at"], _outbox(name, row)))
                    if (taken := taken + len(row["outbox"])) >= limit:
                        break
                await cursor.close()
        found.sort(key=lambda item: item[0])
        self._may_wait = self._may_wait or bool(found)
        self._empty_at = time.monotonic()
        return [box for _, box in found[:limit]]

    def note_events(self) -> None:
        """Remember that this process wrote events."""
        self._may_wait = True
        self.outbox_written.set()

    async def drain(self, outboxes: Sequence[Outbox]) -> None:
        """Remove these events; documents that were deleted and are drained now vanish."""
        by_collection: dict[str, list[Outbox]] = {}
        for box in outboxes:
            by_collection.setdefault(box.collection, []).append(box)
        for name, boxes in by_collection.items():
            with _translated(name):
                await self.raw(name).bulk_write(_drain_steps(boxes), ordered=True)

    async def outbox_depth(self, collections: Sequence[str]) -> int:
        """Return how many documents have unpublished events."""
        depth = 0
        for name in collections:
            with _translated(name):
                depth += await self.raw(name).count_documents({"outbox_at": {"$gt": ""}})
        return depth

    async def texts(self, tenant: str) -> AsyncIterator[Text]:
        """Yield every document of a tenant, collection by collection."""
        with _translated("texts"):
            for name in sorted(await self._database.list_collection_names()):
                mine = {"_id": {"$gte": f"{tenant}/", "$lt": f"{tenant}0"}}  # 0 follows /
                async for row in self.raw(name).find(mine, {"body": 1, "outbox": 1}):
                    told = tuple(event["value"] for event in row.get("outbox", {}).values())
                    yield Text(name, decode_body(row.get("body", {})), told)

    async def ping(self) -> None:
        """Ask the server."""
        if self._client is None:
            raise DependencyDown("the document store is not open")
        with _translated("ping"):
            await self._client.admin.command("ping")

    async def close(self) -> None:
        """Close the connections."""
        client, self._client, self._database = self._client, None, None
        if client is not None:
            client.close()


class MongoCollection(Collection[D]):
    """One collection in one scope; see the port for every promise."""

    def __init__(self, store: MongoDocuments, spec: CollectionSpec[D], scope: Scope) -> None:
        self._store = store
        self._spec = spec
        self._scope = scope

    @property
    def _raw(self) -> Any:  # noqa: ANN401  motor has no types
        return self._store.raw(self._spec.name)

    @property
    def noun(self) -> str:
        """Return what error messages call a document."""
        return self._spec.noun

    async def find(self, document_id: str) -> D | None:
        """Return the document or None."""
        where: dict[str, Any] = {"id": document_id, "deleted": False}
        if not isinstance(self._scope, EveryTenant):
            where = {"_id": _key(self._scope.tenant, document_id), "deleted": False}
        with _translated(self._spec.name):
            row = await self._raw.find_one(where, {"body": 1, "version": 1}, sort=[("id", 1)])
        return None if row is None else self._document(row)

    async def insert(self, document: D, *, events: Sequence[EventBody] = ()) -> D:
        """Store a new document as version 1."""
        stored = self._next(document).model_copy(update={"version": 1})
        outbox, since = _pack(stored, events)
        row = {
            "_id": _key(stored.tenant, stored.id),
            "tenant": stored.tenant,
            "id": stored.id,
            "deleted": False,
            "outbox": outbox,
            **self._fields(stored),
            **({"outbox_at": since} if outbox else {}),
        }
        with _translated(self._spec.name):
            await self._raw.insert_one(row)
        self._tell(events)
        return stored

    async def replace(self, document: D, *, events: Sequence[EventBody] = ()) -> D:
        """Store ``document`` if its version is still the stored one."""
        stored = self._next(document)
        await self._compare_and_set(stored, self._fields(stored), events)
        return stored

    async def delete(self, document: D, *, events: Sequence[EventBody] = ()) -> None:
        """Remove the document; with unpublished events it stays hidden until they are out."""
        gone = self._next(document)
        key = _key(gone.tenant, gone.id)
        if not events:
            unchanged = {"_id": key, "version": document.version, "deleted": False, "outbox": {}}
            with _translated(self._spec.name):
                if (await self._raw.delete_one(unchanged)).deleted_count:
                    return
        hidden: dict[str, Any] = {"version": gone.version, "deleted": True}
        hidden |= {unique_name(index): key for index in self._spec.indexes if index.unique}
        await self._compare_and_set(gone, hidden, events)
        if not events:
            # The relay may have emptied the outbox between the two attempts.
            with _translated(self._spec.name):
                await self._raw.delete_one({"_id": key, "deleted": True, "outbox": {}})

    async def query(self, query: Query) -> list[D]:
        """Return the documents of one page."""
        rows: list[dict[str, Any]] = []
        for bounds in page_filters(query.sort, query.after):
            left = query.limit - len(rows)
            if left <= 0:
                break
            where = self._where(query.where, *bounds)
            cursor = self._raw.find(where, {"body": 1, "version": 1}).sort(sort_keys(query.sort))
            with _translated(self._spec.name):
                rows += await cursor.skip(query.skip).limit(left).to_list(left)
        return [self._document(row) for row in rows]

    async def count(self, where: Where | None = None) -> int:
        """Return how many documents match."""
        with _translated(self._spec.name):
            number: int = await self._raw.count_documents(self._where(where or {}))
        return number

    async def tally(self, field: str, where: Where | None = None) -> dict[str, int]:
        """Return the number of matching documents for each value of ``field``."""
        steps = [
            {"$match": self._where(where or {})},
            {"$group": {"_id": f"${path(field)}", "number": {"$sum": 1}}},
        ]
        with _translated(self._spec.name):
            rows = await self._raw.aggregate(steps).to_list(None)
        return {scalar_name(r["_id"]): int(r["number"]) for r in rows if r["_id"] is not None}

    async def total(self, field: str, where: Where | None = None) -> float:
        """Return the sum of ``field`` over the matching documents."""
        steps = [
            {"$match": self._where(where or {})},
            {"$group": {"_id": None, "total": {"$sum": f"${path(field)}"}}},
        ]
        with _translated(self._spec.name):
            rows = await self._raw.aggregate(steps).to_list(None)
        return float(rows[0]["total"]) if rows else 0.0

    async def _compare_and_set(
        self, stored: D, fields: dict[str, Any], events: Sequence[EventBody]
    ) -> None:
        outbox, since = _pack(stored, events)
        change: dict[str, Any] = {
            "$set": {**fields, **{f"outbox.{event_id}": e for event_id, e in outbox.items()}}
        }
        if outbox:
            change["$min"] = {"outbox_at": since}
        key = _key(stored.tenant, stored.id)
        where = {"_id": key, "version": stored.version - 1, "deleted": False}
        with _translated(self._spec.name):
            if (await self._raw.update_one(where, change)).matched_count == 0:
                raise await self._why(stored)
        self._tell(events)

    async def _why(self, stored: D) -> NotFound | VersionConflict:
        """Return the error for a write that met no document of its version."""
        key = _key(stored.tenant, stored.id)
        row = await self._raw.find_one({"_id": key, "deleted": False}, {"version": 1})
        if row is None:
            return self.missing(stored.id)
        return VersionConflict(f"version {stored.version - 1} was read, {row['version']} is stored")

    def _where(self, where: Where, *bounds: dict[str, Any]) -> dict[str, Any]:
        parts = [{"deleted": False}, *matching(where), *bounds]
        if not isinstance(self._scope, EveryTenant):
            parts.append({"tenant": self._scope.tenant})
        return {"$and": parts}

    def _next(self, document: D) -> D:
        if not isinstance(self._scope, EveryTenant) and document.tenant != self._scope.tenant:
            raise self.missing(document.id)
        return document.model_copy(update={"version": document.version + 1})

    def _fields(self, stored: D) -> dict[str, Any]:
        body = stored.model_dump(mode="json", exclude={"version"})
        return {
            "version": stored.version,
            "body": encode_body(body),
            **unique_fields(self._spec.indexes, body),
        }

    def _document(self, row: dict[str, Any]) -> D:
        return self._spec.model.model_validate(
            {**decode_body(row["body"]), "version": row["version"]}
        )

    def _tell(self, events: Sequence[EventBody]) -> None:
        if events:
            self._store.note_events()


@contextmanager
def _translated(collection: str) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except DuplicateKeyError as error:
        raise AlreadyExists(f"{collection}: the id or a unique key is taken") from error
    except _DOWN as error:
        raise DependencyDown("the document store does not answer") from error
    except DocumentTooLarge as error:
        raise TooLarge("this is more than one document of the store can hold") from error
    except PyMongoError as error:
        if getattr(error, "code", None) in _GROWN_TOO_LARGE:
            raise DependencyDown("events of this document wait to be published") from error
        if error.timeout:
            raise DependencyDown("the document store does not answer in time") from error
        raise


def _key(tenant: str, document_id: str) -> str:
    return f"{tenant}/{document_id}"


def _pack(stored: D, events: Sequence[EventBody]) -> tuple[dict[str, Any], str]:
    stamp = EventStamp.of(stored.tenant, stored.id, stored.version, traceparent())
    packed = pack(events, stamp)
    outbox = {
        event.id: {"order": f"{stored.version:012d}-{place:04d}", **event.model_dump()}
        for place, event in enumerate(packed)
    }
    return outbox, stamp.time.isoformat()


def _outbox(collection: str, row: dict[str, Any]) -> Outbox:
    waiting = sorted(row["outbox"].values(), key=lambda event: str(event["order"]))
    events = tuple(PendingEvent.model_validate(event) for event in waiting)
    return Outbox(collection, row["tenant"], row["id"], events)


def _drain_steps(boxes: Sequence[Outbox]) -> list[UpdateOne | DeleteMany]:
    keys = [_key(box.tenant, box.document_id) for box in boxes]
    taken = [{f"outbox.{event.id}": "" for event in box.events} for box in boxes]
    return [
        *(UpdateOne({"_id": k}, {"$unset": t}) for k, t in zip(keys, taken, strict=True) if t),
        *(UpdateOne({"_id": k, "outbox": {}}, {"$unset": {"outbox_at": ""}}) for k in keys),
        DeleteMany({"_id": {"$in": keys}, "deleted": True, "outbox": {}}),
    ]


async def _create_indexes(raw: Any, spec: CollectionSpec[Any]) -> None:  # noqa: ANN401
    """Make the indexes of ``spec`` and drop those that an older one had."""
    await raw.create_index([("outbox_at", 1)])
    await raw.create_index([("tenant", 1), ("deleted", 1), ("id", 1)])
    wanted = {_index_name(keys): keys for keys in (index_keys(spec, i) for i in spec.indexes)}
    for index in spec.indexes:
        if index.unique:
            await raw.create_index([(unique_name(index), 1)], unique=True)
    for name, keys in wanted.items():
        await raw.create_index(keys, name=name)
    for name in await raw.index_information():
        if name.startswith(_INDEX) and name not in wanted:
            await raw.drop_index(name)


def _index_name(keys: list[tuple[str, int]]) -> str:
    return _INDEX + "-".join(field.removeprefix("body.") for field, _ in keys)
