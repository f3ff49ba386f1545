"""A page of a collection: its items, their number, and the way on."""

import pytest

from shared.documents.port import Collection, CollectionSpec, Document, Documents, Sort, TenantScope
from shared.errors import InvalidInput
from shared.paging import Page, PageParams, page_of

BY_SIZE = Sort("size", -1)


class Sheet(Document):
    size: int


SHEETS = CollectionSpec("test.sheets", Sheet)


@pytest.fixture
async def sheets(documents: Documents) -> Collection[Sheet]:
    await documents.open([SHEETS])
    collection = documents.collection(SHEETS, TenantScope("acme"))
    for number in range(7):
        await collection.insert(Sheet(id=f"S{number}", tenant="acme", size=number // 2))
    return collection


async def test_cursors_lead_through_every_item_once(sheets: Collection[Sheet]) -> None:
    params, met = PageParams(page_size=3), list[str]()
    while True:
        page = await page_of(sheets, params, where={}, sort=BY_SIZE)
        assert page.total == 7
        met += [sheet.id for sheet in page.items]
        if page.next_cursor is None:
            break
        params = PageParams(page_size=3, cursor=page.next_cursor)
    assert met == ["S6", "S5", "S4", "S3", "S2", "S1", "S0"]


async def test_numbered_pages_and_cursors_agree(sheets: Collection[Sheet]) -> None:
    first = await page_of(sheets, PageParams(page_size=3), where={}, sort=BY_SIZE)
    after = PageParams(page_size=3, cursor=first.next_cursor)
    by_cursor = await page_of(sheets, after, where={}, sort=BY_SIZE)
    by_number = await page_of(sheets, PageParams(page=2, page_size=3), where={}, sort=BY_SIZE)
    assert by_cursor.items == by_number.items
    assert by_number.page == 2


async def test_a_damaged_cursor_is_refused(sheets: Collection[Sheet]) -> None:
    with pytest.raises(InvalidInput, match="cursor is damaged"):
        await page_of(sheets, PageParams(cursor="nonsense"), where={}, sort=BY_SIZE)


def test_a_list_in_memory_is_cut_into_pages() -> None:
    page = Page.cut("abcdefg", PageParams(page=3, page_size=3))
    assert (page.items, page.total, page.next_cursor) == (("g",), 7, None)
    assert Page.cut("abc", PageParams(page=2, page_size=3)).items == ()


def test_mapping_keeps_the_place() -> None:
    page = Page.cut("abc", PageParams(page=2, page_size=2)).map(str.upper)
    assert (page.items, page.total, page.page, page.page_size) == (("C",), 3, 2, 2)
