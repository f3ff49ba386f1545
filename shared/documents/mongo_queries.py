"""Queries of the port as MongoDB filters: no command beyond what every MongoDB server knows."""

import json
import re
from collections.abc import Sequence
from enum import Enum
from typing import Any

from shared.documents.port import (
    CollectionSpec,
    Condition,
    Contains,
    Cursor,
    Has,
    In,
    Index,
    Not,
    Range,
    Sort,
    Where,
)
from shared.errors import InvalidInput

_FIELD = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*\Z")
_TOP = ("id", "tenant", "version")
_AWKWARD = re.compile(r"[.$%]")
_LIST = "%list"
_ESCAPED = re.compile(r"%(2E|24|25)")


def path(field: str) -> str:
    """Return where ``field`` lies in a stored document; raise InvalidInput for no dotted name."""
    if field in _TOP:
        return field
    if not _FIELD.match(field):
        raise InvalidInput(f"no field {field!r}")
    return f"body.{field}"


def matching(where: Where) -> list[dict[str, Any]]:
    """Return one filter for each condition."""
    return [_condition(path(field), condition) for field, condition in where.items()]


def sort_keys(sort: Sort) -> list[tuple[str, int]]:
    """Return the order of ``sort``, the id last."""
    if sort.field == "id":
        return [("id", sort.direction)]
    return [(path(sort.field), sort.direction), ("id", sort.direction)]


def page_filters(sort: Sort, after: Cursor | None) -> list[list[dict[str, Any]]]:
    """Return what a page must match, in one or two steps to be read one after the other.

    A missing value sorts below every other. Each step is one stretch of an index with a plain
    bound, so that a page costs the same at any depth.
    """
    if after is None:
        return [[]]
    beyond = "$gt" if sort.direction == 1 else "$lt"
    further_id = {"id": {beyond: after.id}}
    if sort.field == "id":
        return [[further_id]]
    field = path(sort.field)
    value = _scalar(after.value)
    if value is None:
        same: list[dict[str, Any]] = [{field: None}, further_id]
        return [same, [{field: {"$ne": None}}]] if sort.direction == 1 else [same]
    further: list[dict[str, Any]] = [
        {field: {f"{beyond}e": value}},
        {"$or": [{field: {beyond: value}}, {field: value, **further_id}]},
    ]
    return [further] if sort.direction == 1 else [further, [{field: None}]]


def unique_name(index: Index) -> str:
    """Return the stored field that carries the unique key of ``index``."""
    return "unique_" + "_".join(field.replace(".", "_") for field in index.fields)


def unique_fields(indexes: Sequence[Index], body: dict[str, Any]) -> dict[str, str]:
    """Return the unique keys of a document as one text each, the tenant first.

    One text under one plain unique index holds on every server; partial and compound unique indexes
    do not. A key with a missing part is taken by nobody: its text holds the id.
    """
    keys = {}
    for index in indexes:
        if index.unique:
            values = [_dig(body, field) for field in index.fields]
            if None in values:
                values = [*values, body["id"]]
            keys[unique_name(index)] = json.dumps([body["tenant"], *values], ensure_ascii=False)
    return keys


def index_keys(spec: CollectionSpec[Any], index: Index) -> list[tuple[str, int]]:
    """Return the keys of a plain index: every query of a request names a tenant and what exists.

    What it covers follows the id; a list there would give an entry for each of its items.
    """
    covers = [field for field in index.covers if not spec.is_list(field)]
    first, then = ([], ["tenant"]) if index.across else (["tenant"], [])
    fields = map(path, (*index.fields, *then, "id", *covers))
    return [(key, 1) for key in dict.fromkeys((*first, "deleted", *fields))]


def encode_body(value: Any) -> Any:  # noqa: ANN401  any JSON value
    """Return ``value`` in a form that every server stores.

    ``.``, ``$`` and ``%`` in keys become ``%2E``, ``%24``, ``%25``; a list within a list becomes
    ``{"%list": …}``, which no key of ours can be.
    """
    if isinstance(value, dict):
        return {_encode_key(key): encode_body(item) for key, item in value.items()}
    if isinstance(value, list):
        return [
            {_LIST: encode_body(item)} if isinstance(item, list) else encode_body(item)
            for item in value
        ]
    return value


def decode_body(value: Any) -> Any:  # noqa: ANN401  any JSON value
    """Undo :func:`encode_body`."""
    if isinstance(value, dict):
        if _LIST in value:
            return decode_body(value[_LIST])
        return {_decode_key(key): decode_body(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode_body(item) for item in value]
    return value


def scalar_name(value: object) -> str:
    """Return the text of a tallied value; booleans are 0 and 1 as in the embedded store."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _condition(field: str, condition: Condition) -> dict[str, Any]:
    match condition:
        case In(values=values):
            return {field: {"$in": [_scalar(value) for value in values]}}
        case Range():
            bounds = {name: getattr(condition, name) for name in ("gte", "gt", "lte", "lt")}
            given = {f"${n}": _scalar(v) for n, v in bounds.items() if v is not None}
            return {field: given} if given else {}
        case Contains(text=text):
            return {field: {"$regex": re.escape(text), "$options": "i"}}
        case Has(value=value):
            return {field: _scalar(value)}
        case Not(value=value):
            return {field: {"$ne": _scalar(value)}}
        case _:
            return {field: _scalar(condition)}


def _scalar(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _dig(body: dict[str, Any], field: str) -> Any:  # noqa: ANN401  any JSON value
    found: Any = body
    for part in field.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _encode_key(key: str) -> str:
    if not _AWKWARD.search(key):
        return key
    return _AWKWARD.sub(lambda found: f"%{ord(found.group()):02X}", key)


def _decode_key(key: str) -> str:
    if "%" not in key:
        return key
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), key)
