"""Shapes: how a place in an image, and what is there, travels between people and services."""

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    model_validator,
)

from shared.contracts.names import label_name
from shared.runtime.tasks.names import ShapeKind, TaskName

Task = TaskName

MAX_POINTS = 100_000
MAX_COORDINATE = 1e9
MAX_NAME = 128


Name = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME, json_schema_extra={"format": "name"}),
    AfterValidator(label_name),
]
"""A name given by a person: stored raw, 1 to 128 printable characters."""

Coordinate = Annotated[float, Field(ge=-MAX_COORDINATE, le=MAX_COORDINATE, allow_inf_nan=False)]
Point = tuple[Coordinate, Coordinate]
Points = Annotated[tuple[Point, ...], FailFast()]
"""Points in order; the first wrong one ends the look at them."""


class Closed(BaseModel):
    """A model that takes no other fields, and tells of a hundred thousand others in one error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few(cls, data: Any) -> Any:  # noqa: ANN401  whatever came
        if isinstance(data, dict) and len(data) > len(cls.model_fields):
            raise ValueError(f"has {len(data)} fields; {len(cls.model_fields)} are known")
        return data


class Rle(Closed):
    """COCO run-length code: ``size`` is (height, width), ``counts`` the compressed text."""

    size: tuple[int, int]
    counts: str


class Shape(Closed):
    """One annotated or predicted object, in pixels of the EXIF-upright image, origin top-left.

    ``box`` has two points (top-left, bottom-right); ``rotated_box`` two points of the unrotated
    box and ``angle`` in degrees, clockwise, about its centre; ``polygon`` at least three; ``mask``
    carries ``rle``; ``image`` labels the whole image and has no points.

    ``score`` is how sure a version is. An annotated shape has none, unless it is what the version
    ``proposed_by`` had found and a person accepted as it was.
    """

    id: str = ""
    label: Name
    kind: ShapeKind
    points: Points = Field(default=(), max_length=MAX_POINTS)
    rle: Rle | None = None
    angle: Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)] | None = None
    text: str | None = Field(default=None, max_length=1000)
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    # Left out where there is none: who knew shapes before it goes on reading them.
    proposed_by: str | None = Field(
        default=None, min_length=1, max_length=32, exclude_if=lambda version: version is None
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = {"box": (2, 2), "rotated_box": (2, 2), "polygon": (3, MAX_POINTS)}
        low, high = wanted.get(self.kind, (0, 0))
        if not low <= len(self.points) <= high:
            raise ValueError(f"a {self.kind} has {low} to {high} points, not {len(self.points)}")
        if (self.kind == "mask") != (self.rle is not None):
            raise ValueError("rle belongs to a mask, and a mask needs it")
        return self

    def bounds(self) -> tuple[float, float, float, float]:
        """Return the upright box (x1, y1, x2, y2) around the points; ValueError without any."""
        if not self.points:
            raise ValueError(f"a {self.kind} shape has no points")
        xs = [x for x, _ in self.points]
        ys = [y for _, y in self.points]
        return min(xs), min(ys), max(xs), max(ys)


class IgnoreRegion(Closed):
    """A polygon whose inside neither trains nor counts (the manual's mask region)."""

    points: Points = Field(min_length=3, max_length=MAX_POINTS)
