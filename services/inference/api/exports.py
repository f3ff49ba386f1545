"""Routes of exports."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from services.inference.api.schemas import Version
from services.inference.handlers.exports import Exports, ExportWish
from services.inference.repository import Certified, Export, Target
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.preconditions import IdempotencyKey
from shared.http.use_cases import use
from shared.jobs.job import Job, JobState, Progress
from shared.paging import Page
from shared.texts.language import Told

router = APIRouter(tags=["exports"])
Exporting = Annotated[Exports, Depends(use(Exports))]
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


class ExportCreate(BaseModel):
    """Make a file of a version that can leave.

    ``onnx`` is the model with its description, certificate and signature; ``onnx-int8`` is the same
    with convolutions in 8-bit integers; ``sdk`` holds images that check it and the Python SDK.
    """

    model_config = ConfigDict(extra="forbid")

    version: Version
    target: Target


class ExportResponse(BaseModel):
    """An export; what tells of its file is there once it succeeded.

    ``fingerprint`` is that of the key that signed it: compare it with what `verify` shows.
    """

    id: str
    project_id: str
    version: str
    target: Target
    state: JobState
    progress: Progress
    error: Told
    created_at: datetime
    finished_at: datetime | None
    name: str
    size_bytes: int
    sha256: str
    fingerprint: str
    certificate: Certified | None

    @classmethod
    def of(cls, export: Export, job: Job) -> "ExportResponse":
        """Join an export and its job."""
        return cls(
            id=export.id,
            project_id=export.project_id,
            version=export.model_version,
            target=export.target,
            state=job.state,
            progress=job.progress,
            error=job.error,
            created_at=export.created_at,
            finished_at=job.finished_at,
            name=file_name(export),
            size_bytes=export.size_bytes,
            sha256=export.sha256,
            fingerprint=export.fingerprint,
            certificate=export.certificate,
        )


def file_name(export: Export) -> str:
    """Return what the file is called where it is saved."""
    return f"{export.model_version}-{export.target}-{export.sha256[:8] or export.id[-8:]}.zip"


@router.post("/projects/{project_id}/exports", status_code=202)
async def start_export(
    who: Who,
    project_id: str,
    body: ExportCreate,
    exports: Exporting,
    key: IdempotencyKey,
    response: Response,
) -> ExportResponse:
    """Export a version in the background."""
    wish = ExportWish(body.version, body.target)
    export = await exports.start(who, project_id, wish, key=key)
    response.headers["Location"] = f"/api/inference/projects/{project_id}/exports/{export.id}"
    return ExportResponse.of(*await exports.get(who, project_id, export.id))


@router.get("/projects/{project_id}/exports")
async def list_exports(
    who: Who, project_id: str, exports: Exporting, paging: Paging
) -> Page[ExportResponse]:
    """List exports, newest first."""
    found = await exports.page(who, project_id, paging)
    return found.map(lambda pair: ExportResponse.of(*pair))


@router.get("/projects/{project_id}/exports/{export_id}")
async def get_export(
    who: Who, project_id: str, export_id: str, exports: Exporting
) -> ExportResponse:
    """Return one export with its progress."""
    return ExportResponse.of(*await exports.get(who, project_id, export_id))


@router.post("/projects/{project_id}/exports/{export_id}:cancel", status_code=202)
async def cancel_export(
    who: Who, project_id: str, export_id: str, exports: Exporting
) -> ExportResponse:
    """Stop an export."""
    await exports.cancel(who, project_id, export_id)
    return ExportResponse.of(*await exports.get(who, project_id, export_id))


@router.delete("/projects/{project_id}/exports/{export_id}", status_code=204)
async def remove_export(who: Who, project_id: str, export_id: str, exports: Exporting) -> None:
    """Remove an export that is over, with its file."""
    await exports.remove(who, project_id, export_id)


@router.get(
    "/projects/{project_id}/exports/{export_id}/content", response_class=Response, responses=_ZIP
)
async def download_export(
    who: Who, project_id: str, export_id: str, exports: Exporting
) -> Response:
    """Return the file of an export that succeeded."""
    export, chunks = await exports.content(who, project_id, export_id)
    return StreamingResponse(
        chunks,
        media_type="application/zip",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file_name(export))}",
            "Content-Length": str(export.size_bytes),
            "ETag": f'"{export.sha256}"',
        },
    )
