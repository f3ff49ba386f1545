"""The envelope: CloudEvents 1.0 attributes around a typed body, the same on every broker."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Timestamp, utc_now
from shared.errors import InvalidInput, TooLarge
from shared.ids import derived_id


class EventBody(BaseModel):
    """Base of every event's body; the class attributes are its line in the catalogue."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    topic: ClassVar[str]
    source: ClassVar[str]
    consumers: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[dict[str, Any]]


MAX_EVENT_BYTES = 8 * 2**20 - 64 * 2**10
"""The largest event: brokers take 8 MiB, and its dead letter is larger by headers than itself."""

EXAMPLE_ID = "01JD0000000000000000000000"
"""What stands for an id in golden examples."""

Body = TypeVar("Body", bound=EventBody)


class Event(BaseModel, Generic[Body]):
    """One event: something that happened to the aggregate ``subject`` of ``tenant``.

    ``id`` is made once, when the state changes, from the aggregate and its version; ``sequence``
    is that version, so a reader can tell older from newer whatever the order of delivery.
    """

    model_config = ConfigDict(frozen=True)

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    time: Timestamp
    subject: str
    tenant: str
    sequence: int
    traceparent: str = ""
    datacontenttype: str = "application/json"
    data: Body

    @property
    def key(self) -> str:
        """Partition key: events of one aggregate stay in order."""
        return f"{self.tenant}/{self.subject}"


class PendingEvent(BaseModel):
    """An event inside its aggregate's outbox: ready to publish, always the same bytes."""

    model_config = ConfigDict(frozen=True)

    id: str
    topic: str
    key: str
    type: str
    traceparent: str = ""
    value: str

    def value_bytes(self) -> bytes:
        """Return the message body."""
        return self.value.encode()

    def headers(self) -> dict[str, str]:
        """Return the message headers: CloudEvents binary-mode names and the trace context."""
        return {"ce_id": self.id, "ce_type": self.type, "traceparent": self.traceparent}


class EventStamp(BaseModel):
    """Where an event comes from: tenant, aggregate and its version after the change."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    subject: str
    sequence: int
    traceparent: str = ""
    time: datetime = Field(default_factory=utc_now)

    @classmethod
    def of(cls, tenant: str, subject: str, sequence: int, traceparent: str = "") -> Self:
        """Build the stamp for a change made now."""
        return cls(tenant=tenant, subject=subject, sequence=sequence, traceparent=traceparent)


def pack(bodies: Sequence[EventBody], stamp: EventStamp) -> tuple[PendingEvent, ...]:
    """Wrap ``bodies``, all caused by one change, into events ready for the outbox.

    Raises TooLarge for one that no broker would take: it would hold up all that come after it.
    """
    return tuple(_pack_one(body, stamp, index) for index, body in enumerate(bodies))


def _pack_one(body: EventBody, stamp: EventStamp, index: int) -> PendingEvent:
    event = event_class(type(body))(
        id=derived_id(stamp.tenant, body.type, stamp.subject, str(stamp.sequence), str(index)),
        source=f"loupe/{body.source}",
        type=body.type,
        time=stamp.time,
        subject=stamp.subject,
        tenant=stamp.tenant,
        sequence=stamp.sequence,
        traceparent=stamp.traceparent,
        data=body,
    )
    value = event.model_dump_json()
    size = len(value.encode())
    if size > MAX_EVENT_BYTES:
        raise TooLarge(
            f"this would be told in an event {body.type} of {size} bytes, over the limit of "
            f"{MAX_EVENT_BYTES}: send less at once"
        )
    return PendingEvent(
        id=event.id,
        topic=body.topic,
        key=event.key,
        type=event.type,
        traceparent=stamp.traceparent,
        value=value,
    )


@cache
def event_class(body_class: type[Body]) -> type[Event[Body]]:
    """Return the class of events with such a body; looking it up each time is slow."""
    return cast("type[Event[Body]]", Event.__class_getitem__(body_class))


def unpack(body_class: type[Body], value: bytes) -> Event[Body]:
    """Parse a message of type ``body_class``; raise :class:`InvalidInput` when it is not that."""
    try:
        return event_class(body_class).model_validate_json(value)
    except ValueError as error:
        raise InvalidInput(f"not a valid {body_class.type} event: {error}") from error
