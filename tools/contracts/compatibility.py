"""Which changes of the published contracts break readers.

Of an event that is anything but a new optional field; of a topic another address, other partitions
or an event that left it; of an HTTP interface see `api_compatibility`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tools.contracts.api_compatibility import api_changes

Changes = Callable[[dict[str, Any], dict[str, Any]], list[str]]


def breaking_changes(published: Mapping[str, str], fresh: Mapping[str, str]) -> list[str]:
    """Return one line for each breaking difference between two sets of published files.

    >>> old = {"schemas/a.json": '{"properties": {"x": {"type": "string"}}, "required": ["x"]}'}
    >>> breaking_changes(old, {})
    ['a: the event is gone']
    """
    lines: list[str] = []
    for name, text in sorted(published.items()):
        kind, changes = _kind_of(name)
        if changes is None:
            continue
        subject = name.rpartition("/")[2].removesuffix(".json")
        if name not in fresh:
            lines.append(f"{subject}: the {kind} is gone")
            continue
        old, new = json.loads(text), json.loads(fresh[name])
        lines += [f"{subject}: {line}" for line in changes(old, new)]
    return lines


def _kind_of(name: str) -> tuple[str, Changes | None]:
    if name == "asyncapi.json":
        return "catalogue", _topic_changes
    kinds = {"schemas": ("event", _event_changes), "openapi": ("interface", api_changes)}
    return kinds.get(name.partition("/")[0], ("", None))


def _topic_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """An event on another topic loses its order; so do all with another number of partitions."""
    lines = []
    before, after = old.get("channels", {}), new.get("channels", {})
    for name, topic in sorted(before.items()):
        if name not in after:
            lines.append(f"the topic {name} is gone")
            continue
        if _kafka(topic) != _kafka(after[name]):
            lines.append(f"the topic {name} has another address or number of partitions")
        moved = topic.get("messages", {}).keys() - after[name].get("messages", {}).keys()
        lines += [f"{event} is not on the topic {name} any more" for event in sorted(moved)]
    return lines


def _kafka(topic: dict[str, Any]) -> dict[str, Any]:
    return {"address": topic.get("address"), **topic.get("bindings", {}).get("kafka", {})}


def _event_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    lines = _object_changes(old, new, "")
    old_parts, new_parts = old.get("$defs", {}), new.get("$defs", {})
    for part in sorted(old_parts):
        if part not in new_parts:
            lines.append(f"{part} is gone")
        else:
            lines += _object_changes(old_parts[part], new_parts[part], f"{part}.")
    return lines


def _object_changes(old: dict[str, Any], new: dict[str, Any], place: str) -> list[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    lines = [f"{place}{name} is gone" for name in sorted(before.keys() - after.keys())]
    demanded, promised = set(new.get("required", ())), set(old.get("required", ()))
    lines += [f"{place}{name} became required" for name in sorted(demanded - promised)]
    lines += [
        f"{place}{name} may be missing" for name in sorted((promised - demanded) & after.keys())
    ]
    for name in sorted(before.keys() & after.keys()):
        if _type_of(before[name]) != _type_of(after[name]):
            lines.append(f"{place}{name} changed its type")
    if "properties" not in old and _type_of(old) != _type_of(new):
        lines.append(f"{place.removesuffix('.') or 'it'} changed its values")
    return lines


def _type_of(schema: dict[str, Any]) -> str:
    """Return what a reader relies on: the schema without its words and its default."""
    kept = {k: v for k, v in schema.items() if k not in ("title", "description", "default")}
    return json.dumps(kept, sort_keys=True)
