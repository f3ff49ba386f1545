"""Pages of things in the order of a time."""

from typing import Any

from shared.paging import Page, PageParams, encode_cursor


def page_of(items: list[Any], total: int, paging: PageParams, *, time_field: str) -> Page[Any]:
    """Return a page with the cursor of the next one."""
    last = items[-1] if len(items) == paging.page_size else None
    return Page(
        items=tuple(items),
        total=total,
        page=paging.page,
        page_size=paging.page_size,
        next_cursor=encode_cursor(last.model_dump(mode="json")[time_field], last.id)
        if last
        else None,
    )
