"""Queries of the port as SQL over JSON bodies: names are checked, values are parameters."""

import re
from typing import Any

from shared.documents.port import (
    Condition,
    Contains,
    Cursor,
    Has,
    In,
    Index,
    Not,
    Query,
    Range,
    Where,
)
from shared.errors import InvalidInput

_FIELD = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*\Z")
_RANGE = (("gte", ">="), ("gt", ">"), ("lte", "<="), ("lt", "<"))


def column(field: str) -> str:
    """Return the SQL expression of a field; raise InvalidInput unless it is a dotted name."""
    if field in ("id", "tenant", "version"):
        return field
    if not _FIELD.match(field):
        raise InvalidInput(f"no field {field!r}")
    return f"json_extract(body, '$.{field}')"


def index_name(table: str, index: Index) -> str:
    """Return a name that tells table, kind, fields and what it covers apart."""
    covers = f"~+~{'~'.join(index.covers)}" if index.covers else ""
    kind = "u" if index.unique else "a" if index.across else "i"
    return f"{index_prefix(table)}{kind}~{'~'.join(index.fields)}{covers}"


def index_prefix(table: str) -> str:
    """Return how the names of a table's indexes begin."""
    return f"{table}~"


def index_columns(index: Index) -> str:
    """Return what an index holds: what it is searched by, the id, and what it covers."""
    if index.across:
        fields = (*index.fields, "tenant", "id", *index.covers)
    elif index.unique:
        fields = ("tenant", *index.fields)
    else:
        fields = ("tenant", *index.fields, "id", *index.covers)
    return ", ".join(dict.fromkeys(map(column, fields)))


def conditions(where: Where) -> tuple[str, list[Any]]:
    """Return ``" AND …"`` for all conditions, and their parameters; the empty string for none."""
    text = ""
    values: list[Any] = []
    for field, condition in where.items():
        clause, more = _condition(column(field), condition)
        text += f" AND {clause}"
        values += more
    return text, values


def page_clauses(query: Query) -> list[tuple[str, list[Any]]]:
    """Return cursor and order of ``query``, in one or two steps to be read one after the other.

    Each step is one stretch of an index with plain bounds: SQLite takes no bound from an OR, nor
    from a comparison of pairs with an expression, and would read all that lies before the page.
    """
    way = "ASC" if query.sort.direction == 1 else "DESC"
    if query.sort.field == "id":
        steps = [_beyond_id(query)]
        order = f"id {way}"
    else:
        expression = column(query.sort.field)
        steps = _beyond(expression, query.after, query.sort.direction)
        order = f"{expression} {way}, id {way}"
    return [(f"{clause} ORDER BY {order}", values) for clause, values in steps]


def _beyond_id(query: Query) -> tuple[str, list[Any]]:
    if query.after is None:
        return "", []
    return f" AND id {'>' if query.sort.direction == 1 else '<'} ?", [query.after.id]


def _beyond(expression: str, after: Cursor | None, direction: int) -> list[tuple[str, list[Any]]]:
    """Return the clauses for what comes after a cursor; a missing value sorts below every other."""
    if after is None:
        return [("", [])]
    sign = ">" if direction == 1 else "<"
    if after.value is None:
        same: tuple[str, list[Any]] = (f" AND {expression} IS NULL AND id {sign} ?", [after.id])
        return [same, (f" AND {expression} IS NOT NULL", [])] if direction == 1 else [same]
    value = _scalar(after.value)
    pair = f" AND {expression} {sign}= ? AND ({expression}, id) {sign} (?, ?)"
    further: tuple[str, list[Any]] = (pair, [value, value, after.id])
    return [further] if direction == 1 else [further, (f" AND {expression} IS NULL", [])]


def _condition(expression: str, condition: Condition) -> tuple[str, list[Any]]:
    match condition:
        case None:
            return f"{expression} IS NULL", []
        case In(values=values):
            marks = ", ".join("?" * len(values))
            return f"{expression} IN ({marks})", [_scalar(v) for v in values]
        case Range():
            return _range(expression, condition)
        case Contains(text=text):
            escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
            return f"{expression} LIKE ? ESCAPE '\\'", [f"%{escaped}%"]
        case Has(value=value):
            return (
                f"EXISTS (SELECT 1 FROM json_each({expression}) WHERE value = ?)",
                [_scalar(value)],
            )
        case Not(value=value):
            return f"{expression} IS NOT ?", [_scalar(value)]
        case _:
            return f"{expression} = ?", [_scalar(condition)]


def _range(expression: str, bounds: Range) -> tuple[str, list[Any]]:
    parts = []
    values = []
    for name, sign in _RANGE:
        bound = getattr(bounds, name)
        if bound is not None:
            parts.append(f"{expression} {sign} ?")
            values.append(_scalar(bound))
    return f"({' AND '.join(parts)})" if parts else "1", values


def _scalar(value: object) -> object:
    """JSON booleans read back as 0 and 1; enums are their values."""
    return int(value) if isinstance(value, bool) else value
