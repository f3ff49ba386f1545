"""Which changes of a published HTTP interface break those who call it.

What callers send today must still be accepted, and what they are answered must keep its fields and
their types. New paths, new optional fields of a request, new fields of an answer, wider limits and
new values of an enumeration break nobody: readers pass over what they do not know.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_METHODS = frozenset({"get", "put", "post", "patch", "delete", "head", "options"})
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_INDIRECT = frozenset({"$ref", "anyOf", "oneOf"})
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")


def api_changes(old: Json, new: Json) -> list[str]:
    """Return one line for each difference of two OpenAPI documents that breaks a caller.

    >>> api_changes({"paths": {"/x": {"get": {}}}}, {"paths": {}})
    ['GET /x is gone']
    """
    lines: list[str] = []
    for path, methods in sorted(old.get("paths", {}).items()):
        for method in sorted(_METHODS & methods.keys()):
            name = f"{method.upper()} {path}"
            after = new.get("paths", {}).get(path, {}).get(method)
            if after is None:
                lines.append(f"{name} is gone")
            else:
                lines += [f"{name}: {x}" for x in _operation(methods[method], after, old, new)]
    return lines


def _operation(before: Json, after: Json, old: Json, new: Json) -> Iterator[str]:
    sent = _Within(old, new, answers=False)
    yield from _parameters(before, after, sent)
    body, new_body = before.get("requestBody", {}), after.get("requestBody", {})
    if new_body.get("required") and not body.get("required"):
        yield "a body became required"
    for media, was, now in _contents(body, new_body):
        yield from ["body: it is gone"] if now is None else sent.broken(was, now, f"body {media}")
    answered = _Within(new, old, answers=True)
    for status, answer in sorted(before.get("responses", {}).items()):
        if status not in after.get("responses", {}):
            yield f"{status} is gone"
            continue
        for media, was, now in _contents(answer, after["responses"][status]):
            place = f"{status} {media}"
            yield from [f"{place} is gone"] if now is None else answered.broken(now, was, place)


def _contents(before: Json, after: Json) -> Iterator[tuple[str, Json, Json | None]]:
    for media, content in sorted(before.get("content", {}).items()):
        fresh = after.get("content", {}).get(media)
        yield media, content.get("schema", {}), None if fresh is None else fresh.get("schema", {})


def _parameters(before: Json, after: Json, sent: "_Within") -> Iterator[str]:
    was = {f"{p['in']} {p['name']}": p for p in before.get("parameters", ())}
    now = {f"{p['in']} {p['name']}": p for p in after.get("parameters", ())}
    yield from (f"{name} is gone" for name in sorted(was.keys() - now.keys()))
    for name, parameter in sorted(now.items()):
        if parameter.get("required") and not was.get(name, {}).get("required"):
            yield f"{name} became required"
        if name in was:
            yield from sent.broken(was[name].get("schema", {}), parameter.get("schema", {}), name)


@dataclass
class _Within:
    """Asks whether every value of a schema of `inner_doc` is one of a schema of `outer_doc`.

    Attributes:
        inner_doc: The document of what is sent: the old one for requests, the new one for answers.
        outer_doc: The document of what is understood.
        answers: Fields that readers know must stay; limits and enumerations may grow.
    """

    inner_doc: Json
    outer_doc: Json
    answers: bool
    _asked: set[tuple[str, str]] = field(default_factory=set)

    def broken(self, inner: Json, outer: Json, place: str) -> list[str]:
        """Return what does not fit; a pair that contains itself is asked once."""
        pair = inner.get("$ref", ""), outer.get("$ref", "")
        if all(pair):
            if pair in self._asked:
                return []
            self._asked.add(pair)
        try:
            choices = _choices(_resolved(inner, self.inner_doc))
            known = _choices(_resolved(outer, self.outer_doc))
            return [line for choice in choices for line in self._nearest(choice, known, place)]
        finally:
            self._asked.discard(pair)

    def _nearest(self, choice: Json, known: list[Json], place: str) -> list[str]:
        """Return how `choice` misses the one of `known` that it is most like."""
        if len(known) > 1 or _INDIRECT & (choice.keys() | known[0].keys()):
            return min((self.broken(choice, other, place) for other in known), key=len)
        return [*self._value(choice, known[0], place), *self._parts(choice, known[0], place)]

    def _value(self, inner: Json, outer: Json, place: str) -> Iterator[str]:
        kinds = inner.get("type"), outer.get("type")
        if kinds[1] is not None and kinds[0] != kinds[1] and kinds != ("integer", "number"):
            yield f"{place} changed its type"
        if "const" in outer and inner.get("const") != outer["const"]:
            yield f"{place} has another value"
        if outer.get("format") not in (None, inner.get("format")):
            yield f"{place} changed its format"
        if self.answers:
            return
        if "enum" in outer and not _values(inner) <= set(outer["enum"]):
            yield f"{place} takes fewer values"
        if outer.get("pattern") not in (None, inner.get("pattern")):
            yield f"{place} changed its pattern"
        for limit in (*_UPPER, *_LOWER):
            sign = 1 if limit in _UPPER else -1
            if limit in outer and sign * inner.get(limit, sign * 1e300) > sign * outer[limit]:
                yield f"{place} has a narrower {limit}"

    def _parts(self, inner: Json, outer: Json, place: str) -> Iterator[str]:
        mine, others = inner.get("properties", {}), outer.get("properties", {})
        old, new = (others, mine) if self.answers else (mine, others)
        yield from (f"{place}.{name} is gone" for name in sorted(old.keys() - new.keys()))
        needed = set(outer.get("required", ())) - set(inner.get("required", ()))
        says = "may be missing" if self.answers else "became required"
        yield from (f"{place}.{name} {says}" for name in sorted(needed & new.keys()))
        for name in sorted(mine.keys() & others.keys()):
            yield from self.broken(mine[name], others[name], f"{place}.{name}")
        if "items" in outer:
            yield from self.broken(inner.get("items", {}), outer["items"], f"{place}[]")
        for number, item in enumerate(outer.get("prefixItems", ())):
            before = dict(enumerate(inner.get("prefixItems", ()))).get(number, {})
            yield from self.broken(before, item, f"{place}[{number}]")
        if isinstance(outer.get("additionalProperties"), dict):
            yield from self._values_of_map(inner, outer, place)

    def _values_of_map(self, inner: Json, outer: Json, place: str) -> Iterator[str]:
        """Compare what `outer` does not name; an answer that names fields holds no others."""
        known, named = outer["additionalProperties"], inner.get("properties", {})
        for name in sorted(named.keys() - outer.get("properties", {}).keys()):
            yield from self.broken(named[name], known, f"{place}.{name}")
        values = inner.get("additionalProperties")
        if isinstance(values, dict) or not (self.answers and named):
            schema = values if isinstance(values, dict) else {}
            yield from self.broken(schema, known, f"{place}{{}}")


def _values(schema: Json) -> set[Any]:
    """Return the values that `schema` lists; one that lists none allows anything."""
    return {schema["const"]} if "const" in schema else set(schema.get("enum", (object(),)))


def _resolved(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _choices(schema: Json) -> list[Json]:
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return list(schema[key])
    return [schema]
