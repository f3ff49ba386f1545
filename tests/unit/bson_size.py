"""How large documents are in MongoDB."""

from typing import Any

import bson

from shared.documents.mongo_queries import encode_body

MAX_BSON = 16 * 2**20


def in_mongo(document: Any) -> int:
    """Bytes of a document as it is stored."""
    return len(bson.encode({"body": encode_body(document.model_dump(mode="json"))}))
