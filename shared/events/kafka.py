"""The event log on Kafka: one producer a process, and a deadline on everything."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError

from shared.errors import DependencyDown
from shared.events.kafka_consumer import KafkaConsumer
from shared.events.kafka_deadline import deadline, stop_within
from shared.events.kafka_topics import MAX_MESSAGE_BYTES, create, keep_for
from shared.events.port import Compacted, Consumer, Record
from shared.settings import KafkaSecurity, KeepSettings
from shared.telemetry import logger

_OPEN_S = 30.0
_PUBLISH_S = 30.0
_PING_S = 5.0
_STOP_S = 5.0
_REQUEST_MS = 15_000
_REBALANCE_MS = 90_000

log = logger(__name__)


class KafkaEventLog:
    """The log on the brokers ``servers``.

    ``instance`` names this process among the members of its groups for good (static membership):
    one that is back within 30 s has its partitions at once. Two living processes never share it.
    """

    def __init__(
        self,
        servers: str,
        *,
        instance: str | None = None,
        security: KafkaSecurity = KafkaSecurity(),  # noqa: B008  it is frozen
        keep: KeepSettings | None = None,
    ) -> None:
        self.client_options = {"bootstrap_servers": servers, **security.options()}
        self._instance = instance
        self._keep = keep or KeepSettings()
        self._topics: set[str] = set()
        self._producer: Any = None
        self._starting = asyncio.Lock()
        self._stopping: set[asyncio.Task[None]] = set()

    async def open(self, topics: Mapping[str, int]) -> None:
        """Create missing topics and wait until each of their partitions has a leader."""
        async with deadline(_OPEN_S, "the broker does not answer"), self._admin() as admin:
            missing = set(topics) - set(await admin.list_topics())
            if missing:
                made = {topic: topics[topic] for topic in sorted(missing)}
                await create(admin, made, self._keep)
        self._topics |= set(topics)

    async def publish(self, records: Sequence[Record]) -> None:
        """Append ``records``; returns when all replicas in sync have them."""
        producer = await self._started()
        try:
            async with deadline(_PUBLISH_S, "the broker took too long"):
                sent = [
                    await producer.send(
                        record.topic,
                        record.value,
                        key=record.key.encode(),
                        headers=[(name, text.encode()) for name, text in record.headers.items()],
                    )
                    for record in records
                ]
                results = await asyncio.gather(*sent, return_exceptions=True)
                for result in results:
                    if isinstance(result, asyncio.CancelledError):
                        raise KafkaConnectionError("the connection broke")
                    if isinstance(result, BaseException):
                        raise result
        except DependencyDown:
            # What it still holds comes late or never; the records are published again anyway.
            self._drop(producer)
            raise

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Join ``group``."""
        instance = f"{group}-{self._instance}" if self._instance else None
        raw = AIOKafkaConsumer(
            **self.client_options,
            group_id=group,
            group_instance_id=instance,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=30_000,
            heartbeat_interval_ms=3_000,
            rebalance_timeout_ms=_REBALANCE_MS,
            max_poll_interval_ms=300_000,
            # Joining waits for the slowest member: a shorter limit would only make it ask again.
            request_timeout_ms=_REBALANCE_MS + 5_000,
            metadata_max_age_ms=30_000,
        )
        consumer = KafkaConsumer(raw, tuple(topics))
        try:
            async with deadline(_OPEN_S, "the broker does not answer"):
                await consumer.start()
        except BaseException:
            await consumer.close()
            raise
        return consumer

    async def compact(self, *, dry_run: bool = False) -> Compacted:
        """Tell the topics for how long to keep what they hold; the broker drops the rest.

        It is told days alone: its compaction knows keys, and we need kinds of events, too.
        """
        if dry_run:
            return Compacted(0, 0)
        async with deadline(_OPEN_S, "the broker does not answer"), self._admin() as admin:
            changed = await keep_for(admin, sorted(self._topics), self._keep)
        if changed:
            log.info("compact.topics_changed", topics=changed)
        return Compacted(0, 0)

    async def ping(self) -> None:
        """Ask for metadata."""
        async with deadline(_PING_S, "the broker does not answer"):
            producer = await self._started()
            if not await producer.client.force_metadata_update():
                raise DependencyDown("the broker does not answer")

    async def close(self) -> None:
        """Flush and close; a broker that is away does not hold us."""
        if self._producer is not None:
            self._drop(self._producer)
        await asyncio.gather(*self._stopping, return_exceptions=True)

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[Any]:
        admin = AIOKafkaAdminClient(**self.client_options, request_timeout_ms=_REQUEST_MS)
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()

    async def _started(self) -> Any:  # noqa: ANN401  aiokafka's producer
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self.client_options,
                    acks="all",
                    enable_idempotence=True,
                    request_timeout_ms=_REQUEST_MS,
                    max_request_size=MAX_MESSAGE_BYTES,
                    max_batch_size=256 * 1024,
                    linger_ms=2,
                )
                try:
                    async with deadline(_OPEN_S, "the broker does not answer"):
                        await producer.start()
                except BaseException:
                    self._drop(producer)
                    raise
                self._producer = producer
            return self._producer

    def _drop(self, producer: Any) -> None:  # noqa: ANN401  aiokafka's producer
        if self._producer is producer:
            self._producer = None
        task = asyncio.create_task(_stop(producer))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


async def _stop(producer: Any) -> None:  # noqa: ANN401  aiokafka's producer
    """Stop within a deadline: ``stop()`` flushes for as long as the broker is away."""
    if await stop_within(_STOP_S, producer.stop()):
        return
    await stop_within(_STOP_S, producer._sender.close())
    await stop_within(_STOP_S, producer.client.close())
