"""Topics on the brokers: made where they are missing, and for how long they keep what they hold."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, TopicAuthorizationFailedError, for_code

from shared.contracts.catalogue import DEAD_LETTERS_SUFFIX
from shared.errors import DependencyDown
from shared.settings import KeepSettings

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
_BROKERS_OWN = -1
_RETENTION = "retention.ms"
_FOR_EVER = -1
_DAY_MS = 86_400_000
_OF_THE_TOPIC = 1  # where a setting comes from, in DescribeConfigs


async def create(admin: Any, topics: Mapping[str, int], keep: KeepSettings) -> None:  # noqa: ANN401
    """Make topics with so many partitions; return when each partition has a leader.

    Raises DependencyDown, which names one, where the user has no right to.
    """
    wanted = []
    for name, partitions in topics.items():
        # A service that is new reads its topics from their beginning: as a rule nothing expires.
        kept = retention_ms(name, keep)
        config = {
            _RETENTION: str(_FOR_EVER if kept is None else kept),
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
        }
        topic = NewTopic(name, partitions, 1, topic_configs=config)
        topic.replication_factor = _BROKERS_OWN  # which the constructor does not let through
        wanted.append(topic)
    response = await admin.create_topics(wanted)
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if error is TopicAuthorizationFailedError:
            raise DependencyDown(f"the topic {name} is missing, and its user may make none")
        if code and error is not TopicAlreadyExistsError:
            raise error(name)
    while True:
        described = await admin.describe_topics(list(topics))
        ready = {
            topic["topic"]
            for topic in described
            if not topic["error_code"] and all(p["leader"] >= 0 for p in topic["partitions"])
        }
        if ready == set(topics):
            return
        await asyncio.sleep(0.1)


async def keep_for(admin: Any, topics: list[str], keep: KeepSettings) -> int:  # noqa: ANN401
    """Give topics the retention that the operator chose; return how many had another one.

    Other settings of a topic stay as they are, and so does the retention of those without a choice.
    """
    chosen = {name: kept for name in topics if (kept := retention_ms(name, keep)) is not None}
    if not chosen:
        return 0
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in chosen]
    changed = []
    for response in await admin.describe_configs(asked):
        for code, _, _, name, entries in response.resources:
            if code:
                raise for_code(code)(name)
            wanted = str(chosen[name])
            if any(entry[:2] == (_RETENTION, wanted) for entry in entries):
                continue
            own = {entry[0]: entry[1] for entry in entries if entry[3] == _OF_THE_TOPIC}
            configs = own | {_RETENTION: wanted}
            changed.append(ConfigResource(ConfigResourceType.TOPIC, name, configs=configs))
    for response in await admin.alter_configs(changed) if changed else ():
        for code, _, _, name in response.resources:
            if code:
                raise for_code(code)(name)
    return len(changed)


def retention_ms(topic: str, keep: KeepSettings) -> int | None:
    """Return for how long a topic keeps a record, in ms; -1 is for ever, None what it says itself.

    >>> [retention_ms(name, KeepSettings(dead_letters_d=1)) for name in ("image.dlq", "image")]
    [86400000, None]
    """
    days = keep.dead_letters_d if topic.endswith(DEAD_LETTERS_SUFFIX) else keep.events_d
    if days is None:
        return None
    return round(days * _DAY_MS) or _FOR_EVER
