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
    """Return a name that tells table, fields and kind apart."""
    return f"{table}~{'u' if index.unique else 'i'}~{'~'.join(index.fields)}"


def conditions(where: Where) -> tuple[str, list[Any]]:
    """Return ``" AND …"`` for all conditions, and their parameters; the empty string for none."""
    text = ""
    values: list[Any] = []
    for field, condition in where.items():
        clause, more = _condition(column(field), field, condition)
        text += f" AND {clause}"
        values += more
    return text, values


def page_clause(query: Query) -> tuple[str, list[Any]]:
    """Return order, cursor and limit of ``query``."""
    expression = column(query.sort.field)
    way, sign = ("ASC", ">") if query.sort.direction == 1 else ("DESC", "<")
    text = ""
    values: list[Any] = []
    if query.after is not None:
        if query.sort.field == "id":
            text += f" AND id {sign} ?"
            values.append(query.after.id)
        else:
            clause, more = _beyond(expression, query.after, query.sort.direction)
            text += f" AND {clause}"
            values += more
    order = f"id {way}" if query.sort.field == "id" else f"{expression} {way}, id {way}"
    return f"{text} ORDER BY {order} LIMIT ? OFFSET ?", [*values, query.limit, query.skip]


def _beyond(expression: str, after: Cursor, direction: int) -> tuple[str, list[Any]]:
    """Return the clause for what comes after ``after``; a missing value sorts below every other."""
    if direction == 1 and after.value is None:
        return f"({expression} IS NOT NULL OR ({expression} IS NULL AND id > ?))", [after.id]
    if direction == 1:
        return f"({expression}, id) > (?, ?)", [_scalar(after.value), after.id]
    if after.value is None:
        return f"({expression} IS NULL AND id < ?)", [after.id]
    return (
        f"(({expression}, id) < (?, ?) OR {expression} IS NULL)",
        [_scalar(after.value), after.id],
    )


def _condition(expression: str, field: str, condition: Condition) -> tuple[str, list[Any]]:
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
            like = f"{expression} LIKE ? ESCAPE '\\'"
            if expression == field or not text.isprintable() or '"' in text or "\\" in text:
                return like, [f"%{escaped}%"]
            # Looking through the raw body first spares parsing the bodies that cannot match.
            return f"(body LIKE ? ESCAPE '\\' AND {like})", [f"%{escaped}%"] * 2
        case Has(value=value):
            return (
                f"EXISTS (SELECT 1 FROM json_each(body, '$.{field}') WHERE value = ?)",
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
