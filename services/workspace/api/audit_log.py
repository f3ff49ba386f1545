"""Routes of the audit log: administrators search it and take it with them."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from services.workspace.domain.audit_sheet import COLUMNS, line_of
from services.workspace.handlers.audit_log import AuditLog, Sought
from services.workspace.repository import AuditEntry
from shared.callers import PresentRole
from shared.clock import LastMoment, Moment, Timestamp
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.use_cases import use
from shared.paging import Page

router = APIRouter(tags=["audit"])

Kept = Annotated[AuditLog, Depends(use(AuditLog))]
Format = Literal["csv", "jsonl"]
_MEDIA: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
_BOM = "\ufeff"  # else spreadsheets read Chinese names in another encoding
_Word = Annotated[str | None, Query(max_length=64)]


class AuditEntryResponse(BaseModel):
    """Who asked for which change, when, from where, and how that was answered.

    ``named`` are the ids that the request named, by what its path calls them; ``made`` those of
    what it made or took away. Versions are those of the object before (as the request gave it) and
    after. ``key_id`` is null for the command line of the platform.
    """

    model_config = ConfigDict(from_attributes=True)

    id: str
    at: Timestamp
    key_id: str | None
    key_name: str
    role: PresentRole
    address: str
    service: str
    operation: str
    status: int
    named: dict[str, str]
    made: tuple[str, ...]
    version_before: int | None
    version_after: int | None

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryResponse":
        """Build the response."""
        return cls.model_validate(entry)


def _sought(
    who: Annotated[_Word, Query(description="The id of a key")] = None,
    operation: _Word = None,
    object_id: Annotated[_Word, Query(alias="object", description="An id of any object")] = None,
    status: Annotated[int | None, Query(ge=100, le=599)] = None,
    since: Moment | None = None,
    until: LastMoment | None = None,
) -> Sought:
    return Sought(
        key_id=who,
        operation=operation,
        object_id=object_id,
        status=status,
        since=since,
        until=until,
    )


Wanted = Annotated[Sought, Depends(_sought)]


@router.get("/audit")
async def list_audit(
    caller: Who, kept: Kept, sought: Wanted, paging: Paging
) -> Page[AuditEntryResponse]:
    """List what was asked to be changed, newest first, refused changes too; reads are not in it.

    A change is here moments after its answer.
    """
    return (await kept.page(caller, sought, paging)).map(AuditEntryResponse.of)


@router.get(
    "/audit/export",
    response_class=StreamingResponse,
    responses={200: {"content": {kind.partition(";")[0]: {} for kind in _MEDIA.values()}}},
)
async def export_audit(
    caller: Who,
    kept: Kept,
    sought: Wanted,
    wanted: Annotated[Format, Query(alias="format")] = "csv",
) -> StreamingResponse:
    """Give all entries that are sought as a file: CSV for spreadsheets, or a JSON object a line.

    In the CSV file a cell that would begin a formula has an apostrophe before it.
    """
    lines = _sheet if wanted == "csv" else _json_lines
    return StreamingResponse(
        lines(kept.walk(caller, sought)),
        media_type=_MEDIA[wanted],
        headers={"Content-Disposition": f'attachment; filename="audit.{wanted}"'},
    )


async def _sheet(entries: AsyncIterator[AuditEntry]) -> AsyncIterator[str]:
    yield _BOM + line_of(COLUMNS)
    async for entry in entries:
        told = AuditEntryResponse.of(entry).model_dump(mode="json")
        yield line_of(told[name] for name in COLUMNS)


async def _json_lines(entries: AsyncIterator[AuditEntry]) -> AsyncIterator[str]:
    async for entry in entries:
        yield AuditEntryResponse.of(entry).model_dump_json() + "\n"
