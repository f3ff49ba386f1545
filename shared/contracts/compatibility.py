"""Which changes of the published contracts break readers.

Of an event that is anything but a new optional field; of an HTTP interface see `api_compatibility`.
"""

import json
from collections.abc import Mapping
from typing import Any

from shared.contracts.api_compatibility import api_changes


def breaking_changes(published: Mapping[str, str], fresh: Mapping[str, str]) -> list[str]:
    """Return one line for each breaking difference between two sets of published files.

    >>> old = {"schemas/a.json": '{"properties": {"x": {"type": "string"}}, "required": ["x"]}'}
    >>> breaking_changes(old, {})
    ['a: the event is gone']
    """
    lines: list[str] = []
    kinds = {"schemas": ("event", _event_changes), "openapi": ("interface", api_changes)}
    for name, text in sorted(published.items()):
        folder, _, file = name.partition("/")
        if folder not in kinds:
            continue
        kind, changes = kinds[folder]
        subject = file.removesuffix(".json")
        if name not in fresh:
            lines.append(f"{subject}: the {kind} is gone")
            continue
        old, new = json.loads(text), json.loads(fresh[name])
        lines += [f"{subject}: {line}" for line in changes(old, new)]
    return lines


def _event_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    lines = _object_changes(old, new, "")
    old_parts, new_parts = old.get("$defs", {}), new.get("$defs", {})
    for part in sorted(old_parts.keys() & new_parts.keys()):
        lines += _object_changes(old_parts[part], new_parts[part], f"{part}.")
    return lines


def _object_changes(old: dict[str, Any], new: dict[str, Any], place: str) -> list[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    lines = [f"{place}{name} is gone" for name in sorted(before.keys() - after.keys())]
    required = set(new.get("required", ())) - set(old.get("required", ()))
    lines += [f"{place}{name} became required" for name in sorted(required)]
    for name in sorted(before.keys() & after.keys()):
        if _type_of(before[name]) != _type_of(after[name]):
            lines.append(f"{place}{name} changed its type")
    return lines


def _type_of(schema: dict[str, Any]) -> str:
    """Return what a reader relies on: the schema without its words and its default."""
    kept = {k: v for k, v in schema.items() if k not in ("title", "description", "default")}
    return json.dumps(kept, sort_keys=True)
