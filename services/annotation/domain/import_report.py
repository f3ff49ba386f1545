"""The report of an import, file by file: stored in English, told in the language of its reader."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.annotation.domain.conflicts import Action
from services.annotation.domain.formats.model import Format, Split
from shared.contracts.shapes import Shape
from shared.texts.language import Told

FileStatus = Literal["imported", "readable", "kept", "failed", "left_aside"]


class DrawnBefore(BaseModel):
    """What stood on an image before the import: by whom, whether by hand, how many shapes."""

    model_config = ConfigDict(frozen=True)

    author: str
    by_hand: bool
    shapes: int


class ImportedFile(BaseModel):
    """What became of one file, or of one image of a file that describes many.

    ``action`` says what the import did, or would do, to the image's annotation, and ``before`` what
    stood there; both are null for a file without a usable label.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    status: FileStatus
    action: Action | None = None
    before: DrawnBefore | None = None
    image_id: str | None
    image_name: str | None
    format: Format | None
    shapes: int
    warnings: tuple[Told, ...]
    message: Told
    annotation: tuple[Shape, ...] | None = None
    """The shapes themselves, of a dry run by one request."""


class ImportedSplit(BaseModel):
    """A list of a split that lay in the archive."""

    model_config = ConfigDict(frozen=True)

    file: str
    split: Split
    images: int
    unknown: tuple[str, ...]


class ImportCounts(BaseModel):
    """How many images an import treats how, and how many shapes it takes away.

    ``negatives`` are images that show nothing from now on; ``unmatched`` files or records name no
    image of the project.
    """

    model_config = ConfigDict(frozen=True)

    new: int
    replaced: int
    replaced_shapes: int
    merged: int
    unchanged: int
    kept: int
    negatives: int
    unmatched: int


class ImportReport(BaseModel):
    """The report of an import, file by file.

    ``import_id`` is what `imports/{import_id}:undo` takes; empty when nothing was written. A kept
    image does not count as imported.
    """

    model_config = ConfigDict(frozen=True)

    import_id: str
    imported: int
    failed: int
    left_aside: int
    warnings: int
    counts: ImportCounts
    new_labels: tuple[str, ...]
    entries: tuple[ImportedFile, ...]
    splits: tuple[ImportedSplit, ...]
