"""Routes of imports that run in the background, and of their reports."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator

from services.annotation.api.annotations import Id
from services.annotation.api.archive_body import ZIP_BODY, ArchiveBody
from services.annotation.api.labels import Directory
from services.annotation.api.reports import ImportRunResponse
from services.annotation.domain.conflicts import OnConflict
from services.annotation.domain.import_report import ImportReport
from services.annotation.handlers.import_runs import ImportRuns
from services.annotation.handlers.imports import ImportOptions
from services.annotation.handlers.kept_archives import Archive
from shared.callers import Caller
from shared.contracts.names import file_name, has_unseen
from shared.errors import Forbidden
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.preconditions import IdempotencyKey
from shared.http.use_cases import use
from shared.paging import Page

_MAX_NAME = 200


def _archive_name(path: str) -> str:
    name = file_name(path)
    if has_unseen(name):
        raise ValueError("the file's name has invisible or control characters")
    return name


router = APIRouter(tags=["imports and exports"], prefix="/projects/{project_id}")
Runs = Annotated[ImportRuns, Depends(use(ImportRuns))]
Body = Annotated[ArchiveBody, Depends(use(ArchiveBody))]


def options(
    who: Who,
    dry_run: Annotated[bool, Query(description="Report, and store nothing")] = False,
    strict: Annotated[bool, Query(description="Store all files or none")] = False,
    on_conflict: Annotated[
        OnConflict,
        Query(description="Keep or replace what a person drew, or merge the import into it"),
    ] = "keep",
) -> ImportOptions:
    """Return how to import, as a query says it; raise Forbidden."""
    if on_conflict == "replace" and not dry_run and not who.may("engineer"):
        raise Forbidden("to replace what people drew takes an engineer or an administrator")
    return ImportOptions(dry_run=dry_run, strict=strict, on_conflict=on_conflict)


Options = Annotated[ImportOptions, Depends(options)]


@router.post("/import-runs", status_code=202, openapi_extra=ZIP_BODY)
async def start_import(
    who: Who,
    body: Body,
    runs: Runs,
    projects: Directory,
    project_id: Id,
    request: Request,
    response: Response,
    asked: Options,
    key: IdempotencyKey,
    name: Annotated[
        str,
        Query(
            max_length=_MAX_NAME,
            description="What the archive is called",
            json_schema_extra={"format": "name"},
        ),
        AfterValidator(_archive_name),
    ] = "",
) -> ImportRunResponse:
    """Import a zip of label files in the background; a dry run only looks what would be done.

    Its report is kept. What a dry run looked at can be imported with `:again` without sending it
    once more, for a day.
    """
    project = await projects.require(who.tenant, project_id)
    async with body.received(request) as path:
        run = await runs.start(who, project, Archive(path, name), asked.with_key(key))
    return await _answer(who, runs, project_id, run.id, response)


@router.post("/import-runs/{run_id}:again", status_code=202)
async def import_again(
    who: Who,
    runs: Runs,
    project_id: Id,
    run_id: Id,
    response: Response,
    asked: Options,
    key: IdempotencyKey,
) -> ImportRunResponse:
    """Import, or look at, the archive of an earlier one once more."""
    run = await runs.again(who, project_id, run_id, asked.with_key(key))
    return await _answer(who, runs, project_id, run.id, response)


@router.get("/import-runs")
async def list_imports(
    who: Who, runs: Runs, projects: Directory, project_id: Id, paging: Paging
) -> Page[ImportRunResponse]:
    """List imports, newest first, also those that were done within their request; no dry runs."""
    await projects.require(who.tenant, project_id)
    found = await runs.page(who, project_id, paging)
    return found.map(lambda pair: ImportRunResponse.of(*pair))


@router.get("/import-runs/{run_id}")
async def get_import(who: Who, runs: Runs, project_id: Id, run_id: Id) -> ImportRunResponse:
    """Return one import with its progress."""
    return ImportRunResponse.of(*await runs.get(who, project_id, run_id))


@router.get("/import-runs/{run_id}/report")
async def get_import_report(who: Who, runs: Runs, project_id: Id, run_id: Id) -> ImportReport:
    """Return the report of an import; of one that was stopped or broke off, as far as it came."""
    return await runs.report(who, project_id, run_id)


@router.post("/import-runs/{run_id}:cancel", status_code=202)
async def cancel_import(who: Who, runs: Runs, project_id: Id, run_id: Id) -> ImportRunResponse:
    """Stop an import. What it wrote stays; `imports/{run_id}:undo` takes it back."""
    await runs.cancel(who, project_id, run_id)
    return ImportRunResponse.of(*await runs.get(who, project_id, run_id))


async def _answer(
    who: Caller, runs: ImportRuns, project_id: str, run_id: str, response: Response
) -> ImportRunResponse:
    response.headers["Location"] = f"/api/annotation/projects/{project_id}/import-runs/{run_id}"
    return ImportRunResponse.of(*await runs.get(who, project_id, run_id))
