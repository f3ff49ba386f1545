"""The status of an image, from what is known of it (C-027)."""

from typing import Literal

Status = Literal["unlabelled", "labelled", "tested"]


def status_of(*, annotated: bool, tested: bool) -> Status:
    """Return the status: an annotation outweighs a test.

    >>> status_of(annotated=False, tested=True), status_of(annotated=True, tested=True)
    ('tested', 'labelled')
    """
    if annotated:
        return "labelled"
    return "tested" if tested else "unlabelled"
