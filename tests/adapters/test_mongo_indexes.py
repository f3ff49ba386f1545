"""The indexes of the MongoDB adapter: what they hold, and that they follow the collection."""

import uuid
from dataclasses import replace

from services.gallery.repository import IMAGES
from shared.documents.mongo import MongoDocuments
from shared.documents.mongo_queries import index_keys
from tests.adapters.conftest import real


def names(spec_index: int) -> list[str]:
    return [name for name, _ in index_keys(IMAGES, IMAGES.indexes[spec_index])]


def test_every_index_names_tenant_and_what_exists_first_and_no_field_twice() -> None:
    for index in IMAGES.indexes:
        keys = [name for name, _ in index_keys(IMAGES, index)]
        assert keys[:2] == ["tenant", "deleted"]
        assert len(keys) == len(set(keys))


def test_a_list_is_searched_by_and_never_covered() -> None:
    """A list has an entry for each item: carried along, it would only multiply them."""
    assert "body.labels" not in names(1)
    assert "body.sort_name" in names(1)
    (by_label,) = (index for index in IMAGES.indexes if "labels" in index.fields)
    assert "body.labels" in [name for name, _ in index_keys(IMAGES, by_label)]


@real
async def test_indexes_follow_the_collection_and_an_operators_stay(mongo_url: str) -> None:
    documents = MongoDocuments(mongo_url, f"test_{uuid.uuid4().hex[:12]}")
    await documents.open([IMAGES])
    raw = documents.raw(IMAGES.name)
    await raw.create_index([("body.name", 1)], name="by-hand")
    before = set(await raw.index_information())
    await documents.open([replace(IMAGES, indexes=IMAGES.indexes[:2])])
    after = set(await raw.index_information())
    await documents.close()
    assert "by-hand" in after
    assert all(name.startswith("loupe-") for name in before - after)
    assert len(before - after) == len(IMAGES.indexes) - 2
