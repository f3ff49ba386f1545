"""Tenants: how one may be called, and what is said of one."""

import re

from shared.contracts.names import has_unseen
from shared.errors import FieldError, InvalidInput

MAX_ID = 40
MAX_NAME = 64
MAX_REASON = 200
ID_PATTERN = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"


def check_id(text: str) -> None:
    """Refuse what cannot be a tenant's id, which stands in the names of blobs and in addresses.

    Raises:
        InvalidInput: That is not 1 to 40 of a-z, 0-9 and, inside, hyphens.

    >>> check_id("acme-2")
    """
    if len(text) > MAX_ID or not re.fullmatch(ID_PATTERN, text):
        raise InvalidInput(
            "a tenant cannot have this id",
            errors=[FieldError("id", f"must be 1 to {MAX_ID} of a-z, 0-9 and, inside, hyphens")],
        )


def line_of(field: str, text: str, *, most: int) -> str:
    """Return a text for people as it is kept: one line, no blanks at its ends.

    Raises:
        InvalidInput: It is blank, longer than ``most`` characters, or has what nobody can see.

    >>> line_of("name", " Acme 轴承 ", most=64)
    'Acme 轴承'
    """
    kept = text.strip()
    if not kept or has_unseen(kept):
        raise _wrong(field, "must be printable and not blank")
    if len(kept) > most:
        raise _wrong(field, f"must have {most} characters at most")
    return kept


def _wrong(field: str, why: str) -> InvalidInput:
    return InvalidInput(f"wrong or missing: {field}", errors=[FieldError(field, why)])
