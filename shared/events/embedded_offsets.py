"""How far the groups of the embedded log are."""

import sqlite3
from collections.abc import Sequence

from shared.events.port import Partition


def partitions(connection: sqlite3.Connection, topic: str) -> int:
    """Return how many partitions a topic has."""
    known = connection.execute(
        "SELECT partitions FROM event_topics WHERE topic=?", (topic,)
    ).fetchone()
    return int(known[0]) if known else 1


def committed(connection: sqlite3.Connection, group: str, topic: str, part: int) -> int:
    """Return the offset up to which the group has done everything."""
    row = connection.execute(
        "SELECT next FROM event_offsets WHERE grp=? AND topic=? AND part=?", (group, topic, part)
    ).fetchone()
    return int(row[0]) if row else 0


def behind(
    connection: sqlite3.Connection, group: str, topics: Sequence[str]
) -> dict[Partition, int]:
    """Return the committed offset of each partition in which something waits for the group."""
    found = {}
    for topic in topics:
        for part in range(partitions(connection, topic)):
            done = committed(connection, group, topic, part)
            if end(connection, Partition(topic, part)) > done:
                found[Partition(topic, part)] = done
    return found


def lag(connection: sqlite3.Connection, group: str, partition: Partition) -> int:
    """Return how many messages of the partition wait for the group."""
    done = committed(connection, group, partition.topic, partition.number)
    return end(connection, partition) - done


def end(connection: sqlite3.Connection, partition: Partition) -> int:
    """Return the offset after the last message of the partition."""
    end: int = connection.execute(
        "SELECT coalesce(max(pos) + 1, 0) FROM event_log WHERE topic=? AND part=?",
        (partition.topic, partition.number),
    ).fetchone()[0]
    return end
