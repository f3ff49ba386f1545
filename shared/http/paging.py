"""Lists: page and page_size with a total, or a cursor for deep walks."""

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

from shared.documents.port import Cursor
from shared.errors import FieldError, InvalidInput

Item = TypeVar("Item")
MAX_PAGE_SIZE = 500


class Page(BaseModel, Generic[Item]):
    """One page of a list; ``next_cursor`` is null on the last page."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Item, ...]
    total: int
    page: int
    page_size: int
    next_cursor: str | None = None


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


def page_params(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 10,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> PageParams:
    """Read the paging parameters of a request."""
    return PageParams(page=page, page_size=page_size, cursor=cursor)


Paging = Annotated[PageParams, Depends(page_params)]


def encode_cursor(value: Any, document_id: str) -> str:  # noqa: ANN401  a JSON scalar
    """Return an opaque cursor."""
    return base64.urlsafe_b64encode(orjson.dumps([value, document_id])).decode()


def decode_cursor(text: str) -> Cursor:
    """Return what a cursor means; raise InvalidInput."""
    try:
        value, document_id = orjson.loads(base64.urlsafe_b64decode(text))
        if isinstance(value, dict | list) or not isinstance(document_id, str):
            raise ValueError("not a scalar")
    except (ValueError, binascii.Error, orjson.JSONDecodeError) as error:
        raise InvalidInput(
            "the cursor is damaged", errors=[FieldError("cursor", "take it from next_cursor")]
        ) from error
    return Cursor(value, document_id)
