"""The event log as services see it: topics of partitions, groups of consumers, explicit commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


@dataclass(frozen=True)
class Record:
    """A message to publish; records with the same key keep their order."""

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    number: int


class Delivery(NamedTuple):
    """A message as a consumer gets it."""

    partition: Partition
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, str]


class Uncommitted(NamedTuple):
    """What waits for a consumer.

    Attributes:
        lag: How many uncommitted messages each of its partitions has; empty until the group has
            given it partitions, which takes a few polls.
        behind: The committed offset of each partition that has uncommitted messages. An embedded
            log tells of the whole group, so that a partition that nobody has is told of; a broker
            of the consumer's partitions.
    """

    lag: Mapping[Partition, int]
    behind: Mapping[Partition, int]


class Consumer(Protocol):
    """One member of a consumer group; used by one task."""

    async def poll(self, *, limit: int, timeout_s: float) -> list[Delivery]:
        """Return at most ``limit`` next messages of my partitions, or none when time is up.

        Messages of a partition come in order. What was returned is not returned again unless the
        partition is lost and won back, or :meth:`rewind` is called.
        """
        ...

    async def commit(self, delivery: Delivery) -> bool:
        """Remember that everything up to ``delivery`` in its partition is done.

        Return False, and do no harm, when the partition belongs to somebody else by now: the
        message comes again there.
        """
        ...

    async def rewind(self, delivery: Delivery) -> None:
        """Make ``delivery`` the next message of its partition."""
        ...

    def pause(self, partition: Partition) -> None:
        """Return nothing more of ``partition`` until :meth:`resume`."""
        ...

    def resume(self, partition: Partition) -> None:
        """Undo :meth:`pause`."""
        ...

    async def uncommitted(self) -> Uncommitted:
        """Return what is not committed yet."""
        ...

    async def ends(self) -> dict[Partition, int]:
        """Return the offset after the last message of each of my partitions."""
        ...

    async def close(self) -> None:
        """Leave the group."""
        ...


class Compacted(NamedTuple):
    """What a compaction did: records that it dropped, bytes that the log's store still takes.

    Of a dry run: records that it would have dropped.
    """

    dropped: int
    size_bytes: int


class RecordRefused(Exception):
    """The log will never take a record as it is; waiting does not help."""


class EventLog(Protocol):
    """A durable event log."""

    async def open(self, topics: Mapping[str, int]) -> None:
        """Connect and make sure that the topics exist with that many partitions."""
        ...

    async def publish(self, records: Sequence[Record]) -> None:
        """Append ``records`` in this order; return when they are durable.

        Raises DependencyDown when the log does not answer; then some may be written, and publishing
        the same records again is the right thing to do. Raises RecordRefused when one of them will
        never be taken; others may be written.
        """
        ...

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Join ``group`` on ``topics``; a new group begins with the oldest message."""
        ...

    async def compact(self, *, dry_run: bool = False) -> Compacted:
        """Drop what every group has passed and a newer event replaced, and old dead letters.

        With ``dry_run`` say what would go, and change nothing.

        A broker drops by itself what is older than the operator wants; it is told that here.
        """
        ...

    async def ping(self) -> None:
        """Raise DependencyDown unless the log answers."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
