"""The document store on one SQLite file: a table a collection, JSON bodies, expression indexes."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import orjson

from shared.contracts.envelope import EventBody, EventStamp, PendingEvent, pack
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
from shared.documents.sql import (
    column,
    conditions,
    index_columns,
    index_name,
    index_prefix,
    page_clauses,
)
from shared.documents.texts import Text
from shared.errors import AlreadyExists, VersionConflict
from shared.sqlite import SqliteFile, Work
from shared.telemetry import traceparent

_PAGE_CHARACTERS = 1 << 20


class EmbeddedDocuments:
    """Documents in the SQLite file ``database``."""

    def __init__(self, database: SqliteFile) -> None:
        self._database = database
        self.outbox_written = asyncio.Event()

    async def open(self, specs: Sequence[CollectionSpec[Any]]) -> None:
        """Create missing tables and indexes."""
        self._database.start()
        await self._database.write(lambda connection: _create(connection, specs))

    def collection(self, spec: CollectionSpec[D], scope: Scope) -> Collection[D]:
        """Return the collection as ``scope`` sees it."""
        return EmbeddedCollection(self._database, spec, scope, self.outbox_written)

    async def outboxes(self, collections: Sequence[str], limit: int) -> list[Outbox]:
        """Return documents with unpublished events, longest waiting first."""

        def read(connection: sqlite3.Connection) -> list[Outbox]:
            found: list[tuple[str, Outbox]] = []
            for name in collections:
                taken = 0
                rows = connection.execute(
                    f'SELECT tenant, id, outbox, outbox_at FROM "{name}"'
                    " WHERE outbox_at IS NOT NULL ORDER BY outbox_at LIMIT ?",
                    (limit,),
                )
                for tenant, document_id, outbox, waiting_since in rows:
                    events = tuple(PendingEvent.model_validate(e) for e in json.loads(outbox))
                    found.append((waiting_since, Outbox(name, tenant, document_id, events)))
                    if (taken := taken + len(events)) >= limit:
                        break
            found.sort(key=lambda item: item[0])
            return [box for _, box in found[:limit]]

        return await self._database.read(read)

    async def drain(self, outboxes: Sequence[Outbox]) -> None:
        """Remove these events; rows that were deleted and are drained now vanish."""

        def write(connection: sqlite3.Connection) -> None:
            for box in outboxes:
                _drain_one(connection, box)

        await self._database.write(write)

    async def outbox_depth(self, collections: Sequence[str]) -> int:
        """Return how many documents have unpublished events."""

        def read(connection: sqlite3.Connection) -> int:
            return sum(
                connection.execute(
                    f'SELECT count(*) FROM "{name}" WHERE outbox_at IS NOT NULL'
                ).fetchone()[0]
                for name in collections
            )

        return await self._database.read(read)

    async def texts(self, tenant: str) -> AsyncIterator[Text]:
        """Yield every document of a tenant, table by table."""
        for table in await self._database.read(_tables):
            after = ""
            while rows := await self._database.read(_page(table, tenant, after)):
                after = rows[-1][0]
                for _, body, outbox in rows:
                    told = tuple(event["value"] for event in json.loads(outbox or "[]"))
                    yield Text(table, orjson.loads(body), told)

    async def ping(self) -> None:
        """Read one row and write none."""
        await self._database.check()

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()


class EmbeddedCollection(Collection[D]):
    """One collection in one scope; see the port for every promise."""

    def __init__(
        self,
        database: SqliteFile,
        spec: CollectionSpec[D],
        scope: Scope,
        outbox_written: asyncio.Event,
    ) -> None:
        self._database = database
        self._spec = spec
        self._scope = scope
        self._table = f'"{spec.name}"'
        self._outbox_written = outbox_written

    @property
    def noun(self) -> str:
        """Return what error messages call a document."""
        return self._spec.noun

    async def find(self, document_id: str) -> D | None:
        """Return the document or None."""
        found = await self.query(Query(where={"id": document_id}, limit=1))
        return found[0] if found else None

    async def insert(self, document: D, *, events: Sequence[EventBody] = ()) -> D:
        """Store a new document as version 1."""
        stored = self._next(document)
        outbox, since = self._pack(stored, events)

        def write(connection: sqlite3.Connection) -> None:
            try:
                connection.execute(
                    f"INSERT INTO {self._table} (tenant, id, version, body, outbox, outbox_at)"
                    " VALUES (?, ?, 1, ?, ?, ?)",
                    (stored.tenant, stored.id, _body(stored), outbox, since),
                )
            except sqlite3.IntegrityError as error:
                raise AlreadyExists(f"{self._spec.name}: {_key_of(error)} is taken") from error

        await self._write(write, bool(events))
        return stored

    async def replace(self, document: D, *, events: Sequence[EventBody] = ()) -> D:
        """Store ``document`` if its version is still the stored one."""
        stored = self._next(document)

        def write(connection: sqlite3.Connection) -> None:
            outbox, since = self._append(connection, stored, events)
            try:
                connection.execute(
                    f"UPDATE {self._table} SET version=?, body=?, outbox=?, outbox_at=?"
                    " WHERE tenant=? AND id=?",
                    (stored.version, _body(stored), outbox, since, stored.tenant, stored.id),
                )
            except sqlite3.IntegrityError as error:
                raise AlreadyExists(f"{self._spec.name}: {_key_of(error)} is taken") from error

        await self._write(write, bool(events))
        return stored

    async def delete(self, document: D, *, events: Sequence[EventBody] = ()) -> None:
        """Remove the document; with unpublished events its row stays hidden until they are out."""
        gone = self._next(document)

        def write(connection: sqlite3.Connection) -> None:
            outbox, since = self._append(connection, gone, events)
            if since is None:
                connection.execute(
                    f"DELETE FROM {self._table} WHERE tenant=? AND id=?",
                    (gone.tenant, gone.id),
                )
                return
            connection.execute(
                f"UPDATE {self._table} SET version=?, deleted=1, outbox=?, outbox_at=?"
                " WHERE tenant=? AND id=?",
                (gone.version, outbox, since, gone.tenant, gone.id),
            )

        await self._write(write, bool(events))

    async def query(self, query: Query) -> list[D]:
        """Return the documents of one page."""
        where, values = self._where(query.where)
        start = f"SELECT body, version FROM {self._table} WHERE {where}"

        def read(connection: sqlite3.Connection) -> list[tuple[str, int]]:
            rows: list[tuple[str, int]] = []
            for clause, more in page_clauses(query):
                page = [query.limit - len(rows), query.skip]
                sql = f"{start}{clause} LIMIT ? OFFSET ?"
                rows += connection.execute(sql, [*values, *more, *page]).fetchall()
                if len(rows) >= query.limit:
                    break
            return rows

        rows = await self._database.read(read)
        return [
            self._spec.model.model_validate({**orjson.loads(body), "version": version})
            for body, version in rows
        ]

    async def count(self, where: Where | None = None) -> int:
        """Return how many documents match."""
        clause, values = self._where(where or {})
        sql = f"SELECT count(*) FROM {self._table} WHERE {clause}"
        number: int = await self._database.read(lambda c: c.execute(sql, values).fetchone()[0])
        return number

    async def tally(self, field: str, where: Where | None = None) -> dict[str, int]:
        """Return the number of matching documents for each value of ``field``."""
        clause, values = self._where(where or {})
        sql = f"SELECT {column(field)}, count(*) FROM {self._table} WHERE {clause} GROUP BY 1"
        rows = await self._database.read(lambda c: c.execute(sql, values).fetchall())
        return {str(value): number for value, number in rows if value is not None}

    async def total(self, field: str, where: Where | None = None) -> float:
        """Return the sum of ``field`` over the matching documents."""
        clause, values = self._where(where or {})
        sql = f"SELECT sum({column(field)}) FROM {self._table} WHERE {clause}"
        total = await self._database.read(lambda c: c.execute(sql, values).fetchone()[0])
        return float(total or 0)

    def _where(self, where: Where) -> tuple[str, list[Any]]:
        clause, values = conditions(where)
        if isinstance(self._scope, EveryTenant):
            return f"deleted=0{clause}", values
        return f"deleted=0 AND tenant=?{clause}", [self._scope.tenant, *values]

    def _next(self, document: D) -> D:
        if not isinstance(self._scope, EveryTenant) and document.tenant != self._scope.tenant:
            raise self.missing(document.id)
        return document.model_copy(update={"version": document.version + 1})

    def _pack(self, stored: D, events: Sequence[EventBody]) -> tuple[str | None, str | None]:
        if not events:
            return None, None
        stamp = EventStamp.of(stored.tenant, stored.id, stored.version, traceparent())
        packed = [event.model_dump() for event in pack(events, stamp)]
        return orjson.dumps(packed).decode(), stamp.time.isoformat()

    def _append(
        self, connection: sqlite3.Connection, stored: D, events: Sequence[EventBody]
    ) -> tuple[str | None, str | None]:
        """Check the version inside the transaction; return the outbox with ``events`` added."""
        row = connection.execute(
            f"SELECT version, outbox, outbox_at FROM {self._table}"
            " WHERE tenant=? AND id=? AND deleted=0",
            (stored.tenant, stored.id),
        ).fetchone()
        if row is None:
            raise self.missing(stored.id)
        version, outbox, since = row
        if version != stored.version - 1:
            raise VersionConflict(f"version {stored.version - 1} was read, {version} is stored")
        added, now = self._pack(stored, events)
        if added is None:
            return outbox, since
        waiting = json.loads(outbox) if outbox else []
        return orjson.dumps([*waiting, *json.loads(added)]).decode(), since or now

    async def _write(self, work: Any, has_events: bool) -> None:  # noqa: ANN401  a closure on a connection
        await self._database.write(work)
        if has_events:
            self._outbox_written.set()


def _tables(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the collections; tables of the event log have no dot."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name LIKE '%.%' ORDER BY name"
    )
    return [name for (name,) in rows]


def bodies(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield what a file holds, whoever's it is: names of collections, each with a JSON body."""
    for table in _tables(connection):
        for (body,) in connection.execute(f'SELECT body FROM "{table}" WHERE deleted=0'):
            yield table, body


