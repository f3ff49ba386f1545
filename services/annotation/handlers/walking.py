"""Walking through whole collections page by page, in constant memory."""

from collections.abc import AsyncIterator
from typing import TypeVar

from shared.documents.port import Collection, Cursor, Document, Query, Where

D = TypeVar("D", bound=Document)
_PAGE = 500


async def walk(collection: Collection[D], where: Where) -> AsyncIterator[D]:
    """Yield every matching document in the order of ids; writes meanwhile may be missed."""
    after: Cursor | None = None
    while True:
        page = await collection.query(Query(where=where, limit=_PAGE, after=after))
        for document in page:
            yield document
        if len(page) < _PAGE:
            return
        after = Cursor(page[-1].id, page[-1].id)
