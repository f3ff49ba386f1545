"""The history of an image's annotation: an append-only chain, each change naming the one before."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Timestamp
from shared.contracts.shapes import IgnoreRegion, Shape
from shared.ids import derived_id

Reason = Literal[
    "saved",
    "cleared",
    "imported",
    "merged",
    "restored",
    "corrected",
    "label_renamed",
    "label_deleted",
    "label_restored",
    "drawn_on_whole",
]
"""Why an annotation changed.

``merged``: an import was added to what a person drew; ``restored``: an import was undone;
``drawn_on_whole``: a tile follows the image it was cut from.
"""

FOLLOWS_LABEL: tuple[Reason, ...] = ("label_renamed", "label_deleted", "label_restored")

MADE_ANEW: tuple[Reason, ...] = ("cleared", "imported", "corrected", "drawn_on_whole")
"""Such a step says what the whole image shows, whatever was there before."""


class Change(BaseModel):
    """One step: who made the annotation what, from what, and why.

    `seq` is the annotation's version after the step; `previous_id` is the step before, empty for
    the first. Together they form a chain that the annotation's own document holds the end of.
    `restores` is the step whose outcome is there again, for an undone import; a tile that follows
    its image back names its own. ``gone`` are the deleted labels whose shapes went: name → id.
    """

    model_config = ConfigDict(frozen=True)

    change_id: str
    previous_id: str
    image_id: str
    seq: int
    author: str
    role: str
    reason: Reason
    prediction_id: str | None = None
    at: Timestamp
    before: tuple[Shape, ...] = ()
    after: tuple[Shape, ...] = ()
    ignore_regions: tuple[IgnoreRegion, ...] = ()
    annotated: bool = True
    restores: str = ""
    gone: dict[str, str] = Field(default_factory=dict)


def change_id(image_id: str, seq: int, content: str) -> str:
    """Return the id of a step; two writers of the same step differ by their content.

    >>> change_id("i", 1, "a") == change_id("i", 1, "a") != change_id("i", 1, "b")
    True
    """
    return derived_id(image_id, str(seq), content)


def chain(changes: Iterable[Change], last_id: str) -> list[Change]:
    """Put changes in order, newest first, and leave out those of writers that lost a race.

    A step is written before the annotation that it leads to; the step of a write that then failed
    is never named by anyone and so never shows.

    Args:
        changes: Steps of one image in any order, perhaps with such strays.
        last_id: The step that the annotation names.

    Returns:
        The steps from the newest back to the first; empty when `last_id` is not among them.
    """
    by_id = {change.change_id: change for change in changes}
    ordered: list[Change] = []
    while last_id in by_id:
        ordered.append(by_id.pop(last_id))
        last_id = ordered[-1].previous_id
    return ordered
