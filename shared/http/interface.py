"""What a service publishes of its interface: FastAPI's document, without what nobody can send."""

from typing import Any

from fastapi import FastAPI

_NULL = {"type": "null"}


def publish(app: FastAPI) -> None:
    """Have ``app`` publish its document by :func:`sendable`."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = sendable(made())
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


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in schema.get("anyOf", ()) if choice != _NULL]
    if len(choices) != 1:
        return schema
    only: dict[str, Any] = choices[0]
    return only | {name: value for name, value in schema.items() if name != "anyOf"}
