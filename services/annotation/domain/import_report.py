"""The report of an import, file by file: stored in English, told in the language of its reader."""

from collections.abc import Sequence, Set
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.annotation.domain.conflicts import Action
from services.annotation.domain.formats.model import Format, Split
from shared.contracts.shapes import Shape
from shared.texts.language import Told

FileStatus = Literal["imported", "readable", "kept", "failed", "left_aside", "not_reached"]
_NOT_REACHED = "the import ended before it came to this one"


class DrawnBefore(BaseModel):
    """What stood on an image before the import: by whom, whether by hand, how many shapes."""

    model_config = ConfigDict(frozen=True)

    author: str
    by_hand: bool
    shapes: int


class ImportedFile(BaseModel):
    """What became of one file, or of one image of a file that describes many.

    ``action`` says what the import did, or would do, to the image's annotation, and ``before`` what
    stood there; both are null for a file without a usable label. An import that was stopped has
    ``not_reached`` some.
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

    ``pictures`` counts those of the archive that the gallery does not have: they are left aside.
    ``import_id`` is what `imports/{import_id}:undo` takes; empty when nothing was written. A kept
    image does not count as imported.
    """

    model_config = ConfigDict(frozen=True)

    import_id: str
    imported: int
    failed: int
    left_aside: int
    pictures: int = 0
    warnings: int
    counts: ImportCounts
    new_labels: tuple[str, ...]
    entries: tuple[ImportedFile, ...]
    splits: tuple[ImportedSplit, ...]


def counts_of(entries: Sequence[ImportedFile], *, unmatched: int) -> ImportCounts:
    """Count what an import does to images, ``unmatched`` being what names none of them."""
    actions = [entry.action for entry in entries]
    shown_before = [entry.before.shapes if entry.before else 0 for entry in entries]
    return ImportCounts(
        new=actions.count("new"),
        replaced=actions.count("replaced"),
        replaced_shapes=sum(
            shapes
            for action, shapes in zip(actions, shown_before, strict=True)
            if action == "replaced"
        ),
        merged=actions.count("merged"),
        unchanged=actions.count("unchanged"),
        kept=actions.count("kept"),
        negatives=sum(
            entry.action in ("new", "replaced") or (entry.action == "merged" and not shapes)
            for entry, shapes in zip(entries, shown_before, strict=True)
            if not entry.shapes
        ),
        unmatched=unmatched,
    )


def as_far(planned: ImportReport, import_id: str, written: Set[str]) -> ImportReport:
    """Return the report of an import that ended early.

    Args:
        planned: What it would have done.
        import_id: Its id.
        written: The images that it wrote.

    Returns:
        The report; lists of splits count for what was written and are not told.
    """
    entries = tuple(_reached(entry, written) for entry in planned.entries)
    return planned.model_copy(
        update={
            "import_id": import_id if written else "",
            "imported": sum(entry.status == "imported" for entry in entries),
            "counts": counts_of(entries, unmatched=planned.counts.unmatched),
            "entries": entries,
            "splits": (),
        }
    )


def _reached(entry: ImportedFile, written: Set[str]) -> ImportedFile:
    is_to_write = entry.action in ("new", "replaced", "merged")
    if not is_to_write or entry.image_id in written:
        return entry
    update = {"status": "not_reached", "action": None, "before": None, "message": _NOT_REACHED}
    return entry.model_copy(update=update)
