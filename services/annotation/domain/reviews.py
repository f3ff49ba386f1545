"""What people said of an annotation: handed in, found good, or sent back with a reason.

A word is of the drawing that was there when it was said, and ends with it: what is drawn anew is a
draft again. Only what was sent back stays so until it is handed in again, so that whoever works on
it has the reason before their eyes.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.callers import Caller, PresentRole
from shared.clock import Timestamp
from shared.contracts.annotation_events import ReviewState
from shared.errors import FieldError, Forbidden, InvalidInput

Word = Literal["submitted", "accepted", "returned"]

MOST_WORDS = 20
"""That an annotation keeps; the oldest goes for a new one."""


class Review(BaseModel):
    """A word about an annotation; ``drawn_version`` is the drawing that it is about."""

    model_config = ConfigDict(frozen=True)

    word: Word
    author: str
    role: PresentRole
    at: Timestamp
    comment: str = ""
    drawn_version: int = 0


def review_state(reviews: Sequence[Review], *, annotated: bool, drawn_version: int) -> ReviewState:
    """Return where an annotation stands.

    Args:
        reviews: What was said of it, oldest first.
        annotated: Whether there is an annotation.
        drawn_version: The version at which it was last drawn.

    >>> review_state((), annotated=True, drawn_version=1)
    'draft'
    """
    if not reviews or not annotated:
        return "draft"
    last = reviews[-1]
    return last.word if last.word == "returned" or last.drawn_version == drawn_version else "draft"


def check_word(author: Caller, word: Word, comment: str) -> None:
    """Check that somebody may say a word about an annotation.

    Raises:
        Forbidden: It accepts or returns, and the author is no engineer.
        InvalidInput: It returns, and gives no reason.
    """
    if word != "submitted" and not author.may("engineer"):
        raise Forbidden("that takes an engineer or an administrator")
    if word == "returned" and not comment:
        message = "say what is to be done, so that whoever gets it back knows"
        raise InvalidInput(message, errors=[FieldError("comment", message)])
