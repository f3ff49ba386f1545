"""Requests and responses of the annotation service."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    StringConstraints,
)
from pydantic.config import JsonDict

from services.annotation.domain.formats.limits import MAX_SHAPES
from services.annotation.domain.formats.model import Split
from services.annotation.domain.history import Change, Reason
from services.annotation.domain.label_rules import LABEL_HOTKEYS, MAX_LABELS
from services.annotation.domain.reviews import Review, Word
from services.annotation.handlers.annotations import AnnotatedView, AnnotationSummary
from services.annotation.handlers.labels import DeletedLabel
from services.annotation.repository import Label
from shared.callers import PresentRole
from shared.clock import Timestamp
from shared.contracts.annotation_events import ReviewState
from shared.contracts.shapes import Closed, IgnoreRegion, Name, Shape
from shared.runtime.tasks.names import ShapeKind

_MAX_REGIONS = 1000
_MAX_NOTE = 1000
_MAX_COMMENT = 1000
_REASONED: JsonDict = {  # said here, checked by `check_word`
    "if": {"properties": {"word": {"const": "returned"}}, "required": ["word"]},
    "then": {"properties": {"comment": {"pattern": r"\S"}}, "required": ["comment"]},
}

Shapes = Annotated[list[Shape], FailFast()]
Regions = Annotated[list[IgnoreRegion], FailFast()]


class AnnotationWrite(Closed):
    """What an image's annotation shall be; no shape at all says that it shows none (a negative).

    An image of a classification project needs its label: there is none of nothing.
    """

    shapes: Shapes = Field(max_length=MAX_SHAPES)
    ignore_regions: Regions = Field(default_factory=list, max_length=_MAX_REGIONS)
    split: Split | None = None


class CorrectionWrite(Closed):
    """What a tested image really shows; in a classification project, its label."""

    prediction_id: str = Field(min_length=1, max_length=64)
    shapes: Shapes = Field(max_length=MAX_SHAPES)
    ignore_regions: Regions = Field(default_factory=list, max_length=_MAX_REGIONS)


class ReviewWrite(Closed):
    """What is said of an annotation as it is: handed in, accepted, or returned with a reason."""

    model_config = ConfigDict(json_schema_extra=_REASONED)

    word: Word
    comment: Annotated[str, StringConstraints(strip_whitespace=True, max_length=_MAX_COMMENT)] = ""


class ReviewResponse(BaseModel):
    """What somebody said of an annotation."""

    word: Word
    author: str
    role: PresentRole
    at: Timestamp
    comment: str

    @classmethod
    def of(cls, review: Review) -> "ReviewResponse":
        """Build the response of a word."""
        return cls(**review.model_dump(include=set(cls.model_fields)))


class AnnotationResponse(BaseModel):
    """An image's annotation; ``version`` 0 and ``annotated`` false when there is none yet.

    ``review`` is where it stands, ``reviews`` what was said last, newest first: also of earlier
    drawings.
    """

    image_id: str
    image_name: str
    width: int
    height: int
    shapes: tuple[Shape, ...]
    ignore_regions: tuple[IgnoreRegion, ...]
    annotated: bool
    corrected: bool
    split: Split | None
    author: str
    updated_at: Timestamp | None
    review: ReviewState
    reviews: tuple[ReviewResponse, ...]
    version: int

    @classmethod
    def of(cls, view: AnnotatedView) -> "AnnotationResponse":
        """Build the response of an image and its annotation."""
        found = view.annotation
        return cls(
            image_id=view.image.id,
            image_name=view.image.name,
            width=view.image.width,
            height=view.image.height,
            shapes=found.shapes,
            ignore_regions=found.ignore_regions,
            annotated=found.annotated,
            corrected=found.corrected,
            split=found.split,
            author=found.author,
            updated_at=found.updated_at,
            review=found.review,
            reviews=tuple(ReviewResponse.of(one) for one in reversed(found.reviews)),
            version=found.version,
        )


class ChangeResponse(BaseModel):
    """One step of an annotation's history; ``ignore_regions`` are those after it."""

    seq: int
    author: str
    role: PresentRole
    reason: Reason
    prediction_id: str | None
    at: Timestamp
    annotated: bool
    before: tuple[Shape, ...]
    after: tuple[Shape, ...]
    ignore_regions: tuple[IgnoreRegion, ...]

    @classmethod
    def of(cls, change: Change) -> "ChangeResponse":
        """Build the response of a step."""
        return cls(**change.model_dump(include=set(cls.model_fields)))


class SummaryResponse(BaseModel):
    """What of a project is annotated."""

    images: int
    annotated: int
    corrected: int
    negatives: int
    shapes: dict[str, int]

    @classmethod
    def of(cls, summary: AnnotationSummary) -> "SummaryResponse":
        """Build the response of a summary."""
        return cls(**vars(summary))


class LabelWrite(BaseModel):
    """A label's name."""

    model_config = ConfigDict(extra="forbid")

    name: Name


Colour = Annotated[str, Field(pattern="^(#[0-9a-f]{6})?$")]


def _hotkey(value: str) -> str:
    if value and value not in LABEL_HOTKEYS:
        raise ValueError("is one of the editor's own keys; choose another")
    return value


Hotkey = Annotated[str, Field(pattern=r"^([1-9]|Shift\+[A-Z])?$"), AfterValidator(_hotkey)]


class LabelPatch(BaseModel):
    """What of a label shall be otherwise; what is left out stays, an empty text takes it away.

    The colour is ``#rrggbb`` and near neither the report's red nor its orange; the key is a digit
    or Shift with a letter, none of the editor's own and no other label's.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    colour: Colour | None = None
    hotkey: Hotkey | None = None
    note: str | None = Field(default=None, max_length=_MAX_NOTE)


class LabelOrderWrite(BaseModel):
    """In what order labels shall stand; those that are not named come after them as they were."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[str, Field(max_length=64)]] = Field(max_length=MAX_LABELS)


class LabelResponse(BaseModel):
    """A label; without a colour or a key of its own it is given one by whoever shows it."""

    id: str
    name: str
    colour: str
    hotkey: str
    note: str
    created_at: Timestamp
    version: int

    @classmethod
    def of(cls, label: Label) -> "LabelResponse":
        """Build the response of a stored label."""
        return cls(**label.model_dump(include=set(cls.model_fields)))


class DeletedLabelResponse(BaseModel):
    """A deleted label; ``images`` is from how many its shapes went, as far as history is kept."""

    id: str
    name: str
    deleted_at: Timestamp
    deleted_by: str
    images: int

    @classmethod
    def of(cls, deleted: DeletedLabel) -> "DeletedLabelResponse":
        """Build the response of a deleted label."""
        facts = deleted.label.model_dump(include=set(cls.model_fields))
        return cls(**facts, images=deleted.images)


class DeletedLabelList(BaseModel):
    """The labels of a project that were deleted last, newest first."""

    items: tuple[DeletedLabelResponse, ...]


class LabelList(BaseModel):
    """All labels of a project in their order, and the kinds of shapes that may carry them."""

    items: tuple[LabelResponse, ...]
    total: int
    shape_kinds: tuple[ShapeKind, ...]
