"""Requests and responses of the gallery."""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.gallery.domain.limits import RECOMMENDED_IMAGES
from services.gallery.handlers.search import ImageFilter
from services.gallery.handlers.uploads import Received
from services.gallery.repository import Image, Status, TilingState
from shared.clock import LastMoment, Moment, Timestamp
from shared.contracts.annotation_events import ReviewState
from shared.errors import Internal
from shared.http.problems import Problem, problem_of
from shared.texts.language import Told

MAX_BATCH = 500


def image_filter(
    name: Annotated[str | None, Query(max_length=128, description="part of the name")] = None,
    label: Annotated[str | None, Query(max_length=128)] = None,
    status: Status | None = None,
    review: ReviewState | None = None,
    uploaded_from: Moment | None = None,
    uploaded_to: Annotated[
        LastMoment | None, Query(description="a bare date includes the whole day")
    ] = None,
    width: Annotated[int | None, Query(ge=1, le=100_000)] = None,
    height: Annotated[int | None, Query(ge=1, le=100_000)] = None,
    parent_id: Annotated[str | None, Query(max_length=64, description="the tiles of one")] = None,
    parents: Annotated[bool, Query(description="images that were cut, not their tiles")] = False,
) -> ImageFilter:
    """Read the search of a request."""
    return ImageFilter(**locals())


Filter = Annotated[ImageFilter, Depends(image_filter)]


class TileResponse(BaseModel):
    """A tile of a parent image."""

    id: str
    name: str
    row: int
    column: int
    offset_x: int
    offset_y: int
    width: int
    height: int


class ImageResponse(BaseModel):
    """An image as the list shows it; ``labels`` has one entry an annotation.

    ``review`` is where its annotation stands, null where it has none.
    """

    id: str
    project_id: str
    name: str
    status: Status
    review: ReviewState | None
    labels: tuple[str, ...]
    width: int
    height: int
    size_bytes: int
    sha256: str
    content_type: str
    original_type: str
    uploaded_at: Timestamp
    uploaded_by: str
    tested_by: str | None
    tiling: TilingState
    tiling_reason: Told
    tiles: int
    parent_id: str | None
    row: int | None
    column: int | None
    offset_x: int
    offset_y: int
    plan_hash: str | None
    version: int

    @classmethod
    def of(cls, image: Image) -> "ImageResponse":
        """Build the response of a stored image."""
        facts = image.model_dump(include=set(cls.model_fields))
        draft = "draft" if image.annotated else None
        return cls(**{**facts, "review": image.review or draft})


class ImageDetail(ImageResponse):
    """An image with its tiles, row by row."""

    tile_images: tuple[TileResponse, ...] = ()

    @classmethod
    def with_tiles(cls, image: Image, tiles: list[Image]) -> "ImageDetail":
        """Build the response of an image and its tiles."""
        return cls(
            **ImageResponse.of(image).model_dump(),
            tile_images=tuple(
                TileResponse(**tile.model_dump(include=set(TileResponse.model_fields)))
                for tile in tiles
            ),
        )


class FileOutcome(StrEnum):
    """What became of one uploaded file."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class FileResult(BaseModel):
    """The result of one uploaded file: an image, or the problem that refused it.

    ``warnings`` tell what a person should know of how the picture is shown.
    """

    name: str
    outcome: FileOutcome
    status: int
    image: ImageResponse | None = None
    problem: Problem | None = None
    warnings: tuple[Told, ...] = ()

    @classmethod
    def of(cls, received: Received) -> "FileResult":
        """Build the result of a file that was received."""
        if received.accepted is None:
            problem = problem_of(received.refusal or Internal())
            return cls(
                name=received.name,
                outcome=FileOutcome.REFUSED,
                status=problem.status,
                problem=problem,
            )
        duplicate = received.accepted.duplicate
        return cls(
            name=received.name,
            outcome=FileOutcome.DUPLICATE if duplicate else FileOutcome.CREATED,
            status=200 if duplicate else 201,
            image=ImageResponse.of(received.accepted.image),
            warnings=received.accepted.warnings,
        )


class UploadResponse(BaseModel):
    """The results of an upload, in the order of its files."""

    files: tuple[FileResult, ...]


class Summary(BaseModel):
    """How many images a project has, by status, and how many are recommended at least."""

    total: int
    unlabelled: int
    labelled: int
    tested: int
    recommended: int = RECOMMENDED_IMAGES

    @classmethod
    def of(cls, counts: dict[str, int]) -> "Summary":
        """Build the response of the number of images of each status."""
        return cls(
            total=sum(counts.values()),
            unlabelled=counts.get("unlabelled", 0),
            labelled=counts.get("labelled", 0),
            tested=counts.get("tested", 0),
        )


class BatchDelete(BaseModel):
    """Images to remove."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MAX_BATCH)


class BatchDeleted(BaseModel):
    """What was removed, and what was not there."""

    deleted: tuple[str, ...]
    missing: tuple[str, ...]


class ResumableUpload(BaseModel):
    """A resumable upload on its way."""

    id: str
    name: str
    length: int
    offset: int
    expires_at: Timestamp
