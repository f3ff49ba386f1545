"""A record that the broker refuses goes to the dead letters of its tenant; the others go on."""

from collections.abc import Sequence
from typing import Any

import pytest

from shared.contracts.image_events import ImageDeleted
from shared.documents.port import CollectionSpec, TenantScope
from shared.events.dead_letters import waiting
from shared.events.port import EventLog, Record, RecordRefused
from shared.events.relay import Relay
from shared.hosting.stores import Stores
from tests.unit.events.flow import Thing, letters, opened


class SmallBroker:
    """A log that takes no value over a size, as a broker whose bound was lowered."""

    def __init__(self, inner: EventLog, most_bytes: int) -> None:
        self._inner = inner
        self._most_bytes = most_bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def publish(self, records: Sequence[Record]) -> None:
        if any(len(record.value) > self._most_bytes for record in records):
            raise RecordRefused("the broker refused: MessageSizeTooLargeError")
        await self._inner.publish(records)


async def published(stores: Stores, topic: str) -> list[str]:
    consumer = await stores.events.consumer("look", [topic])
    found = [delivery.key async for delivery in waiting(consumer)]
    await consumer.close()
    return found


@pytest.mark.parametrize("refused_by", ["broker", "broker for its letter, too"])
async def test_a_refused_record_is_a_dead_letter_and_the_relay_goes_on(
    stores: Stores, refused_by: str
) -> None:
    await opened(stores, partitions=1)
    things = CollectionSpec("refused.things", Thing)
    await stores.documents.open([things])
    for tenant, image in (("a", "I1"), ("b", "I" * 2000), ("c", "I3")):
        collection = stores.documents.collection(things, TenantScope(tenant))
        event = ImageDeleted(project_id="P", image_id=image)
        await collection.insert(Thing(id="T", tenant=tenant), events=[event])
    log: Any = SmallBroker(stores.events, 1000)
    if refused_by == "broker":
        log = _LettersPass(stores.events, 1000)
    assert await Relay(stores.documents, log, ["refused.things"]).once() == 3
    assert await stores.documents.outboxes(["refused.things"], 10) == []
    assert sorted(await published(stores, "image")) == ["a/T", "c/T"]
    (letter,) = await letters(stores)
    assert (letter["dlq_service"], letter["dlq_error"]) == ("relay", "RecordRefused")
    assert letter["ce_type"] == "image.deleted"
    assert (b"I" * 2000 in letter["value"]) == (refused_by == "broker")
    assert int(letter["dlq_bytes"]) > 2000
    assert await published(stores, "image.dlq") == ["b/T"]


class _LettersPass(SmallBroker):
    """The same, with a larger bound for dead letters."""

    async def publish(self, records: Sequence[Record]) -> None:
        if all(record.topic.endswith(".dlq") for record in records):
            await self._inner.publish(records)
        else:
            await super().publish(records)
