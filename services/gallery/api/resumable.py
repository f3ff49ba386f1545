"""Routes of resumable uploads: the tus protocol 1.0 (https://tus.io/protocols/resumable-upload)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from services.gallery.api.images import UPLOAD_PROBLEMS, Pacing, Projects, upload_response
from services.gallery.api.schemas import ResumableUpload
from services.gallery.handlers.resumable import ResumableUploads
from services.gallery.handlers.uploads import Received
from services.gallery.repository import Upload
from shared.errors import LoupeError, UnsupportedMedia
from shared.http.callers import Who
from shared.http.use_cases import use
from shared.runtime.image_limits import MAX_FILE_BYTES

TUS = "1.0.0"
PART_TYPE = "application/offset+octet-stream"


class TusVersionUnsupported(LoupeError):
    """The client speaks another version of the protocol."""

    code = "tus-version-unsupported"
    status = 412
    title = "Another version of the upload protocol"


router = APIRouter(prefix="/projects/{project_id}/uploads", tags=["resumable uploads"])

Version = Annotated[str, Header(json_schema_extra={"const": TUS})]
Length = Annotated[int, Header(ge=1, json_schema_extra={"maximum": MAX_FILE_BYTES})]
Metadata = Annotated[str, Header(max_length=4096, json_schema_extra={"format": "tus-metadata"})]
_PART = {"content": {PART_TYPE: {"schema": {"type": "string", "format": "binary"}}}}

Resuming = Annotated[ResumableUploads, Depends(use(ResumableUploads))]


@router.options("", status_code=204)
async def describe_uploads(_who: Who, project_id: str, response: Response) -> None:
    """Tell what of the protocol is spoken."""
    response.headers.update(
        {
            "Tus-Resumable": TUS,
            "Tus-Version": TUS,
            "Tus-Extension": "creation,creation-with-upload,expiration,termination",
            "Tus-Max-Size": str(MAX_FILE_BYTES),
        }
    )


@router.post(
    "",
    status_code=201,
    response_class=Response,
    responses=UPLOAD_PROBLEMS,
    openapi_extra={"requestBody": _PART},
)
async def create_upload(
    who: Who,
    project_id: str,
    request: Request,
    resumable: Resuming,
    projects: Projects,
    pace: Pacing,
    upload_length: Length,
    upload_metadata: Metadata,
    tus_resumable: Version,
) -> Response:
    """Begin a resumable upload; its first part may come along."""
    _check_version(tus_resumable)
    project = await projects.require(who.tenant, project_id)
    if request.headers.get("content-type") == PART_TYPE:
        made = await resumable.create_with_body(
            who,
            project,
            length=upload_length,
            metadata=upload_metadata,
            body=pace.body_of(request),
        )
    else:
        made = await resumable.create(who, project, length=upload_length, metadata=upload_metadata)
    if isinstance(made, Received):
        return upload_response([made])
    place = f"/api/gallery/projects/{project_id}/uploads/{made.id}"
    return Response(status_code=201, headers=_headers(made) | {"Location": place})


@router.head("/{upload_id}", status_code=200, response_class=Response)
async def find_upload_offset(
    who: Who, project_id: str, upload_id: str, resumable: Resuming
) -> Response:
    """Tell how far an upload is."""
    upload = await resumable.find(who.tenant, project_id, upload_id)
    return Response(headers=_headers(upload) | {"Cache-Control": "no-store"})


@router.get("/{upload_id}")
async def get_upload(
    who: Who, project_id: str, upload_id: str, resumable: Resuming
) -> ResumableUpload:
    """Return an upload on its way."""
    upload = await resumable.find(who.tenant, project_id, upload_id)
    return ResumableUpload(**upload.model_dump(include=set(ResumableUpload.model_fields)))


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    responses=UPLOAD_PROBLEMS,
    openapi_extra={"requestBody": {"required": True, **_PART}},
)
async def append_to_upload(
    who: Who,
    project_id: str,
    upload_id: str,
    request: Request,
    resumable: Resuming,
    projects: Projects,
    pace: Pacing,
    upload_offset: Annotated[int, Header(ge=0)],
    tus_resumable: Version,
) -> Response:
    """Add a part; the last one answers with the file's result, as POST images does."""
    _check_version(tus_resumable)
    if request.headers.get("content-type") != PART_TYPE:
        raise UnsupportedMedia(f"send the part as {PART_TYPE}")
    project = await projects.require(who.tenant, project_id)
    upload = await resumable.find_own(who, project_id, upload_id)
    body = pace.body_of(request)
    upload = await resumable.append(upload, offset=upload_offset, body=body)
    if upload.offset < upload.length:
        return Response(status_code=204, headers=_headers(upload))
    answer = upload_response([await resumable.complete(who, project, upload)])
    answer.headers.update(_headers(upload))
    return answer


@router.delete("/{upload_id}", status_code=204)
async def cancel_upload(
    who: Who, project_id: str, upload_id: str, resumable: Resuming, response: Response
) -> None:
    """Give an upload up."""
    await resumable.cancel(await resumable.find_own(who, project_id, upload_id))
    response.headers["Tus-Resumable"] = TUS


def _check_version(version: str) -> None:
    if version != TUS:
        raise TusVersionUnsupported(f"this server speaks tus {TUS}")


def _headers(upload: Upload) -> dict[str, str]:
    return {
        "Tus-Resumable": TUS,
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(upload.length),
        "Upload-Expires": upload.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }
