"""The event log in SQLite: an append-only table, committed offsets, and leases on partitions.

Group members renew a heartbeat from their first poll until they are closed, also while handlers
work; partitions are dealt round-robin among the members alive, and a partition changes hands only
when its holder gives it up between two polls, dies or falls silent. Heartbeats are told by the
machine's monotonic clock, which all processes share and nobody sets: one that lies ahead is of
an earlier boot.
"""

import asyncio
import contextlib
import json
import math
import sqlite3
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from shared.clock import Clock, format_time, utc_now
from shared.contracts.catalogue import DEAD_LETTERS_SUFFIX
from shared.errors import DependencyDown
from shared.events import compaction, embedded_offsets
from shared.events.port import Compacted, Consumer, Delivery, Partition, Record, Uncommitted
from shared.holder import holder_name, is_dead
from shared.ids import new_id
from shared.settings import KeepSettings
from shared.sqlite import SqliteFile

_SILENT_S = 10.0
_BEATS = 5  # heartbeats before a member is called silent
_LOOK_S = 0.25
_DROPPED_AT_ONCE = 500
_ALWAYS_S = (-math.inf, math.inf)
_Look = Callable[[sqlite3.Connection], list[int]]
_OF_HOLDER = "#"  # between the holder's name and the member's own

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event_topics (topic TEXT PRIMARY KEY, partitions INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS event_log (
  topic TEXT NOT NULL, part INTEGER NOT NULL, pos INTEGER NOT NULL,
  key TEXT NOT NULL, value BLOB NOT NULL, headers TEXT NOT NULL,
  PRIMARY KEY (topic, part, pos)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event_offsets (
  grp TEXT NOT NULL, topic TEXT NOT NULL, part INTEGER NOT NULL, next INTEGER NOT NULL,
  PRIMARY KEY (grp, topic, part)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event_members (
  grp TEXT NOT NULL, member TEXT NOT NULL, topics TEXT NOT NULL, seen REAL NOT NULL,
  PRIMARY KEY (grp, member)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event_leases (
  grp TEXT NOT NULL, topic TEXT NOT NULL, part INTEGER NOT NULL, member TEXT NOT NULL,
  PRIMARY KEY (grp, topic, part)) WITHOUT ROWID;
"""


class EmbeddedEventLog:
    """The log in the SQLite file ``database``, shared by the processes of one machine.

    A member that gives no heartbeat for ``silent_s`` loses its partitions.
    """

    def __init__(
        self,
        database: SqliteFile,
        *,
        silent_s: float = _SILENT_S,
        keep: KeepSettings | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._keep = keep or KeepSettings()
        self._clock = clock
        self._silent_s = silent_s
        self._appended = asyncio.Condition()

    async def open(self, topics: Mapping[str, int]) -> None:
        """Create the tables and the topics; a topic's number of partitions never changes."""
        self._database.start()

        def write(connection: sqlite3.Connection) -> None:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.executemany(
                "INSERT OR IGNORE INTO event_topics VALUES (?, ?)", list(topics.items())
            )

        await self._database.write(write)

    async def publish(self, records: Sequence[Record]) -> None:
        """Append ``records``."""
        await self._database.write(lambda connection: _append(connection, records))
        async with self._appended:
            self._appended.notify_all()

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Join ``group``."""
        member = f"{holder_name()}{_OF_HOLDER}{new_id()}"
        membership = _Membership(group, member, tuple(topics), self._silent_s)
        return EmbeddedConsumer(self._database, self._appended, membership)

    async def compact(self, *, dry_run: bool = False) -> Compacted:
        """Drop what nobody needs any more, in small steps, and give the room back."""
        dropped, alive_s = 0, self._alive_s() if dry_run else _ALWAYS_S
        if not dry_run:
            await self._database.write(lambda c: compaction.forget_silent(*self._alive_s(), c))
        for topic, part in await self._database.read(compaction.partitions):
            found = await self._database.read(self._superfluous(topic, part, alive_s))
            dropped += len(found)
            for start in range(0, 0 if dry_run else len(found), _DROPPED_AT_ONCE):
                some = found[start : start + _DROPPED_AT_ONCE]
                await self._database.write(partial(compaction.drop, topic, part, some))
        while not dry_run and (await self._database.write(compaction.give_back)) > 0:
            pass
        return Compacted(dropped, await self._database.read(compaction.size_bytes))

    def _alive_s(self) -> tuple[float, float]:
        """Return the time in which who lives was seen; asked when a write has its turn."""
        now = time.monotonic()
        return now - self._silent_s, now

    def _superfluous(self, topic: str, part: int, alive_s: tuple[float, float]) -> _Look:
        """Return the question what may go of a partition: of dead letters those past their term."""
        if not topic.endswith(DEAD_LETTERS_SUFFIX):
            return partial(compaction.superfluous, topic, part, alive_s)
        if not self._keep.dead_letters_d:
            return lambda _: []
        before = self._clock() - timedelta(days=self._keep.dead_letters_d)
        return partial(compaction.old_letters, topic, part, format_time(before))

    async def ping(self) -> None:
        """Read one row and write none."""
        await self._database.check()

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()


@dataclass(frozen=True)
class _Membership:
    """Who a member is, what it listens to, and after how much silence it is gone."""

    group: str
    member: str
    topics: tuple[str, ...]
    silent_s: float


class EmbeddedConsumer:
    """One member of a group; see the port for every promise."""

    def __init__(
        self, database: SqliteFile, appended: asyncio.Condition, membership: _Membership
    ) -> None:
        self._database = database
        self._appended = appended
        self._group = membership.group
        self._topics = membership.topics
        self._member = membership.member
        self._silent_s = membership.silent_s
        self._renew_s = membership.silent_s / _BEATS
        self._next: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self._renewed = 0.0
        self._beating: asyncio.Task[None] | None = None

    async def poll(self, *, limit: int, timeout_s: float) -> list[Delivery]:
        """Return at most ``limit`` next messages of my partitions."""
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())
        deadline = time.monotonic() + timeout_s
        while True:
            await self._renew()
            found = await self._fetch(limit)
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            await self._wait(min(left, _LOOK_S))

    async def commit(self, delivery: Delivery) -> bool:
        """Store the offset after ``delivery`` if I still hold its partition."""
        where = (self._group, delivery.partition.topic, delivery.partition.number)

        def write(connection: sqlite3.Connection) -> bool:
            holder = connection.execute(
                "SELECT member FROM event_leases WHERE grp=? AND topic=? AND part=?", where
            ).fetchone()
            if holder is None or holder[0] != self._member:
                return False
            connection.execute(
                "INSERT INTO event_offsets VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET next=max(next, excluded.next)",
                (*where, delivery.offset + 1),
            )
            return True

        return await self._database.write(write)

    async def rewind(self, delivery: Delivery) -> None:
        """Make ``delivery`` the next message of its partition."""
        if delivery.partition in self._next:
            self._next[delivery.partition] = delivery.offset

    def pause(self, partition: Partition) -> None:
        """Return nothing more of ``partition``."""
        self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        """Return messages of ``partition`` again."""
        self._paused.discard(partition)

    async def uncommitted(self) -> Uncommitted:
        """Return what is not committed yet: of my partitions, and of the group."""
        mine = list(self._next)
        return await self._database.read(
            lambda c: Uncommitted(
                lag={p: embedded_offsets.lag(c, self._group, p) for p in mine},
                behind=embedded_offsets.behind(c, self._group, self._topics),
            )
        )

    async def ends(self) -> dict[Partition, int]:
        """Return the offset after the last message of each of my partitions."""
        mine = list(self._next)
        return await self._database.read(lambda c: {p: embedded_offsets.end(c, p) for p in mine})

    async def close(self) -> None:
        """Give up my partitions."""

        def write(connection: sqlite3.Connection) -> None:
            for table in ("event_members", "event_leases"):
                connection.execute(
                    f"DELETE FROM {table} WHERE grp=? AND member=?", (self._group, self._member)
                )

        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        self._next.clear()
        await self._database.write(write)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds), self._appended:
                await self._appended.wait()
        except TimeoutError:
            return

    async def _beat(self) -> None:
        """Say that I live, also while my messages are in work; a store that is down only delays."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE event_members SET seen=? WHERE grp=? AND member=?",
                (time.monotonic(), self._group, self._member),
            )

        while True:
            await asyncio.sleep(self._renew_s)
            with contextlib.suppress(DependencyDown):
                await self._database.write(write)

    async def _renew(self) -> None:
        now = time.monotonic()
        if now - self._renewed < self._renew_s and self._renewed:
            return
        held = await self._database.write(self._claim)
        self._next = {
            partition: self._next.get(partition, start) for partition, start in held.items()
        }
        self._renewed = now

    def _claim(self, connection: sqlite3.Connection) -> dict[Partition, int]:
        """Heartbeat, drop the dead, take my fair share of what is free; return what I hold."""
        now = time.monotonic()
        group = self._group
        connection.execute(
            "INSERT OR REPLACE INTO event_members VALUES (?, ?, ?, ?)",
            (group, self._member, json.dumps(self._topics), now),
        )
        _drop_dead(connection, group, (now - self._silent_s, now))
        connection.execute(
            "DELETE FROM event_leases WHERE grp=? AND member NOT IN"
            " (SELECT member FROM event_members WHERE grp=?)",
            (group, group),
        )
        held: dict[Partition, int] = {}
        for topic in self._topics:
            share = _share(connection, group, topic, self._member)
            _give_up(connection, group, topic, (self._member, share))
            for part in share:
                if _lease(connection, group, Partition(topic, part), self._member):
                    held[Partition(topic, part)] = embedded_offsets.committed(
                        connection, group, topic, part
                    )
        return held

    async def _fetch(self, limit: int) -> list[Delivery]:
        wanted = {p: start for p, start in self._next.items() if p not in self._paused}
        found = await self._database.read(lambda c: _read_log(c, wanted, limit))
        for delivery in found:
            self._next[delivery.partition] = delivery.offset + 1
        return found


def _drop_dead(connection: sqlite3.Connection, group: str, alive_s: tuple[float, float]) -> None:
    """Forget the group's members that were not seen in that time, or whose process ended."""
    members = connection.execute(
        "SELECT member, seen FROM event_members WHERE grp=?", (group,)
    ).fetchall()
    first, last = alive_s
    for member, seen in members:
        if not first <= seen <= last or is_dead(member.partition(_OF_HOLDER)[0]):
            connection.execute(
                "DELETE FROM event_members WHERE grp=? AND member=?", (group, member)
            )


def _append(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    for record in records:
        part = zlib.crc32(record.key.encode()) % embedded_offsets.partitions(
            connection, record.topic
        )
        connection.execute(
            "INSERT INTO event_log SELECT ?, ?, coalesce(max(pos) + 1, 0), ?, ?, ?"
            " FROM event_log WHERE topic=? AND part=?",
            (
                record.topic,
                part,
                record.key,
                record.value,
                json.dumps(dict(record.headers)),
                record.topic,
                part,
            ),
        )


def _read_log(
    connection: sqlite3.Connection, wanted: Mapping[Partition, int], limit: int
) -> list[Delivery]:
    found: list[Delivery] = []
    for partition, start in wanted.items():
        rows = connection.execute(
            "SELECT pos, key, value, headers FROM event_log"
            " WHERE topic=? AND part=? AND pos>=? ORDER BY pos LIMIT ?",
            (partition.topic, partition.number, start, limit - len(found)),
        )
        found += [
            Delivery(partition, pos, key, value, json.loads(headers))
            for pos, key, value, headers in rows
        ]
        if len(found) >= limit:
            break
    return found


def _share(connection: sqlite3.Connection, group: str, topic: str, member: str) -> list[int]:
    """Return the partitions of ``topic`` that are dealt to ``member``."""
    members = [
        name
        for name, topics in connection.execute(
            "SELECT member, topics FROM event_members WHERE grp=? ORDER BY member", (group,)
        )
        if topic in json.loads(topics)
    ]
    mine = members.index(member)
    return [
        part
        for part in range(embedded_offsets.partitions(connection, topic))
        if part % len(members) == mine
    ]


def _give_up(
    connection: sqlite3.Connection, group: str, topic: str, holding: tuple[str, list[int]]
) -> None:
    """Release the partitions that a member holds beyond its share."""
    member, share = holding
    held = connection.execute(
        "SELECT part FROM event_leases WHERE grp=? AND topic=? AND member=?", (group, topic, member)
    ).fetchall()
    for (part,) in held:
        if part not in share:
            connection.execute(
                "DELETE FROM event_leases WHERE grp=? AND topic=? AND part=?", (group, topic, part)
            )


def _lease(connection: sqlite3.Connection, group: str, partition: Partition, member: str) -> bool:
    """Take the partition if it is free; a holder that is alive gives it up at its next poll."""
    where = (group, partition.topic, partition.number)
    connection.execute("INSERT OR IGNORE INTO event_leases VALUES (?, ?, ?, ?)", (*where, member))
    row = connection.execute(
        "SELECT member FROM event_leases WHERE grp=? AND topic=? AND part=?", where
    ).fetchone()
    return bool(row[0] == member)
