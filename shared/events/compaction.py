"""Which records of the embedded log nobody needs any more, and the room that they leave.

Events carry the state of the aggregate that says them. What every group has passed is needed only
by a group that is yet to come, and that one needs the newest event of each kind of each aggregate,
and of a deleted project nothing but that it is deleted. The newest is the one with the highest
sequence: a dead letter that was sent back stands last and may be old.
"""

import sqlite3

from shared.contracts.catalogue import SET_ASIDE_AT
from shared.contracts.project_events import ProjectDeleted

_FREED_PAGES = 1000

# What is no JSON has no sequence and no project: it is a dead letter's, and stops nothing here.
_SUPERSEDED = """
SELECT pos FROM (
  SELECT pos, row_number() OVER (PARTITION BY key, kind ORDER BY pos DESC) AS age,
    row_number() OVER (PARTITION BY key, kind ORDER BY sequence DESC, pos DESC) AS step
  FROM (SELECT pos, key, json_extract(headers, '$.ce_type') AS kind,
      CASE WHEN json_valid(CAST(value AS TEXT))
        THEN json_extract(CAST(value AS TEXT), '$.sequence') END AS sequence
    FROM event_log WHERE topic=:topic AND part=:part AND pos<:floor))
WHERE age > 1 AND step > 1"""
_OF_DELETED = """
SELECT pos FROM event_log WHERE topic=:topic AND part=:part AND pos<:floor AND pos<(
    SELECT max(pos) FROM event_log WHERE topic=:topic AND part=:part)
  AND json_extract(headers, '$.ce_type') != :deleted
  AND substr(key, 1, instr(key, '/')) || CASE WHEN json_valid(CAST(value AS TEXT))
    THEN json_extract(CAST(value AS TEXT), '$.data.project_id') END IN (
    SELECT key FROM event_log
    WHERE topic=:projects AND json_extract(headers, '$.ce_type') = :deleted)"""

_OLD_LETTERS = """
SELECT pos FROM event_log WHERE topic=:topic AND part=:part AND pos<(
    SELECT max(pos) FROM event_log WHERE topic=:topic AND part=:part)
  AND coalesce(json_extract(headers, :said), CASE WHEN json_valid(CAST(value AS TEXT))
    THEN json_extract(CAST(value AS TEXT), '$.time') END) < :before"""


def partitions(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return the topics with their partitions, those of dead letters too."""
    rows = connection.execute("SELECT topic, partitions FROM event_topics ORDER BY topic")
    return [(topic, part) for topic, number in rows for part in range(number)]


def superfluous(
    topic: str, part: int, alive_s: tuple[float, float], connection: sqlite3.Connection
) -> list[int]:
    """Return the positions of a partition that nobody needs; never the last, which is counted on.

    A group that has begun nowhere in the partition has everything before it; one that committed
    nothing anywhere and was not seen in ``alive_s``, as of :func:`forget_silent`, is none: for who
    counts before those were forgotten, with infinite times for who forgot them.
    """
    floor = _floor(connection, topic, part, alive_s)
    if not floor:
        return []
    names = {
        "topic": topic,
        "part": part,
        "floor": floor,
        "projects": ProjectDeleted.topic,
        "deleted": ProjectDeleted.type,
    }
    queries = (_SUPERSEDED, _OF_DELETED)
    return sorted({pos for query in queries for (pos,) in connection.execute(query, names)})


def old_letters(topic: str, part: int, before: str, connection: sqlite3.Connection) -> list[int]:
    """Return the positions of the dead letters that were set aside before a time, but the last.

    Letters of earlier releases do not say when that was: their event's own time counts.
    """
    names = {"topic": topic, "part": part, "before": before, "said": f"$.{SET_ASIDE_AT}"}
    return [pos for (pos,) in connection.execute(_OLD_LETTERS, names)]


def drop(topic: str, part: int, positions: list[int], connection: sqlite3.Connection) -> None:
    """Remove records."""
    connection.executemany(
        "DELETE FROM event_log WHERE topic=? AND part=? AND pos=?",
        [(topic, part, position) for position in positions],
    )


def forget_silent(before: float, now: float, connection: sqlite3.Connection) -> None:
    """Forget members that said nothing from ``before`` to ``now`` of groups without a commit.

    Times are those of the monotonic clock, in s.

    Such a group is one that is yet to come: it holds nothing, whether it comes again or not.
    """
    connection.execute(
        "DELETE FROM event_members WHERE seen NOT BETWEEN ? AND ?"
        " AND grp NOT IN (SELECT grp FROM event_offsets)",
        (before, now),
    )
    connection.execute(
        "DELETE FROM event_leases WHERE grp NOT IN (SELECT grp FROM event_offsets)"
        " AND grp NOT IN (SELECT grp FROM event_members)"
    )


def give_back(connection: sqlite3.Connection) -> int:
    """Give some free pages of the file back to the disk; return how many were free before.

    A file that an earlier release made has no such pages; what is free in it is used again.
    """
    free: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
    if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != 2 or not free:
        return 0
    connection.execute(f"PRAGMA incremental_vacuum({_FREED_PAGES})").fetchall()
    return free


def size_bytes(connection: sqlite3.Connection) -> int:
    """Return the size of the database."""
    pages, page = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
    )
    return int(pages) * int(page)


def _floor(
    connection: sqlite3.Connection, topic: str, part: int, alive_s: tuple[float, float]
) -> int:
    """Return the position before which every group of the topic has committed everything."""
    rows = connection.execute(
        "SELECT grp FROM event_offsets WHERE topic=:topic UNION SELECT grp FROM event_members"
        " WHERE EXISTS (SELECT 1 FROM json_each(topics) WHERE value=:topic)"
        " AND (seen BETWEEN :first AND :last OR grp IN (SELECT grp FROM event_offsets))",
        {"topic": topic, "first": alive_s[0], "last": alive_s[1]},
    )
    groups = [group for (group,) in rows]
    done = dict(
        connection.execute(
            "SELECT grp, next FROM event_offsets WHERE topic=? AND part=?", (topic, part)
        ).fetchall()
    )
    return min((done.get(group, 0) for group in groups), default=0)
