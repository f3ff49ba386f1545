"""Published contracts match the code, old examples stay readable, and a breaking change is red."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.__main__ import main
from services.cli.contracts import PUBLISHED, openapi_documents
from services.cli.facts import facts
from shared.contracts.audit_events import PLATFORM
from shared.contracts.catalogue import PARTITIONS, all_events, event_class
from shared.contracts.envelope import unpack
from shared.events.dead_letters import dead_letter
from shared.events.port import Delivery, Partition
from shared.hosting.stores import with_dead_letters
from tools.contracts.compatibility import breaking_changes
from tools.contracts.publishing import documents, example_of, read_published, write_published

SERVICES = ("workspace", "gallery", "tiling", "annotation", "trainer", "evaluator", "inference")
EXAMPLES = sorted((PUBLISHED / "examples").glob("*.json"))


@pytest.fixture(scope="module")
def fresh() -> dict[str, str]:
    return documents(openapi_documents(), facts())


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
    assert is_read(json.loads(value)["data"], event.data.model_dump(mode="json"))


def test_every_refusal_is_published_as_a_problem(fresh: dict[str, str]) -> None:
    published = [json.loads(text) for name, text in fresh.items() if name.startswith("openapi/")]
    kinds = {
        kind
        for document in published
        for methods in document["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if int(status) >= 400
        for kind in response["content"]
    }
    assert kinds == {"application/problem+json"}


def test_every_event_has_an_owner_a_topic_and_somebody_who_listens() -> None:
    for event in all_events():
        assert event.topic in PARTITIONS, event.type
        assert event.source in {*SERVICES, PLATFORM}, event.type
        assert event.consumers, event.type
        assert set(event.consumers) <= set(SERVICES), event.type
        assert PARTITIONS[event.topic] > 1, event.topic


def test_every_example_fits_its_schema() -> None:
    published = read_published(PUBLISHED)
    for event in all_events():
        schema = json.loads(published[f"schemas/{event.type}.json"])
        jsonschema.validate(example_of(event), schema)


def test_a_breaking_change_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "published"
    shutil.copytree(PUBLISHED, folder)
    schema = json.loads((folder / "schemas/image.deleted.json").read_text())
    schema["properties"]["promised"] = {"type": "string"}
    (folder / "schemas/image.deleted.json").write_text(json.dumps(schema))
    (folder / "examples/image.deleted.json").write_text("{}")
    before = read_published(folder)
    assert main(["contracts", "--folder", str(folder)]) == 1
    assert read_published(folder) == before
    assert "breaking: image.deleted: promised is gone" in capsys.readouterr().err


def test_what_breaks_nobody_is_written(tmp_path: Path, fresh: dict[str, str]) -> None:
    folder = tmp_path / "published"
    write_published(folder, fresh)
    (folder / "asyncapi.json").write_text("{}")
    assert main(["contracts", "--folder", str(folder)]) == 0
    assert read_published(folder) == fresh


def test_an_example_that_changes_keeps_every_former_text(tmp_path: Path) -> None:
    name = "examples/a.b.json"
    for text in ("1", "2", "2", "1", "3", "2"):
        write_published(tmp_path, {name: text})
    kept = read_published(tmp_path)
    assert kept.pop(name) == "2"
    assert sorted(kept.values()) == ["1", "2", "3"]
    write_published(tmp_path, {})
    assert len(read_published(tmp_path)) == 4


def test_the_events_are_a_document_of_asyncapi_3(fresh: dict[str, str]) -> None:
    schema = json.loads((Path(__file__).parent / "asyncapi-3.0.0.json").read_text())
    document = json.loads(fresh["asyncapi.json"])
    jsonschema.Draft7Validator(schema).validate(document)
    document["channels"]["image"]["messages"]["image.deleted"]["$ref"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate(document)


def test_every_reference_of_the_asyncapi_document_leads_somewhere(fresh: dict[str, str]) -> None:
    document = json.loads(fresh["asyncapi.json"])
    found = list(references(document))
    assert found
    for reference in found:
        target: Any = document
        if reference.startswith("#/"):
            for part in reference.removeprefix("#/").split("/"):
                target = target[part]
        else:
            assert reference in fresh


def test_every_topic_and_its_dead_letters_are_channels(fresh: dict[str, str]) -> None:
    document = json.loads(fresh["asyncapi.json"])
    channels = document["channels"]
    assert {c["address"]: c["bindings"]["kafka"]["partitions"] for c in channels.values()} == (
        with_dead_letters(PARTITIONS)
    )
    letter = dead_letter(
        Delivery(Partition("image", 1), 7, "a/b", b"no JSON", {}), "gallery", ValueError("bad"), 1
    )
    jsonschema.validate(
        dict(letter.headers), document["components"]["messages"]["dead-letter"]["headers"]
    )
    for operation in document["operations"].values():
        channel = operation["channel"]["$ref"]
        assert all(m["$ref"].startswith(f"{channel}/messages/") for m in operation["messages"])


def is_read(old: Any, new: Any) -> bool:
    """Tell whether all that `old` says is in `new`, which may say more at any depth."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and is_read(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_read, old, new))
    return bool(old == new)


def references(part: Any) -> Iterator[str]:
    """Yield every `$ref` below `part`."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_a_consumer_of_the_catalogue_subscribes_and_nobody_else_does(tmp_path: Path) -> None:
    """The catalogue's lists of consumers are those of the services' own tables."""
    from services.standalone import BUILDS
    from shared.hosting.stores import Stores
    from shared.settings import StoreSettings

    stores = Stores.of(StoreSettings(stores="embedded", data=tmp_path))
    tables = {s.name: {x.event.type for x in s.subscriptions} for s in (b(stores) for b in BUILDS)}
    for event in all_events():
        listening = {name for name, types in tables.items() if event.type in types}
        assert listening == set(event.consumers), event.type
