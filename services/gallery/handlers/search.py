"""What a list of images is narrowed to and ordered by, as the store knows it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.gallery.repository import Status
from shared.clock import format_time
from shared.contracts.annotation_events import ReviewState
from shared.contracts.names import folded, label_name
from shared.documents.port import Condition, Contains, Has, Range, Sort, Where


class ImageSort(StrEnum):
    """Order of a list; a minus sorts downwards."""

    NEWEST = "-uploaded_at"
    OLDEST = "uploaded_at"
    NAME = "name"
    NAME_DOWN = "-name"

    def order(self) -> Sort:
        """Return the order as the store knows it."""
        field = "sort_name" if self.value.endswith("name") else "uploaded_at"
        return Sort(field, -1 if self.value.startswith("-") else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFilter:
    """What a list is narrowed to; None leaves a field open."""

    name: str | None = None
    label: str | None = None
    status: Status | None = None
    review: ReviewState | None = None
    uploaded_from: datetime | None = None
    uploaded_to: datetime | None = None
    width: int | None = None
    height: int | None = None
    parent_id: str | None = None
    parents: bool = False

    def where(self, project_id: str) -> Where:
        """Return the conditions for the store."""
        where: dict[str, Condition] = {"project_id": project_id}
        if self.parents:
            where["tiling"] = "done"
        elif self.parent_id is not None:
            where["parent_id"] = self.parent_id
        else:
            where["listed"] = True
        exact = {"status": self.status, "width": self.width, "height": self.height}
        where |= {field: value for field, value in exact.items() if value is not None}
        if self.review is not None:
            where |= {"annotated": True, "review": None if self.review == "draft" else self.review}
        if self.name:
            where["sort_name"] = Contains(folded(self.name))
        if self.label:
            where["labels"] = Has(_label(self.label))
        if self.uploaded_from or self.uploaded_to:
            where["uploaded_at"] = Range(
                gte=format_time(self.uploaded_from) if self.uploaded_from else None,
                lte=format_time(self.uploaded_to) if self.uploaded_to else None,
            )
        return where


def _label(asked: str) -> str:
    """The label as it is stored; what can be no label's name finds nothing."""
    try:
        return label_name(asked)
    except ValueError:
        return asked
