"""Dead letters: messages set aside with their bytes and their cause, and the way back."""

import asyncio
import getpass
import hashlib
import os
import time
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from shared.clock import format_time, utc_now
from shared.contracts.catalogue import DEAD_LETTERS_SUFFIX, SET_ASIDE_AT
from shared.errors import DependencyDown
from shared.events.port import Consumer, Delivery, EventLog, Record, RecordRefused
from shared.release import VERSION
from shared.telemetry import DEAD_LETTERS, logger

_CAUSE = "dlq_"
_RELAY = "relay"
_DETAIL_CHARACTERS = 500
_PATIENCE_S = 120.0  # a group whose last member was killed gives its partitions away that late
_LOOK_S = 0.5
_AT_ONCE = 5  # a letter may have some megabytes

log = logger(__name__)


def dead_letter(delivery: Delivery, service: str, error: BaseException, attempts: int) -> Record:
    """Build the record that keeps ``delivery`` byte for byte and says why it was set aside."""
    return Record(
        topic=delivery.partition.topic + DEAD_LETTERS_SUFFIX,
        key=delivery.key,
        value=delivery.value,
        headers={
            **delivery.headers,
            "dlq_service": service,
            "dlq_version": VERSION,
            "dlq_topic": delivery.partition.topic,
            "dlq_partition": str(delivery.partition.number),
            "dlq_offset": str(delivery.offset),
            "dlq_error": type(error).__name__,
            "dlq_detail": _detail(error),
            "dlq_stack": stack_hash(error),
            "dlq_attempts": str(attempts),
            SET_ASIDE_AT: format_time(utc_now()),
        },
    )


async def set_aside(
    events: EventLog, delivery: Delivery, service: str, error: BaseException, attempts: int
) -> None:
    """Publish the dead letter of ``delivery``, count it and say so."""
    letter = dead_letter(delivery, service, error, attempts)
    await events.publish([letter])
    DEAD_LETTERS.labels(service=service, topic=delivery.partition.topic).inc()
    log.error(
        "event.dead",
        topic=delivery.partition.topic,
        partition=delivery.partition.number,
        offset=delivery.offset,
        error=type(error).__name__,
        cause=_detail(error),
        stack=letter.headers["dlq_stack"],
    )


async def refused(events: EventLog, record: Record, error: RecordRefused) -> None:
    """Set aside a record that the log refused, under its own key, and so its tenant's.

    Where the log refuses the letter, too, its bytes are left out: the document that tells of it
    holds what it said.
    """
    letter = Record(
        topic=record.topic + DEAD_LETTERS_SUFFIX,
        key=record.key,
        value=record.value,
        headers={
            **record.headers,
            "dlq_service": _RELAY,
            "dlq_version": VERSION,
            "dlq_topic": record.topic,
            "dlq_error": type(error).__name__,
            "dlq_detail": _detail(error),
            "dlq_bytes": str(len(record.value)),
            SET_ASIDE_AT: format_time(utc_now()),
        },
    )
    try:
        await events.publish([letter])
    except RecordRefused:
        await events.publish([replace(letter, value=b"")])
    DEAD_LETTERS.labels(service=_RELAY, topic=record.topic).inc()
    log.error(
        "event.refused",
        topic=record.topic,
        tenant=record.key.partition("/")[0],
        event_id=record.headers.get("ce_id", ""),
        bytes=len(record.value),
        cause=_detail(error),
    )


def stack_hash(error: BaseException) -> str:
    """Return what letters of one defect have in common: a hash of its class and its way here.

    Line numbers are left out, so that an unrelated change of a file keeps the hash.
    """
    frames = traceback.extract_tb(error.__traceback__)
    way = [type(error).__qualname__, *(f"{frame.filename}:{frame.name}" for frame in frames)]
    return hashlib.sha256("\n".join(way).encode()).hexdigest()[:12]


async def waiting(
    consumer: Consumer, *, patience_s: float = _PATIENCE_S
) -> AsyncIterator[Delivery]:
    """Yield what the consumer's group has not committed of what is there when it has joined.

    Raises:
        DependencyDown: Another member has all partitions, or a message that is there does not
            come: the answer "there is nothing" would be a guess.
    """
    deadline = time.monotonic() + patience_s
    while not (lag := (await consumer.uncommitted()).lag):
        if time.monotonic() > deadline:
            raise DependencyDown("no partition was assigned: is another reader at work?")
        for early in reversed(await consumer.poll(limit=1, timeout_s=_LOOK_S)):
            await consumer.rewind(early)
    ends = await consumer.ends()
    left = {partition for partition, behind in lag.items() if behind > 0}
    while left:
        batch = await consumer.poll(limit=_AT_ONCE, timeout_s=_LOOK_S)
        for delivery in batch:
            deadline = time.monotonic() + patience_s
            if delivery.offset + 1 >= ends[delivery.partition]:
                left.discard(delivery.partition)
            if delivery.offset < ends[delivery.partition]:
                yield delivery
        if not batch and time.monotonic() > deadline:
            raise DependencyDown("messages that are there do not come")


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
    per_second: float | None = None,
) -> Replayed:
    """Send dead letters of ``topic`` that are ``wanted`` back to it, ``per_second`` at most.

    A letter that was sent back is not sent again by a later replay; those kept go to the end of the
    dead letters. Handlers are idempotent, so even the same letter twice ends in the same state.
    """
    consumer = await events.consumer("replay", [topic + DEAD_LETTERS_SUFFIX])
    published = kept = 0
    try:
        async for letter in waiting(consumer):
            sent = wanted(letter)
            published, kept = published + sent, kept + (not sent)
            if dry_run:
                continue
            await events.publish([_original(letter) if sent else _again(letter)])
            await consumer.commit(letter)
            if sent:
                _tell(letter)
                await asyncio.sleep(1 / per_second if per_second else 0)
    finally:
        await consumer.close()
        log.info(
            "events.replayed",
            topic=topic,
            published=published,
            kept=kept,
            dry_run=dry_run,
            by=_operator(),
        )
    return Replayed(published, kept)


def _tell(letter: Delivery) -> None:
    log.info(
        "event.replayed",
        topic=letter.headers.get("dlq_topic", ""),
        tenant=letter.key.partition("/")[0],
        event_id=letter.headers.get("ce_id", ""),
        offset=letter.offset,
    )


def _operator() -> str:
    """Return who runs this; in a container the user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _detail(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:_DETAIL_CHARACTERS]


def _original(letter: Delivery) -> Record:
    headers = {k: v for k, v in letter.headers.items() if not k.startswith(_CAUSE)}
    return Record(
        letter.partition.topic.removesuffix(DEAD_LETTERS_SUFFIX), letter.key, letter.value, headers
    )


def _again(letter: Delivery) -> Record:
    return Record(letter.partition.topic, letter.key, letter.value, letter.headers)
