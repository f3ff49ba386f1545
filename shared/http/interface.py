"""What a service publishes of its interface: FastAPI's document, as it is sent and answered."""

from typing import Any

from fastapi import FastAPI

from shared.http.problems import MEDIA_TYPE

_NULL = {"type": "null"}
_JSON = "application/json"


def publish(app: FastAPI) -> None:
    """Have ``app`` publish its document by :func:`sendable` and :func:`answered`."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = answered(sendable(made()))
        return app.openapi_schema

    app.__dict__["openapi"] = openapi


def sendable(document: dict[str, Any]) -> dict[str, Any]:
    """Take null from what may stand in a path, a query or a header, where it would be four letters.

    >>> query = {"schema": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]}}
    >>> sendable({"paths": {"/x": {"get": {"parameters": [query]}}}})["paths"]["/x"]["get"]
    {'parameters': [{'schema': {'type': 'string', 'maxLength': 9}}]}
    """
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
    return document


def answered(document: dict[str, Any]) -> dict[str, Any]:
    """Give problems the media type that they have; FastAPI writes every model down as JSON.

    >>> both = {"application/json": {"schema": {}}, "application/problem+json": {}}
    >>> document = {"paths": {"/x": {"get": {"responses": {"404": {"content": both}}}}}}
    >>> answered(document)["paths"]["/x"]["get"]["responses"]["404"]["content"]
    {'application/problem+json': {'schema': {}}}
    """
    for methods in document["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                content = response.get("content", {})
                if MEDIA_TYPE in content and _JSON in content:
                    content[MEDIA_TYPE] = content.pop(_JSON)
    return document


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in schema.get("anyOf", ()) if choice != _NULL]
    if len(choices) != 1:
        return schema
    only: dict[str, Any] = choices[0]
    return only | {name: value for name, value in schema.items() if name != "anyOf"}
