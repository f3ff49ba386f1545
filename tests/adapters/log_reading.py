"""What tests of event logs send, and how they read it."""

import time

from shared.events.port import Consumer, Delivery, Record
from tests.running import HANG_S


def records(topic: str, number: int, *, keys: int = 5) -> list[Record]:
    return [
        Record(topic, f"acme/{place % keys}", str(place).encode(), {"ce_id": f"e{place}"})
        for place in range(number)
    ]


async def collect(
    consumer: Consumer, number: int, *, commit: bool = True, limit: int = 100
) -> list[Delivery]:
    """Poll until `number` messages came."""
    found: list[Delivery] = []
    deadline = time.monotonic() + HANG_S
    while len(found) < number:
        assert time.monotonic() < deadline, f"{len(found)} of {number} came"
        batch = await consumer.poll(limit=limit, timeout_s=0.5)
        assert len(batch) <= limit
        found += batch
        if commit:
            await commit_all(consumer, batch)
    return found


async def commit_all(consumer: Consumer, batch: list[Delivery]) -> None:
    for delivery in {d.partition: d for d in batch}.values():
        await consumer.commit(delivery)
