"""Reads the two forms of a prediction request: JSON, or multipart with a file."""

from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.types import Message

from services.inference.adapters.pixels import MAX_FILE_BYTES
from shared.errors import FieldError, InvalidInput, MalformedRequest, TooLarge, UnsupportedMedia

Model = TypeVar("Model", bound=BaseModel)

_MAX_JSON_BYTES = 1024 * 1024
_FORM_OVERHEAD_BYTES = 64 * 1024


def media_type(request: Request) -> str:
    """Return the request's content type without its parameters; raise UnsupportedMedia."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in ("application/json", "multipart/form-data"):
        raise UnsupportedMedia("send application/json, or multipart/form-data with a file")
    return kind


async def read_json(request: Request, model: type[Model]) -> Model:
    """Parse a JSON body; raise MalformedRequest, InvalidInput or TooLarge."""
    body = await limited(request, _MAX_JSON_BYTES).body()
    return _validated(lambda: model.model_validate_json(body), model)


async def read_form(request: Request, model: type[Model]) -> tuple[Model, tuple[str, bytes]]:
    """Parse a form with exactly one file named ``file``; other fields fill ``model``.

    Returns:
        The fields, and the file's name and bytes.

    Raises:
        TooLarge: The file is over the limit; it is counted while it comes, nothing more is read.
        InvalidInput: No file, or a wrong field.
    """
    counted = limited(request, MAX_FILE_BYTES + _FORM_OVERHEAD_BYTES)
    try:
        async with counted.form(max_files=1, max_fields=10) as form:
            fields = {key: value for key, value in form.items() if isinstance(value, str)}
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise InvalidInput("no file", errors=[FieldError("file", "is missing")])
            data = await file.read()
            name = (file.filename or "")[:255]
    except MultiPartException as error:
        raise MalformedRequest(f"the form cannot be read: {error.message}") from error
    return _validated(lambda: model.model_validate(fields), model), (name, data)


def limited(request: Request, limit_bytes: int) -> Request:
    """Return the same request; reading more than ``limit_bytes`` of its body raises TooLarge."""
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit_bytes:
            raise TooLarge(f"the request is over {limit_bytes // 1024} KiB")
        return message

    return Request(request.scope, receive)


def _validated(parse: Any, model: type[Model]) -> Model:  # noqa: ANN401  # a closure over model
    try:
        parsed: Model = parse()
    except ValidationError as error:
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        ) from error
    return parsed
