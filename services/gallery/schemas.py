"""Requests and responses of the gallery."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.gallery.domain.limits import RECOMMENDED_IMAGES
from services.gallery.domain.names import sort_name
from services.gallery.repository import Image, Status, TilingState
from shared.clock import Timestamp, format_time
from shared.documents.port import Condition, Contains, Has, Range, Sort, Where
from shared.http.problems import Problem

MAX_BATCH = 500


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

    def value_of(self, image: Image) -> str:
        """Return what this order compares, for a cursor."""
        return (
            image.sort_name if self.order().field == "sort_name" else format_time(image.uploaded_at)
        )


class ImageFilter(BaseModel):
    """What a list is narrowed to; None leaves a field open."""

    model_config = ConfigDict(frozen=True)

    name: str | None = None
    label: str | None = None
    status: Status | None = None
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
        exact: dict[str, Any] = {
            "status": self.status,
            "width": self.width,
            "height": self.height,
        }
        where |= {field: value for field, value in exact.items() if value is not None}
        if self.name:
            where["sort_name"] = Contains(sort_name(self.name))
        if self.label:
            where["labels"] = Has(self.label)
        if self.uploaded_from or self.uploaded_to:
            where["uploaded_at"] = Range(
                gte=format_time(self.uploaded_from) if self.uploaded_from else None,
                lte=format_time(self.uploaded_to) if self.uploaded_to else None,
            )
        return where


def image_filter(
    name: Annotated[str | None, Query(max_length=128, description="part of the name")] = None,
    label: Annotated[str | None, Query(max_length=128)] = None,
    status: Status | None = None,
    uploaded_from: datetime | None = None,
    uploaded_to: datetime | None = None,
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
    """An image as the list shows it; ``labels`` has one entry an annotation."""

    id: str
    project_id: str
    name: str
    status: Status
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
    tiling_reason: str
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
        return cls(**image.model_dump(include=set(cls.model_fields)))


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
    """The result of one uploaded file: an image, or the problem that refused it."""

    name: str
    outcome: FileOutcome
    status: int
    image: ImageResponse | None = None
    problem: Problem | None = None


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
