"""Published contracts match the code, old examples stay readable, and a breaking change is red."""

import json
from pathlib import Path

import jsonschema
import pytest

from services.cli.contracts import PUBLISHED, openapi_documents
from shared.contracts.catalogue import PARTITIONS, all_events, event_class
from shared.contracts.compatibility import breaking_changes
from shared.contracts.envelope import unpack
from shared.contracts.publishing import documents, example_of, read_published

SERVICES = ("workspace", "gallery", "tiling", "annotation", "trainer", "evaluator", "inference")
EXAMPLES = sorted((PUBLISHED / "examples").glob("*.json"))


@pytest.fixture(scope="module")
def fresh() -> dict[str, str]:
    return documents(openapi_documents())


def test_the_published_files_are_what_the_code_says(fresh: dict[str, str]) -> None:
    published = read_published(PUBLISHED)
    assert {name for name in fresh if fresh[name] != published.get(name)} == set()
    assert breaking_changes(published, fresh) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_published_example_is_still_read(path: Path) -> None:
    value = path.read_bytes()
    cls = event_class(json.loads(value)["type"])
    assert cls is not None
    event = unpack(cls, value)
    assert event.data.model_dump(mode="json").items() >= json.loads(value)["data"].items()


def test_every_event_has_an_owner_a_topic_and_somebody_who_listens() -> None:
    for event in all_events():
        assert event.topic in PARTITIONS, event.type
        assert event.source in SERVICES, event.type
        assert event.consumers, event.type
        assert set(event.consumers) <= set(SERVICES), event.type
        assert PARTITIONS[event.topic] > 1, event.topic


def test_every_example_fits_its_schema() -> None:
    published = read_published(PUBLISHED)
    for event in all_events():
        schema = json.loads(published[f"schemas/{event.type}.json"])
        jsonschema.validate(example_of(event), schema)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s["properties"].pop("name"), "name is gone"),
        (lambda s: s["required"].append("extra"), "extra became required"),
        (lambda s: s["properties"]["name"].update(type="integer"), "name changed its type"),
    ],
)
def test_a_breaking_change_is_named(change: object, says: str) -> None:
    old = {"properties": {"name": {"type": "string"}, "extra": {}}, "required": ["name"]}
    new = json.loads(json.dumps(old))
    change(new)  # type: ignore[operator]
    lines = breaking_changes(
        {"schemas/x.json": json.dumps(old)}, {"schemas/x.json": json.dumps(new)}
    )
    assert any(says in line for line in lines)


def test_a_new_optional_field_breaks_nobody() -> None:
    old = {"properties": {"name": {"type": "string"}}, "required": ["name"]}
    new = {"properties": {"name": {"type": "string"}, "more": {}}, "required": ["name"]}
    assert (
        breaking_changes({"schemas/x.json": json.dumps(old)}, {"schemas/x.json": json.dumps(new)})
        == []
    )


def test_a_consumer_of_the_catalogue_subscribes_and_nobody_else_does(tmp_path: Path) -> None:
    """The catalogue's lists of consumers are those of the services' own tables."""
    from services.standalone import BUILDS
    from shared.settings import StoreSettings
    from shared.stores import Stores

    stores = Stores.of(StoreSettings(stores="embedded", data=tmp_path))
    tables = {s.name: {x.event.type for x in s.subscriptions} for s in (b(stores) for b in BUILDS)}
    for event in all_events():
        listening = {name for name, types in tables.items() if event.type in types}
        assert listening == set(event.consumers), event.type
