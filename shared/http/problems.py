"""Every error leaves as RFC 9457 problem+json, its type from the tree of ``shared.errors``."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from shared.errors import (
    FieldError,
    Internal,
    InvalidInput,
    LoupeError,
    MalformedRequest,
    NotFound,
    NotHeardYet,
    TooLarge,
)
from shared.telemetry import logger
from shared.texts.language import Told, spoken

MEDIA_TYPE = "application/problem+json"
_PREFIX = "urn:loupe:problem:"
_MAX_FIELDS = 50
_MAX_PLACE = 200
_MAX_TEXT = 500

log = logger(__name__)


class ProblemField(BaseModel):
    """One wrong place of the request."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: Told


class Problem(BaseModel):
    """The body of every error (RFC 9457).

    Programs go by ``type``; the texts come in the language of ``Accept-Language`` (zh-CN, en).
    """

    model_config = ConfigDict(frozen=True)

    type: str
    title: Told
    status: int
    detail: Told
    errors: tuple[ProblemField, ...] = ()


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": description}
    for status, description in (
        (400, "The request cannot be read"),
        (401, "No valid credential"),
        (403, "The role is too low"),
        (404, "No such object"),
        (409, "The object's state does not allow it"),
        (412, "The object was changed by somebody else"),
        (413, "Too large"),
        (415, "This kind of content is not accepted"),
        (422, "The content cannot be accepted"),
        (429, "A quota is exceeded, or too many attempts failed"),
        (503, "A part of the platform does not answer"),
    )
}
"""What every route may answer beside its own result."""


def problem_of(error: LoupeError) -> Problem:
    """Return the body that tells ``error`` in the language of the request.

    Internal ones tell nothing of the inside.
    """
    hidden = isinstance(error, Internal)
    return Problem(
        type=_PREFIX + error.code,
        title=error.title,
        status=error.status,
        detail=error.title if hidden else error.detail,
        errors=tuple(ProblemField(field=e.field, message=e.message) for e in error.errors),
    )


def problem_response(error: LoupeError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Render ``error``."""
    more = {**(headers or {}), "Content-Language": spoken()}
    if error.retry_after_s is not None:
        more["Retry-After"] = str(error.retry_after_s)
    elif error.status == 503:
        more["Retry-After"] = "5"
    if error.status == 401:
        more["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        problem_of(error).model_dump(mode="json"),
        status_code=error.status,
        headers=more,
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Make ``app`` answer every error as a problem."""

    @app.exception_handler(LoupeError)
    async def _loupe(request: Request, error: LoupeError) -> JSONResponse:
        if error.status >= 500 and not isinstance(error, NotHeardYet):  # who waited tells of it
            log.error("http.failed", path=request.url.path, cause=error.detail)
        return problem_response(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return problem_response(_of_validation(error))

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        return problem_response(_of_status(error), error.headers)

    @app.exception_handler(Exception)
    async def _defect(_request: Request, _error: Exception) -> JSONResponse:
        return problem_response(Internal())


def _of_validation(error: RequestValidationError) -> LoupeError:
    fields = []
    for item in islice(error.errors(), _MAX_FIELDS):
        place = [str(part) for part in item["loc"] if part != "body"]
        fields.append(
            FieldError(".".join(place)[:_MAX_PLACE] or "body", str(item["msg"])[:_MAX_TEXT])
        )
        if item["type"] == "json_invalid":
            return MalformedRequest("the body is not valid JSON", errors=fields)
    places = ", ".join(field.field for field in fields[:5])
    return InvalidInput(f"wrong or missing: {places}", errors=fields)


class MethodNotAllowed(LoupeError):
    """The path exists; this method does not."""

    code = "method-not-allowed"
    status = 405
    title = "This method is not offered here"


def _of_status(error: HTTPException) -> LoupeError:
    if error.status_code == 405:
        return MethodNotAllowed()
    if error.status_code == 404:
        return NotFound("no such page")
    if error.status_code == 413:
        return TooLarge(str(error.detail))
    if error.status_code < 500:
        return MalformedRequest(str(error.detail))
    return Internal(str(error.detail))
