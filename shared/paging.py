"""Lists by pages: what is asked of one, what it answers, and the cursor that goes on from it."""

import base64
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict

from shared.documents.port import Collection, Cursor, D, Query, Sort, Where
from shared.errors import FieldError, InvalidInput

Item = TypeVar("Item")
Other = TypeVar("Other")
MAX_PAGE_SIZE = 500
_LARGEST = 2**63 - 1


class PageParams(BaseModel):
    """What a client asks of a list; ``cursor`` takes the place of ``page``."""

    model_config = ConfigDict(frozen=True)

    page: int = 1
    page_size: int = 10
    cursor: str | None = None

    @property
    def skip(self) -> int:
        """Return how many items come before this page."""
        return 0 if self.cursor else (self.page - 1) * self.page_size

    @property
    def after(self) -> Cursor | None:
        """Return the place to go on from; raise InvalidInput for a damaged cursor."""
        return decode_cursor(self.cursor) if self.cursor else None


class Page(BaseModel, Generic[Item]):
    """One page of a list; ``next_cursor`` is null on the last page."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Item, ...]
    total: int
    page: int
    page_size: int
    next_cursor: str | None = None

    @classmethod
    def of(
        cls, items: Sequence[Item], total: int, params: PageParams, *, after: Cursor | None = None
    ) -> "Page[Item]":
        """Return the page of ``params``; ``after`` is the place behind its last item, if any."""
        return cls(
            items=tuple(items),
            total=total,
            page=params.page,
            page_size=params.page_size,
            next_cursor=encode_cursor(after.value, after.id) if after else None,
        )

    @classmethod
    def cut(cls, items: Sequence[Item], params: PageParams) -> "Page[Item]":
        """Return the page of a list that is in memory; such lists have no cursor."""
        return cls.of(items[params.skip :][: params.page_size], len(items), params)

    def map(self, change: Callable[[Item], Other]) -> "Page[Other]":
        """Return the same page of something else made of each item."""
        return self.with_items([change(item) for item in self.items])

    def with_items(self, items: Sequence[Other]) -> "Page[Other]":
        """Return the same page of other items."""
        return Page(
            items=tuple(items),
            total=self.total,
            page=self.page,
            page_size=self.page_size,
            next_cursor=self.next_cursor,
        )


async def page_of(
    collection: Collection[D], params: PageParams, *, where: Where, sort: Sort
) -> Page[D]:
    """Read one page of the documents that match, and how many there are.

    Raises:
        InvalidInput: The cursor is damaged.
    """
    query = Query(
        where=where,
        sort=sort,
        skip=params.skip,
        limit=params.page_size,
        after=params.after,
    )
    found = await collection.query(query)
    if params.after is None and 0 < len(found) < params.page_size:
        return Page.of(found, params.skip + len(found), params)  # the last page tells the total
    full = len(found) == params.page_size
    after = Cursor.behind(found[-1], sort) if full else None
    return Page.of(found, await collection.count(where), params, after=after)


def encode_cursor(value: Any, document_id: str) -> str:  # noqa: ANN401  a JSON scalar
    """Return an opaque cursor."""
    return base64.urlsafe_b64encode(orjson.dumps([value, document_id])).decode()


def decode_cursor(text: str) -> Cursor:
    """Return what a cursor means; raise InvalidInput."""
    try:
        value, document_id = orjson.loads(base64.urlsafe_b64decode(text))
        if isinstance(value, dict | list) or not isinstance(document_id, str):
            raise ValueError("not a scalar")
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise ValueError("no store holds such a number")
    except (ValueError, TypeError) as error:  # also of base64 and orjson
        raise InvalidInput(
            "the cursor is damaged", errors=[FieldError("cursor", "take it from next_cursor")]
        ) from error
    return Cursor(value, document_id)
