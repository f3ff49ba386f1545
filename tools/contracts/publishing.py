"""The published contracts: schemas and examples of events, AsyncAPI, every OpenAPI document."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.contracts.catalogue import all_events
from shared.contracts.envelope import EventBody, EventStamp, event_class, pack
from tools.contracts.asyncapi import asyncapi

_EXAMPLE_TIME = "2026-11-20T08:00:00.000000Z"


def documents(
    openapi: Mapping[str, Mapping[str, object]], facts: Mapping[str, object]
) -> dict[str, str]:
    """Return every published file: name → text."""
    files: dict[str, object] = {f"openapi/{name}.json": doc for name, doc in openapi.items()}
    files["facts.json"] = facts
    files["asyncapi.json"] = asyncapi({event.type: example_of(event) for event in all_events()})
    for event in all_events():
        files[f"schemas/{event.type}.json"] = event_class(event).model_json_schema()
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
    """Write ``files``; remove what is not published any more, but never an old example.

    An example that changed leaves its former text beside the new one, numbered.
    """
    for name in read_published(folder).keys() - files.keys():
        if not name.startswith("examples/"):
            (folder / name).unlink()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("examples/"):
            _keep_old(path, text)
        path.write_text(text, encoding="utf-8")


def _keep_old(path: Path, text: str) -> None:
    """Copy the example at ``path`` to the next free number unless it is ``text``, or kept."""
    if not path.exists():
        return
    old = path.read_text(encoding="utf-8")
    number = 1
    while (kept := path.with_suffix(f".{number}.json")).exists():
        if kept.read_text(encoding="utf-8") == old:
            return
        number += 1
    if old != text:
        kept.write_text(old, encoding="utf-8")
