"""A broker with TLS that asks for a user: who has the keys works as ever, others stay outside."""

from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from shared.errors import DependencyDown
from shared.events.kafka import KafkaEventLog
from shared.events.port import Record
from shared.settings import KafkaSecurity
from tests.adapters.log_reading import collect, commit_all

# Numbers of Kafka's protocol.
TOPIC, GROUP, CLUSTER = 2, 3, 4
READ, WRITE, DESCRIBE = 3, 4, 8
LITERAL, ALLOW = 3, 3
RIGHTS = ((TOPIC, READ), (TOPIC, WRITE), (TOPIC, DESCRIBE), (GROUP, READ))
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


async def grant(address: str, chief: KafkaSecurity) -> None:
    """Give ``loupe`` its rights; that there are ACLs closes the topics and the cluster else."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address, **chief.options())
    await admin.start()
    grants = [(kind, "*", "User:loupe", right) for kind, right in RIGHTS]
    for kind, name, who, right in (*grants, (CLUSTER, "kafka-cluster", "User:chief", DESCRIBE)):
        request = CreateAclsRequest(kind, name, LITERAL, who, "*", right, ALLOW)
        answer = await admin._send_to_controller(request)
        assert [code for code, _ in answer.creation_responses] == [0]
    await admin.close()


async def test_services_need_no_right_to_make_topics_that_are_made_ahead(
    locked_kafka: tuple[str, KafkaSecurity],
) -> None:
    address, security = locked_kafka
    chief = replace(security, username="chief")
    ahead = KafkaEventLog(address, security=chief)
    await ahead.open({"thing": 2})
    await ahead.close()
    await grant(address, chief)
    log = KafkaEventLog(address, security=security)
    await log.open({"thing": 2})
    await log.publish([Record("thing", "acme/1", b"1", {})])
    consumer = await log.consumer("readers", ["thing"])
    (delivery,) = await collect(consumer, 1)
    await commit_all(consumer, [delivery])
    await consumer.close()
    await log.ping()
    with pytest.raises(DependencyDown, match="the topic another is missing"):
        await log.open({"thing": 2, "another": 1})
    await log.close()