def _page(table: str, tenant: str, after: str) -> Work[list[tuple[str, str, str | None]]]:
    """Return the next rows, and no more than one beyond so many characters."""
    sql = f'SELECT id, body, outbox FROM "{table}" WHERE tenant=? AND id>? ORDER BY id LIMIT 500'

    def read(connection: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
        rows, characters = [], 0
        with contextlib.closing(connection.execute(sql, (tenant, after))) as found:
            for row in found:
                rows.append(row)
                characters += len(row[1]) + len(row[2] or "")
                if characters > _PAGE_CHARACTERS:
                    break
        return rows

    return read


def _body(document: D) -> str:
    return document.model_dump_json(exclude={"version"})


def _key_of(error: sqlite3.IntegrityError) -> str:
    return "the id" if ".id" in str(error) else "a unique key"


def _create(connection: sqlite3.Connection, specs: Sequence[CollectionSpec[Any]]) -> None:
    for spec in specs:
        connection.execute(
            f'CREATE TABLE IF NOT EXISTS "{spec.name}" (tenant TEXT NOT NULL, id TEXT NOT NULL,'
            " version INTEGER NOT NULL, body TEXT NOT NULL, outbox TEXT, outbox_at TEXT,"
            " deleted INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id))"
        )
        connection.execute(
            f'CREATE INDEX IF NOT EXISTS "{spec.name}~outbox" ON "{spec.name}" (outbox_at)'
            " WHERE outbox_at IS NOT NULL"
        )
        _create_indexes(connection, spec)


def _create_indexes(connection: sqlite3.Connection, spec: CollectionSpec[Any]) -> None:
    """Make the indexes of ``spec`` and drop those of an older one; a list cannot be searched by."""
    table = spec.name
    wanted = [index for index in spec.indexes if not any(map(spec.is_list, index.fields))]
    names = {f"{table}~outbox", *(index_name(table, index) for index in wanted)}
    known = connection.execute(
        "SELECT name FROM sqlite_master WHERE type='index' AND tbl_name=?", (table,)
    ).fetchall()
    for (name,) in known:
        if name.startswith(index_prefix(table)) and name not in names:
            connection.execute(f'DROP INDEX "{name}"')
    for index in wanted:
        connection.execute(
            f"CREATE {'UNIQUE ' if index.unique else ''}INDEX IF NOT EXISTS"
            f' "{index_name(table, index)}" ON "{table}" ({index_columns(index)}) WHERE deleted=0'
        )


def _drain_one(connection: sqlite3.Connection, box: Outbox) -> None:
    table = f'"{box.collection}"'
    key = (box.tenant, box.document_id)
    row = connection.execute(
        f"SELECT outbox, deleted FROM {table} WHERE tenant=? AND id=?",
        key,
    ).fetchone()
    if row is None or row[0] is None:
        return
    published = {event.id for event in box.events}
    rest = [event for event in json.loads(row[0]) if event["id"] not in published]
    if not rest and row[1]:
        connection.execute(f"DELETE FROM {table} WHERE tenant=? AND id=?", key)
    elif not rest:
        connection.execute(
            f"UPDATE {table} SET outbox=NULL, outbox_at=NULL WHERE tenant=? AND id=?",
            key,
        )
    else:
        connection.execute(
            f"UPDATE {table} SET outbox=? WHERE tenant=? AND id=?",
            (orjson.dumps(rest).decode(), *key),
        )
