"""ETag and If-Match over document versions, and Idempotency-Key for POSTs that create."""

from typing import Annotated

from fastapi import Depends, Header, Response

from shared.errors import FieldError, InvalidInput

_MAX_DIGITS = 18  # what a store's integer holds


def etag(version: int) -> str:
    """Return the entity tag of a version; 0 means "not stored yet"."""
    return f'"{version}"'


def set_etag(response: Response, version: int) -> None:
    """Put the entity tag on a response."""
    response.headers["ETag"] = etag(version)


_IfMatch = Annotated[str | None, Header(alias="If-Match", json_schema_extra={"format": "etag"})]


def _expected(if_match: _IfMatch = None) -> int | None:
    if if_match is None:
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise InvalidInput(
            "If-Match is not an ETag of ours", errors=[FieldError("If-Match", text[:100])]
        )
    return int(text)


def _key(
    key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)] = None,
) -> str | None:
    return key


ExpectedVersion = Annotated[int | None, Depends(_expected)]
IdempotencyKey = Annotated[str | None, Depends(_key)]
"""The client's key: derive the new object's id from it: a POST sent twice creates once."""
