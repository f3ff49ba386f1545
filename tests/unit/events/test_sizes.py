"""An event that no broker would take is refused when it is written, not when it is published."""

from typing import Any, ClassVar

import pytest

from shared.contracts.envelope import MAX_EVENT_BYTES, EventBody, EventStamp, pack
from shared.documents.port import CollectionSpec, TenantScope
from shared.errors import TooLarge
from shared.hosting.stores import Stores
from tests.unit.events.flow import Thing

STAMP = EventStamp.of("t", "big", 1)


class Grown(EventBody):
    type: ClassVar[str] = "thing.grown"
    topic: ClassVar[str] = "thing"
    source: ClassVar[str] = "test"
    example: ClassVar[dict[str, Any]] = {"text": ""}

    text: str


def grown(size: int) -> Grown:
    """Return a body whose event has exactly `size` bytes."""
    overhead = len(pack([Grown(text="")], STAMP)[0].value_bytes())
    return Grown(text="x" * (size - overhead))


async def test_a_write_whose_event_is_too_large_is_refused_whole(stores: Stores) -> None:
    things = CollectionSpec("test.things", Thing)
    await stores.documents.open([things])
    collection = stores.documents.collection(things, TenantScope("t"))
    thing = Thing(id="big", tenant="t")
    with pytest.raises(TooLarge, match=f"over the limit of {MAX_EVENT_BYTES}"):
        await collection.insert(thing, events=[grown(MAX_EVENT_BYTES + 1)])
    assert await collection.find("big") is None
    assert await stores.documents.outboxes(["test.things"], 10) == []


def test_bytes_are_counted_not_characters() -> None:
    fits = grown(MAX_EVENT_BYTES)
    assert len(pack([fits], STAMP)[0].value_bytes()) == MAX_EVENT_BYTES
    with pytest.raises(TooLarge):
        pack([Grown(text=fits.text[:-1] + "é")], STAMP)
