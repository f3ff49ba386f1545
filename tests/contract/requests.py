"""Requests that fit an operation's published schema: the least that it takes."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

SOMETHING = "01JD0000000000000000000000"
_FILE = ("part.zip", b"PK", "application/zip")
_Schema = dict[str, Any]


@dataclass(frozen=True)
class FittingRequest:
    """What `httpx.AsyncClient.request` takes of a request."""

    method: str
    path: str
    options: dict[str, Any] = field(default_factory=dict)

    def asking(self, told: Mapping[str, str]) -> "FittingRequest":
        """Return the same with these names in its query."""
        return replace(self, options={**self.options, "params": self.options["params"] | told})

    def saying(self, told: Mapping[str, Any]) -> "FittingRequest":
        """Return the same with these fields of its JSON."""
        content = json.loads(self.options["content"]) | told
        return replace(self, options={**self.options, "content": json.dumps(content).encode()})


def fitting_request(
    document: _Schema, method: str, path: str, ids: Mapping[str, str] = MappingProxyType({})
) -> FittingRequest:
    """Build a request that nothing but its caller's role can be wrong with.

    Args:
        document: The service's OpenAPI document.
        method: Lower case.
        path: With its parameters in braces.
        ids: What stands in their place, by name; else any value that fits.
    """
    operation = document["paths"][path][method]
    headers, query = {}, {}
    for parameter in operation.get("parameters", ()):
        value = _value(document, parameter["schema"])
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", ids.get(parameter["name"], str(value)))
        elif parameter.get("required"):
            asked = headers if parameter["in"] == "header" else query
            asked[parameter["name"]] = str(value)
    if "/uploads" in path:
        headers["Tus-Resumable"] = "1.0.0"  # the protocol's own, which OpenAPI does not list
    content = operation.get("requestBody", {}).get("content", {})
    options: dict[str, Any] = {"headers": headers, "params": query}
    if "application/json" in content:
        body = _value(document, content["application/json"]["schema"])
        options |= {"content": json.dumps(body).encode()}
        headers["Content-Type"] = "application/json"
    elif "multipart/form-data" in content:
        (name,) = content["multipart/form-data"]["schema"]["required"]
        options |= {"files": {name: _FILE}}
    elif method == "patch":
        headers["Content-Type"] = "application/offset+octet-stream"
    return FittingRequest(method, path, options)


def _value(document: _Schema, schema: _Schema) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return _value(document, document["components"]["schemas"][name])
    for key in ("const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _value(document, schema[choice][0])
    read = _BY_TYPE.get(schema.get("type", ""))
    return read(document, schema) if read else _text(schema)


def _object(document: _Schema, schema: _Schema) -> dict[str, Any]:
    properties = schema.get("properties", {})
    names = schema.get("required") or properties  # one that needs nothing is given all
    return {name: _value(document, properties[name]) for name in names}


def _array(document: _Schema, schema: _Schema) -> list[Any]:
    return [_value(document, schema["items"])] * int(schema.get("minItems", 0))


def _number(_: _Schema, schema: _Schema) -> float:
    least: float = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return least


_TEXTS = (SOMETHING, "V1", "v1", "https://example.com/", "in:1,1", "")
"""Of these one fits each pattern of the interfaces; what can be empty may be."""


def _text(schema: _Schema) -> str:
    pattern = schema.get("pattern", "")
    text = next(text for text in _TEXTS if re.search(pattern, text))
    return text[: schema.get("maxLength", len(text))]


_BY_TYPE: dict[str, Callable[[_Schema, _Schema], Any]] = {
    "object": _object,
    "array": _array,
    "integer": _number,
    "number": _number,
    "boolean": lambda _document, _schema: False,
}
