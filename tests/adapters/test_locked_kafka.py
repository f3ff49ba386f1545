"""A broker with TLS that asks for a user: who has the keys works as ever, others stay outside."""

from dataclasses import replace

import pytest

from shared.errors import DependencyDown
from shared.events.kafka import KafkaEventLog
from shared.events.port import Record
from shared.settings import KafkaSecurity
from tests.adapters.log_reading import collect

pytestmark = pytest.mark.servers


async def test_only_who_has_the_keys_is_let_in(locked_kafka: tuple[str, KafkaSecurity]) -> None:
    address, security = locked_kafka
    log = KafkaEventLog(address, security=security)
    await log.open({"thing": 2})
    await log.publish([Record("thing", "acme/1", b"1", {})])
    consumer = await log.consumer("readers", ["thing"])
    assert [delivery.value for delivery in await collect(consumer, 1)] == [b"1"]
    await consumer.close()
    await log.ping()
    await log.close()
    a_wrong_password = replace(security, password="guessed")
    certificates_of_others = replace(security, ca_file=None)
    for stranger in (a_wrong_password, certificates_of_others):
        outside = KafkaEventLog(address, security=stranger)
        with pytest.raises(DependencyDown):
            await outside.ping()
        await outside.close()
