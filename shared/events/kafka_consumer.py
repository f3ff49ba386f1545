"""One member of a Kafka consumer group, with the pitfalls of the client kept inside."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared.errors import DependencyDown
from shared.events.kafka_deadline import deadline, stop_within
from shared.events.port import Delivery, Partition, Uncommitted
from shared.telemetry import logger

_DRAIN_S = 60.0
_GRACE_S = 0.5
_COMMIT_S = 20.0
_LAG_S = 10.0
_STOP_S = 5.0

log = logger(__name__)


class KafkaConsumer:
    """A member that commits by hand and gives up a partition only between two polls."""

    def __init__(self, raw: AIOKafkaConsumer, topics: Sequence[str]) -> None:
        self._raw = raw
        self._topics = list(topics)
        self._idle = asyncio.Event()
        self._idle.set()
        self._fetch: asyncio.Task[Any] | None = None
        self._rewound: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        """Connect and subscribe."""
        await self._raw.start()
        self._raw.subscribe(self._topics, listener=_Draining(self._idle))

    async def poll(self, *, limit: int, timeout_s: float) -> list[Delivery]:
        """Return at most ``limit`` next messages of my partitions."""
        self._idle.set()
        if self._fetch is None:
            self._rewound.clear()
            fetch = self._raw.getmany(timeout_ms=int(timeout_s * 1000), max_records=limit)
            self._fetch = asyncio.create_task(fetch)
        # While the group rebalances the client forgets its time-out; cancelling it would leave its
        # idle guard wrong. So a fetch that is late is kept for the next poll.
        done, _ = await asyncio.wait({self._fetch}, timeout=timeout_s + _GRACE_S)
        if not done:
            return []
        fetch, self._fetch = self._fetch, None
        deliveries = self._taken(fetch)
        if deliveries:
            self._idle.clear()
        return deliveries

    def _taken(self, fetch: asyncio.Task[Any]) -> list[Delivery]:
        """Return what ``fetch`` brought, without partitions that were lost or rewound meanwhile."""
        if fetch.cancelled():
            raise DependencyDown("the connection to the broker broke")
        try:
            found = fetch.result()
        except KafkaError as error:
            raise DependencyDown(f"the broker refused: {type(error).__name__}") from error
        mine = self._raw.assignment()
        for partition, offset in self._rewound.items():
            if found.pop(partition, None) is not None and partition in mine:
                self._raw.seek(partition, offset)
        return [
            _delivery(Partition(tp.topic, tp.partition), record)
            for tp, records in found.items()
            if tp in mine
            for record in records
        ]

    async def commit(self, delivery: Delivery) -> bool:
        """Store the offset after ``delivery``; somebody else's partition by now is left alone."""
        async with deadline(_COMMIT_S, "the broker took too long to commit"):
            try:
                await self._raw.commit({_tp(delivery.partition): delivery.offset + 1})
            except (CommitFailedError, IllegalStateError) as error:
                cause = type(error).__name__
                log.info("commit.not_mine", topic=delivery.partition.topic, cause=cause)
                return False
        return True

    async def rewind(self, delivery: Delivery) -> None:
        """Make ``delivery`` the next message of its partition."""
        partition = _tp(delivery.partition)
        if partition in self._raw.assignment():
            self._raw.seek(partition, delivery.offset)
            self._rewound[partition] = delivery.offset

    def pause(self, partition: Partition) -> None:
        """Return nothing more of ``partition``; a partition that was lost is not ours to pause."""
        if _tp(partition) in self._raw.assignment():
            self._raw.pause(_tp(partition))

    def resume(self, partition: Partition) -> None:
        """Return messages of ``partition`` again."""
        if _tp(partition) in self._raw.assignment():
            self._raw.resume(_tp(partition))

    async def uncommitted(self) -> Uncommitted:
        """Return what is not committed yet of my partitions."""
        mine = sorted(self._raw.assignment())
        async with deadline(_LAG_S, "the broker does not tell its offsets"):
            ends = await self._raw.end_offsets(mine)
            starts = await self._raw.beginning_offsets(mine)
            done = await asyncio.gather(*(self._raw.committed(tp) for tp in mine))
        places = {
            Partition(tp.topic, tp.partition): (max(starts[tp], at or 0), ends[tp])
            for tp, at in zip(mine, done, strict=True)
        }
        return Uncommitted(
            lag={partition: end - at for partition, (at, end) in places.items()},
            behind={partition: at for partition, (at, end) in places.items() if at < end},
        )

    async def ends(self) -> dict[Partition, int]:
        """Return the offset after the last message of each of my partitions."""
        async with deadline(_LAG_S, "the broker does not tell its offsets"):
            ends = await self._raw.end_offsets(sorted(self._raw.assignment()))
        return {Partition(tp.topic, tp.partition): end for tp, end in ends.items()}

    async def close(self) -> None:
        """Leave the group; a broker that is away does not hold us."""
        self._idle.set()
        if self._fetch is not None:
            self._fetch.cancel()
            await asyncio.gather(self._fetch, return_exceptions=True)
            self._fetch = None
        if not await stop_within(_STOP_S, self._raw.stop()):
            # A broken stop leaves the heartbeat and the connections of a member that is gone.
            await stop_within(_STOP_S, self._raw._coordinator.close())
            await stop_within(_STOP_S, self._raw._client.close())


@ConsumerRebalanceListener.register  # by its registry: the client has no types to inherit from
class _Draining:
    """Holds a rebalance until the messages in hand are handled and committed, up to a limit."""

    def __init__(self, idle: asyncio.Event) -> None:
        self._idle = idle

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Wait for the next poll; after the limit the others take over and effects repeat."""
        try:
            await asyncio.wait_for(self._idle.wait(), _DRAIN_S)
        except TimeoutError:
            log.warning("rebalance.not_drained", waited_s=_DRAIN_S)

    async def on_partitions_assigned(self, assigned: object) -> None:
        """Nothing to prepare: positions are the committed ones."""


def _tp(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)


def _delivery(partition: Partition, record: Any) -> Delivery:  # noqa: ANN401  aiokafka's record
    return Delivery(
        partition=partition,
        offset=record.offset,
        key=(record.key or b"").decode(errors="replace"),
        value=record.value or b"",
        headers={name: text.decode(errors="replace") for name, text in record.headers},
    )
