"""Dead letters: messages set aside with their bytes and their cause, and the way back."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from shared.events.port import Consumer, Delivery, EventLog, Record
from shared.ids import new_id
from shared.telemetry import DEAD_LETTERS, logger

SUFFIX = ".dlq"
_CAUSE = "dlq_"

log = logger(__name__)


def dead_letter(delivery: Delivery, service: str, error: BaseException, attempts: int) -> Record:
    """Build the record that keeps ``delivery`` byte for byte and says why it was set aside."""
    return Record(
        topic=delivery.partition.topic + SUFFIX,
        key=delivery.key,
        value=delivery.value,
        headers={
            **delivery.headers,
            "dlq_service": service,
            "dlq_topic": delivery.partition.topic,
            "dlq_partition": str(delivery.partition.number),
            "dlq_offset": str(delivery.offset),
            "dlq_error": type(error).__name__,
            "dlq_detail": str(error)[:500],
            "dlq_attempts": str(attempts),
        },
    )


async def set_aside(
    events: EventLog, delivery: Delivery, service: str, error: BaseException, attempts: int
) -> None:
    """Publish the dead letter of ``delivery``, count it and say so."""
    await events.publish([dead_letter(delivery, service, error, attempts)])
    DEAD_LETTERS.labels(service=service, topic=delivery.partition.topic).inc()
    structlog.get_logger().error(
        "event.dead", topic=delivery.partition.topic, offset=delivery.offset, cause=str(error)[:500]
    )


@dataclass(frozen=True)
class Replayed:
    """What a replay did: ``published`` went back to their topics, ``kept`` did not match."""

    published: int
    kept: int


async def replay(
    events: EventLog,
    topic: str,
    *,
    wanted: Callable[[Delivery], bool] = lambda _: True,
    dry_run: bool = False,
) -> Replayed:
    """Send dead letters of ``topic`` that are ``wanted`` back to it.

    A letter that was sent back is not sent again by a later replay; those kept go to the end of the
    dead letters. Handlers are idempotent, so even the same letter twice ends in the same state.
    """
    group = f"replay-{new_id()}" if dry_run else "replay"
    consumer = await events.consumer(group, [topic + SUFFIX])
    published = kept = 0
    try:
        end = await _ends(consumer)
        while batch := await consumer.poll(limit=100, timeout_s=1.0):
            for letter in batch:
                if letter.offset >= end.get(letter.partition.number, 1 << 62):
                    return Replayed(published, kept)
                sent = wanted(letter)
                published, kept = published + sent, kept + (not sent)
                if not dry_run:
                    await events.publish([_original(letter) if sent else _again(letter)])
                    await consumer.commit(letter)
    finally:
        await consumer.close()
    return Replayed(published, kept)


async def _ends(consumer: Consumer) -> dict[int, int]:
    """Return, for each partition, the offset where this replay stops; what it keeps comes after."""
    first = await consumer.poll(limit=1, timeout_s=5.0)
    for letter in first:
        await consumer.rewind(letter)
    ends: dict[int, int] = {}
    for partition, waiting in (await consumer.lag()).items():
        start = next((d.offset for d in first if d.partition == partition), 0)
        ends[partition.number] = start + waiting
    return ends


def _original(letter: Delivery) -> Record:
    headers = {k: v for k, v in letter.headers.items() if not k.startswith(_CAUSE)}
    return Record(letter.partition.topic.removesuffix(SUFFIX), letter.key, letter.value, headers)


def _again(letter: Delivery) -> Record:
    return Record(letter.partition.topic, letter.key, letter.value, letter.headers)
