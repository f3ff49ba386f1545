"""The paging parameters of a request: page and page_size, or a cursor for deep walks."""

from typing import Annotated

from fastapi import Depends, Query

from shared.paging import MAX_PAGE_SIZE, PageParams

_Cursor = Annotated[str | None, Query(max_length=1000, json_schema_extra={"format": "cursor"})]


def page_params(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 10,
    cursor: _Cursor = None,
) -> PageParams:
    """Read the paging parameters of a request."""
    return PageParams(page=page, page_size=page_size, cursor=cursor)


Paging = Annotated[PageParams, Depends(page_params)]
