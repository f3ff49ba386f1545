"""Requests and responses of the annotation service."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.annotation.domain.formats.limits import MAX_SHAPES
from services.annotation.domain.formats.model import Format, Split
from services.annotation.domain.history import Change, Reason
from services.annotation.handlers.annotations import AnnotatedView, Summary
from services.annotation.handlers.imports import ImportOutcome
from services.annotation.process.parser_messages import ParsedEntry
from services.annotation.repository import Label
from shared.clock import Timestamp
from shared.contracts.shapes import IgnoreRegion, Name, Shape

_MAX_REGIONS = 1000


class AnnotationWrite(BaseModel):
    """What an image's annotation shall be; no shape at all says that it shows none (a negative)."""

    model_config = ConfigDict(extra="forbid")

    shapes: list[Shape] = Field(max_length=MAX_SHAPES)
    ignore_regions: list[IgnoreRegion] = Field(default_factory=list, max_length=_MAX_REGIONS)
    split: Split | None = None


class CorrectionWrite(BaseModel):
    """What a tested image really shows."""

    model_config = ConfigDict(extra="forbid")

    prediction_id: str = Field(min_length=1, max_length=64)
    shapes: list[Shape] = Field(max_length=MAX_SHAPES)
    ignore_regions: list[IgnoreRegion] = Field(default_factory=list, max_length=_MAX_REGIONS)


class AnnotationResponse(BaseModel):
    """An image's annotation; ``version`` 0 and ``annotated`` false when there is none yet."""

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
            version=found.version,
        )


class ChangeResponse(BaseModel):
    """One step of an annotation's history."""

    seq: int
    author: str
    role: str
    reason: Reason
    prediction_id: str | None
    at: Timestamp
    annotated: bool
    before: tuple[Shape, ...]
    after: tuple[Shape, ...]

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
    def of(cls, summary: Summary) -> "SummaryResponse":
        """Build the response of a summary."""
        return cls(**vars(summary))


class LabelWrite(BaseModel):
    """A label's name."""

    model_config = ConfigDict(extra="forbid")

    name: Name


class LabelResponse(BaseModel):
    """A label."""

    id: str
    name: str
    created_at: Timestamp
    version: int

    @classmethod
    def of(cls, label: Label) -> "LabelResponse":
        """Build the response of a stored label."""
        return cls(**label.model_dump(include=set(cls.model_fields)))


class LabelList(BaseModel):
    """All labels of a project, oldest first."""

    items: tuple[LabelResponse, ...]
    total: int


class ImportEntryResponse(BaseModel):
    """What became of one file, or of one image of a file that describes many."""

    file: str
    status: Literal["imported", "readable", "failed", "left_aside"]
    image_id: str | None
    image_name: str | None
    format: Format | None
    shapes: int
    warnings: tuple[str, ...]
    message: str
    annotation: tuple[Shape, ...] | None = None
    """The shapes themselves, of a dry run."""

    @classmethod
    def of(cls, entry: ParsedEntry, *, dry_run: bool) -> "ImportEntryResponse":
        """Build the response of an entry."""
        done: Literal["imported", "readable"] = "readable" if dry_run else "imported"
        unusable: Literal["failed", "left_aside"] = "failed" if entry.error else "left_aside"
        return cls(
            file=entry.file,
            status=done if entry.usable else unusable,
            image_id=entry.image_id,
            image_name=entry.image_name,
            format=entry.format,
            shapes=len(entry.shapes),
            warnings=entry.warnings,
            message=entry.error or entry.notice,
            annotation=entry.shapes if dry_run and entry.usable else None,
        )


class ImportSplitResponse(BaseModel):
    """A list of a split that lay in the archive."""

    file: str
    split: Split
    images: int
    unknown: tuple[str, ...]


class ImportResponse(BaseModel):
    """The report of an import, file by file."""

    imported: int
    failed: int
    left_aside: int
    warnings: int
    new_labels: tuple[str, ...]
    entries: tuple[ImportEntryResponse, ...]
    splits: tuple[ImportSplitResponse, ...]

    @classmethod
    def of(cls, outcome: ImportOutcome, *, dry_run: bool) -> "ImportResponse":
        """Build the report."""
        entries = tuple(
            ImportEntryResponse.of(entry, dry_run=dry_run) for entry in outcome.parsed.entries
        )
        return cls(
            imported=outcome.stored,
            failed=len(outcome.failed),
            left_aside=sum(entry.status == "left_aside" for entry in entries),
            warnings=sum(len(entry.warnings) for entry in entries),
            new_labels=outcome.new_labels,
            entries=entries,
            splits=tuple(
                ImportSplitResponse(
                    file=found.file,
                    split=found.split,
                    images=len(found.image_ids),
                    unknown=found.unknown,
                )
                for found in outcome.parsed.splits
            ),
        )
