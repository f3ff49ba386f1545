"""A change that breaks a reader or a caller is named, and one that does not passes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.contracts.compatibility import breaking_changes

EVENT = {
    "properties": {"name": {"type": "string"}, "extra": {}, "point": {"$ref": "#/$defs/Point"}},
    "required": ["name"],
    "$defs": {
        "Point": {"properties": {"x": {"type": "number"}}, "required": ["x"]},
        "State": {"enum": ["new", "done"], "type": "string"},
    },
}
TOPICS = {
    "channels": {
        "image": {
            "address": "image",
            "bindings": {"kafka": {"topic": "image", "partitions": 12}},
            "messages": {"image.uploaded": {}, "image.deleted": {}},
        }
    }
}
API: dict[str, Any] = {
    "paths": {
        "/images": {
            "post": {
                "parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer"}}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/In"}}
                    },
                },
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Out"}}
                        }
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "In": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 64},
                    "format": {"enum": ["coco", "yolo"], "type": "string"},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
                "required": ["name"],
            },
            "Out": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "state": {"enum": ["new", "done"], "type": "string"},
                    "shapes": {"type": "array", "items": {"$ref": "#/components/schemas/Shape"}},
                    "parent": {"anyOf": [{"$ref": "#/components/schemas/Out"}, {"type": "null"}]},
                    "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
                },
                "required": ["id", "shapes"],
            },
            "Shape": {
                "type": "object",
                "properties": {
                    "label": {"type": "string"},
                    "box": {"type": "array", "prefixItems": [{"type": "integer"}]},
                },
                "required": ["label"],
            },
        }
    },
}


def post(api: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = api["paths"]["/images"]["post"]
    return operation


def part(api: dict[str, Any], name: str) -> dict[str, Any]:
    schema: dict[str, Any] = api["components"]["schemas"][name]
    return schema


def field(api: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    schema: dict[str, Any] = part(api, name)["properties"][key]
    return schema


def changed(
    name: str, old: dict[str, Any], change: Callable[[dict[str, Any]], object]
) -> list[str]:
    new = json.loads(json.dumps(old))
    change(new)
    return breaking_changes({name: json.dumps(old)}, {name: json.dumps(new)})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s["properties"].pop("name"), "name is gone"),
        (lambda s: s["required"].append("extra"), "extra became required"),
        (lambda s: s["properties"]["name"].update(type="integer"), "name changed its type"),
        (lambda s: s["required"].clear(), "name may be missing"),
        (lambda s: s["$defs"].pop("Point"), "Point is gone"),
        (lambda s: s["$defs"]["Point"]["required"].clear(), "Point.x may be missing"),
        (lambda s: s["$defs"]["Point"]["properties"].clear(), "Point.x is gone"),
        (lambda s: s["$defs"]["State"]["enum"].remove("done"), "State changed its values"),
    ],
)
def test_a_breaking_change_of_an_event_is_named(
    change: Callable[[dict[str, Any]], object], says: str
) -> None:
    assert [line for line in changed("schemas/x.json", EVENT, change) if says in line]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.pop("image"), "the topic image is gone"),
        (lambda c: c["image"].update(address="x"), "image has another address"),
        (lambda c: c["image"]["bindings"]["kafka"].update(partitions=6), "number of partitions"),
        (
            lambda c: c["image"]["messages"].pop("image.deleted"),
            "image.deleted is not on the topic",
        ),
    ],
)
def test_a_breaking_change_of_a_topic_is_named(
    change: Callable[[dict[str, Any]], object], says: str
) -> None:
    lines = changed("asyncapi.json", TOPICS, lambda c: change(c["channels"]))
    assert [line for line in lines if says in line], lines


def test_a_new_event_on_a_topic_breaks_nobody() -> None:
    def more(catalogue: dict[str, Any]) -> None:
        catalogue["channels"]["image"]["messages"]["image.moved"] = {}
        catalogue["channels"]["other"] = {}

    assert changed("asyncapi.json", TOPICS, more) == []


def test_a_new_optional_field_of_an_event_breaks_nobody() -> None:
    def more(schema: dict[str, Any]) -> None:
        schema["properties"]["more"] = {}

    assert changed("schemas/x.json", EVENT, more) == []


def test_a_service_or_an_event_that_is_gone_is_named() -> None:
    published = {"openapi/a.json": json.dumps(API), "schemas/b.json": json.dumps(EVENT)}
    assert breaking_changes(published, {}) == ["a: the interface is gone", "b: the event is gone"]


BREAKING: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda a: a["paths"].pop("/images"), "POST /images is gone"),
    (lambda a: a["paths"]["/images"].pop("post"), "POST /images is gone"),
    (lambda a: post(a)["parameters"].clear(), "query limit is gone"),
    (lambda a: post(a)["parameters"][0].update(required=True), "query limit became required"),
    (
        lambda a: post(a)["parameters"].append({"in": "query", "name": "x", "required": True}),
        "query x became required",
    ),
    (
        lambda a: post(a)["parameters"][0]["schema"].update(maximum=9),
        "query limit has a narrower maximum",
    ),
    (lambda a: post(a)["requestBody"]["content"].clear(), "body: it is gone"),
    (lambda a: post(a)["responses"].pop("200"), "200 is gone"),
    (lambda a: post(a)["responses"]["200"]["content"].clear(), "200 application/json is gone"),
    (lambda a: part(a, "In")["properties"].pop("note"), ".note is gone"),
    (lambda a: part(a, "In")["required"].append("format"), ".format became required"),
    (lambda a: field(a, "In", "name").update(maxLength=32), ".name has a narrower maxLength"),
    (lambda a: field(a, "In", "name").update(minLength=1), ".name has a narrower minLength"),
    (lambda a: field(a, "In", "name").update(pattern="a"), ".name changed its pattern"),
    (lambda a: field(a, "In", "format")["enum"].remove("yolo"), ".format takes fewer values"),
    (lambda a: field(a, "In", "note")["anyOf"].pop(), ".note changed its type"),
    (lambda a: part(a, "Out")["properties"].pop("state"), ".state is gone"),
    (lambda a: part(a, "Out")["required"].remove("id"), ".id may be missing"),
    (lambda a: field(a, "Out", "id").update(type="integer"), ".id changed its type"),
    (
        lambda a: part(a, "Out")["properties"].update(
            id={"anyOf": [{"type": "string"}, {"type": "null"}]}
        ),
        ".id changed its type",
    ),
    (lambda a: part(a, "Shape")["properties"].pop("box"), ".shapes[].box is gone"),
    (
        lambda a: field(a, "Shape", "box")["prefixItems"][0].update(type="string"),
        ".shapes[].box[0] changed its type",
    ),
    (
        lambda a: field(a, "Out", "counts")["additionalProperties"].update(type="string"),
        ".counts{} changed its type",
    ),
    (
        lambda a: part(a, "Out")["properties"].update(
            counts={"type": "object", "properties": {"pits": {"type": "string"}}}
        ),
        ".counts.pits changed its type",
    ),
]


@pytest.mark.parametrize(("change", "says"), BREAKING, ids=[says for _, says in BREAKING])
def test_a_breaking_change_of_an_interface_is_named(
    change: Callable[[dict[str, Any]], object], says: str
) -> None:
    lines = changed("openapi/x.json", API, change)
    assert [line for line in lines if line.endswith(says)], lines


def _required_body(api: dict[str, Any]) -> dict[str, Any]:
    post(api)["requestBody"]["required"] = False
    return api


def test_a_body_that_became_required_is_named() -> None:
    old = _required_body(json.loads(json.dumps(API)))
    lines = changed("openapi/x.json", old, lambda a: post(a)["requestBody"].update(required=True))
    assert lines == ["x: POST /images: a body became required"]


HARMLESS: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("nothing", lambda a: a),
    ("a new path", lambda a: a["paths"].update({"/more": {"get": {}}})),
    ("a new method", lambda a: a["paths"]["/images"].update(get={})),
    (
        "a new optional parameter",
        lambda a: post(a)["parameters"].append({"in": "query", "name": "x"}),
    ),
    ("a new answer", lambda a: post(a)["responses"].update({"202": {}})),
    ("a new field of a request", lambda a: part(a, "In")["properties"].update(x={})),
    ("a new field of an answer", lambda a: part(a, "Out")["properties"].update(x={})),
    ("a field that may be left out now", lambda a: part(a, "In")["required"].clear()),
    ("a field that is always there now", lambda a: part(a, "Out")["required"].append("state")),
    ("a wider limit", lambda a: field(a, "In", "name").update(maxLength=128)),
    ("more values to send", lambda a: field(a, "In", "format")["enum"].append("voc")),
    ("more values to be answered", lambda a: field(a, "Out", "state")["enum"].append("late")),
    ("other words", lambda a: part(a, "In").update(title="x", description="y")),
    (
        "a map of which all keys are named now",
        lambda a: part(a, "Out")["properties"].update(
            counts={"type": "object", "properties": {"pits": {"type": "integer"}}}
        ),
    ),
    (
        "a number where an integer was taken",
        lambda a: post(a)["parameters"][0]["schema"].update(type="number"),
    ),
]


@pytest.mark.parametrize(
    "change", [change for _, change in HARMLESS], ids=[name for name, _ in HARMLESS]
)
def test_a_change_that_breaks_nobody_passes(change: Callable[[dict[str, Any]], object]) -> None:
    assert changed("openapi/x.json", API, change) == []
