"""The AsyncAPI 3 document of the catalogue: topics, dead letters, who sends and who listens."""

from collections.abc import Mapping

from shared.contracts.catalogue import DEAD_LETTERS_SUFFIX, PARTITIONS, all_events
from shared.contracts.envelope import EventBody

_SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
_DEAD_LETTER = "dead-letter"
_CAUSES = (
    "service",
    "version",
    "topic",
    "partition",
    "offset",
    "error",
    "detail",
    "stack",
    "attempts",
    "at",
)

Json = dict[str, object]


def asyncapi(examples: Mapping[str, Json]) -> Json:
    """Return the document; ``examples`` are the golden ones by type."""
    events = all_events()
    messages = {event.type: _message(event, examples[event.type]) for event in events}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Loupe events", "version": "1"},
        "channels": _channels(events),
        "operations": {**_operations(events), **_settings_aside(events)},
        "components": {"messages": {**messages, _DEAD_LETTER: _dead_letter()}},
    }


def _channels(events: tuple[type[EventBody], ...]) -> Json:
    channels: Json = {}
    for topic, partitions in PARTITIONS.items():
        types = [event.type for event in events if event.topic == topic]
        channels[topic] = _channel(topic, partitions, types)
        channels[topic + DEAD_LETTERS_SUFFIX] = _channel(
            topic + DEAD_LETTERS_SUFFIX, 1, [_DEAD_LETTER]
        )
    return channels


def _channel(topic: str, partitions: int, messages: list[str]) -> Json:
    return {
        "address": topic,
        "bindings": {"kafka": {"topic": topic, "partitions": partitions}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operations(events: tuple[type[EventBody], ...]) -> Json:
    operations: Json = {}
    for event in events:
        roles = [("send", event.source), *(("receive", name) for name in event.consumers)]
        for action, service in roles:
            name = f"{service}.{action}.{event.type}"
            operations[name] = _operation(action, service, event.topic, event.type)
    return operations


def _settings_aside(events: tuple[type[EventBody], ...]) -> Json:
    """Return who sets aside what it cannot handle: every service that listens to the topic."""
    listening = sorted({(event.topic, name) for event in events for name in event.consumers})
    return {
        f"{service}.send.{topic}{DEAD_LETTERS_SUFFIX}": _operation(
            "send", service, topic + DEAD_LETTERS_SUFFIX, _DEAD_LETTER
        )
        for topic, service in listening
    }


def _operation(action: str, service: str, topic: str, message: str) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [{"$ref": f"#/channels/{topic}/messages/{message}"}],
        "tags": [{"name": service}],
    }


def _message(event: type[EventBody], example: Json) -> Json:
    return {
        "name": event.type,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "payload": {
            "schemaFormat": _SCHEMA_FORMAT,
            "schema": {"$ref": f"schemas/{event.type}.json"},
        },
        "examples": [{"name": "golden", "payload": example}],
    }


def _dead_letter() -> Json:
    causes = {f"dlq_{name}": {"type": "string"} for name in _CAUSES}
    return {
        "name": _DEAD_LETTER,
        "summary": "A message of the topic, byte for byte, and why it was set aside.",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": causes, "required": sorted(causes)},
    }
