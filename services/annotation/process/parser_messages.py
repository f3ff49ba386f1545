"""What the parser process says, line by line: the wire form of an import's report."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.annotation.domain.formats.model import Format, ImportEntry, Split, SplitList
from shared.contracts.shapes import IgnoreRegion, Shape, Task

ImageRow = tuple[str, str, int, int, int]
"""Image id, name, width, height and EXIF orientation."""


class ParseJob(BaseModel):
    """What the parser is asked: the archive, the task, and the images that the gallery holds."""

    model_config = ConfigDict(frozen=True)

    archive: str
    task: Task
    images: tuple[ImageRow, ...]


class ParseStart(BaseModel):
    """The first line: how many files the archive holds."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["start"] = "start"
    files: int


class ParsedEntry(BaseModel):
    """One file, or one image of a file that holds many."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["entry"] = "entry"
    file: str
    image_id: str | None = None
    image_name: str | None = None
    format: Format | None = None
    usable: bool = False
    shapes: tuple[Shape, ...] = ()
    ignore_regions: tuple[IgnoreRegion, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    notice: str = ""
    unmatched: bool = False
    twin: str = ""

    @classmethod
    def of(cls, entry: ImportEntry, shapes: tuple[Shape, ...]) -> "ParsedEntry":
        """Build the line of a report's entry."""
        labels = entry.labels
        return cls(
            file=entry.file,
            image_id=entry.image.image_id if entry.image else None,
            image_name=entry.image.name if entry.image else None,
            format=entry.format,
            usable=labels is not None,
            shapes=shapes,
            ignore_regions=labels.ignore_regions if labels else (),
            warnings=labels.warnings if labels else (),
            error=entry.error,
            notice=entry.notice,
            unmatched=entry.unmatched,
            twin=entry.twin,
        )


class ParsedSplit(BaseModel):
    """A list of a split."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["split"] = "split"
    file: str
    split: Split
    image_ids: tuple[str, ...]
    unknown: tuple[str, ...]

    @classmethod
    def of(cls, found: SplitList) -> "ParsedSplit":
        """Build the line of a list."""
        return cls(
            file=found.file,
            split=found.split,
            image_ids=tuple(image.image_id for image in found.images),
            unknown=found.unknown,
        )


class ParseEnd(BaseModel):
    """The last line: the archive was read to its end, or refused as a whole."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["end"] = "end"
    refused: str = ""


class ParsedArchive(BaseModel):
    """All lines of a report."""

    model_config = ConfigDict(frozen=True)

    entries: tuple[ParsedEntry, ...]
    splits: tuple[ParsedSplit, ...]
