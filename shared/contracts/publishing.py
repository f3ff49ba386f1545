"""The published contracts: schemas and examples of events, AsyncAPI, every OpenAPI document."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.contracts.catalogue import PARTITIONS, all_events
from shared.contracts.envelope import Event, EventBody, EventStamp, pack

_EXAMPLE_TIME = "2026-11-20T08:00:00.000000Z"


def documents(openapi: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Return every published file: name → text."""
    files: dict[str, object] = {f"openapi/{name}.json": doc for name, doc in openapi.items()}
    files["asyncapi.json"] = _asyncapi()
    for event in all_events():
        files[f"schemas/{event.type}.json"] = Event[event].model_json_schema()  # type: ignore[valid-type]
        files[f"examples/{event.type}.json"] = example_of(event)
    return {
        name: json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        for name, content in files.items()
    }


def example_of(event: type[EventBody]) -> dict[str, Any]:
    """Return the golden example of an event, whole with its envelope."""
    stamp = EventStamp.model_validate(
        {"tenant": "default", "subject": "example", "sequence": 1, "time": _EXAMPLE_TIME}
    )
    packed = pack([event.model_validate(event.example)], stamp)
    example: dict[str, Any] = json.loads(packed[0].value)
    return example


def read_published(folder: Path) -> dict[str, str]:
    """Return the published files as they stand."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.json"))
    }


def write_published(folder: Path, files: Mapping[str, str]) -> None:
    """Write ``files``; remove what is not published any more, but never an old example."""
    for name in read_published(folder).keys() - files.keys():
        if not name.startswith("examples/"):
            (folder / name).unlink()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _asyncapi() -> dict[str, object]:
    """Return the AsyncAPI 3 document of the catalogue."""
    events = all_events()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Loupe events", "version": "1"},
        "channels": {
            topic: {
                "address": topic,
                "bindings": {"kafka": {"topic": topic, "partitions": partitions}},
                "messages": {
                    event.type: {"$ref": f"#/components/messages/{event.type}"}
                    for event in events
                    if event.topic == topic
                },
            }
            for topic, partitions in PARTITIONS.items()
        },
        "operations": _operations(events),
        "components": {"messages": {event.type: _message(event) for event in events}},
    }


def _operations(events: tuple[type[EventBody], ...]) -> dict[str, object]:
    operations: dict[str, object] = {}
    for event in events:
        roles = [("send", event.source), *(("receive", name) for name in event.consumers)]
        for action, service in roles:
            operations[f"{service}.{action}.{event.type}"] = {
                "action": action,
                "channel": {"$ref": f"#/channels/{event.topic}"},
                "messages": [{"$ref": f"#/channels/{event.topic}/messages/{event.type}"}],
                "tags": [{"name": service}],
            }
    return operations


def _message(event: type[EventBody]) -> dict[str, object]:
    return {
        "name": event.type,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "payload": {"$ref": f"schemas/{event.type}.json"},
        "examples": [{"name": "golden", "payload": example_of(event)}],
    }
