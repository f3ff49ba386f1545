"""Routes of imports and exports."""

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from services.annotation.api.annotations import Id
from services.annotation.api.archive_body import ZIP_BODY
from services.annotation.api.import_runs import Body, Options, Runs
from services.annotation.api.labels import Directory
from services.annotation.api.reports import UndoResponse
from services.annotation.domain.export_shapes import ExportFormat
from services.annotation.domain.import_report import ImportReport
from services.annotation.handlers.exports import LabelExports
from services.annotation.handlers.import_reports import report_of
from services.annotation.handlers.import_undo import ImportUndo
from services.annotation.handlers.imports import Imports, ImportWish
from shared.http.callers import Who
from shared.http.use_cases import use

Importing = Annotated[Imports, Depends(use(Imports))]
Undoing = Annotated[ImportUndo, Depends(use(ImportUndo))]
Exporting = Annotated[LabelExports, Depends(use(LabelExports))]

router = APIRouter(tags=["imports and exports"], prefix="/projects/{project_id}")
samples = APIRouter(tags=["imports and exports"], prefix="/samples")


@router.post(
    "/imports",
    status_code=201,
    openapi_extra=ZIP_BODY,
    responses={
        200: {"model": ImportReport, "description": "The report of a dry run"},
        207: {"model": ImportReport, "description": "Some files are wrong"},
    },
)
async def import_labels(
    who: Who,
    body: Body,
    imports: Importing,
    runs: Runs,
    projects: Directory,
    project_id: Id,
    request: Request,
    response: Response,
    asked: Options,
) -> ImportReport:
    """Import a zip of labelme, VOC, YOLO, DOTA, COCO, CreateML or Datumaro files.

    What a person drew or corrected stays unless ``on_conflict`` says otherwise; what an earlier
    import made is replaced. A dry run tells what would be done. Long imports run in the background:
    see `import-runs`, where the report of this one is kept, too.
    """
    project = await projects.require(who.tenant, project_id)
    wish = ImportWish(who, project, asked)
    async with body.received(request) as archive:
        outcome = await imports.import_archive(wish, archive)
    if not asked.dry_run:
        await runs.note(wish, outcome)
    # Twenty thousand warnings take seconds to say in another language: not on the event loop.
    report = await asyncio.to_thread(report_of, outcome, dry_run=asked.dry_run, with_shapes=True)
    response.status_code = 200 if asked.dry_run else 207 if report.failed else 201
    return report


@router.post("/imports/{import_id}:undo")
async def undo_import(
    who: Who, undoing: Undoing, runs: Runs, projects: Directory, project_id: Id, import_id: Id
) -> UndoResponse:
    """Give images back what an import replaced; one that was changed since stays as it is."""
    await projects.require(who.tenant, project_id)
    await runs.check_ended(who, project_id, import_id)
    return UndoResponse.of(await undoing.undo(who, project_id, import_id))


@router.get(
    "/exports",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "The archive"}},
)
async def export_labels(
    who: Who,
    exports: Exporting,
    projects: Directory,
    project_id: Id,
    wanted: Annotated[ExportFormat, Query(alias="format")] = "labelme",
) -> FileResponse:
    """Export all annotations as a zip of another tool's files.

    ``export-report.json`` in it says what the format cannot hold.
    """
    await projects.require(who.tenant, project_id)
    return _sent(await exports.export(who.tenant, project_id, wanted), f"annotations-{wanted}.zip")


@samples.get(
    "/{wanted}",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "The archive"}},
)
async def sample_labels(who: Who, exports: Exporting, wanted: ExportFormat) -> FileResponse:
    """Download a sample archive of label files for ``part-1.jpg`` to ``part-3.jpg``."""
    return _sent(await exports.sample(wanted), f"sample-{wanted}.zip")


def _sent(archive: Path, name: str) -> FileResponse:
    """The answer that carries an archive, which goes once it is sent."""
    return FileResponse(
        archive,
        media_type="application/zip",
        filename=name,
        background=BackgroundTask(archive.unlink, missing_ok=True),
    )
