"""The reports of imports."""

from typing import Literal

from pydantic import BaseModel

from services.annotation.domain.conflicts import Action, Drawn
from services.annotation.domain.formats.model import Format, Split
from services.annotation.handlers.import_plan import Verdict
from services.annotation.handlers.import_undo import Undone
from services.annotation.handlers.imports import ImportOutcome
from services.annotation.process.parser_messages import ParsedEntry
from shared.contracts.shapes import Shape
from shared.texts.language import Told

_KEPT = "what {} drew here stays ({} shapes); on_conflict says what else to do with it"


class DrawnResponse(BaseModel):
    """What stood on an image before the import: by whom, whether by hand, how many shapes."""

    author: str
    by_hand: bool
    shapes: int

    @classmethod
    def of(cls, drawn: Drawn) -> "DrawnResponse":
        """Build the response of what stood there."""
        return cls(**vars(drawn))


class ImportEntryResponse(BaseModel):
    """What became of one file, or of one image of a file that describes many.

    ``action`` says what the import did, or would do, to the image's annotation, and ``before`` what
    stood there; both are null for a file without a usable label.
    """

    file: str
    status: Literal["imported", "readable", "kept", "failed", "left_aside"]
    action: Action | None = None
    before: DrawnResponse | None = None
    image_id: str | None
    image_name: str | None
    format: Format | None
    shapes: int
    warnings: tuple[Told, ...]
    message: Told
    annotation: tuple[Shape, ...] | None = None
    """The shapes themselves, of a dry run."""

    @classmethod
    def of(
        cls, entry: ParsedEntry, verdict: Verdict | None, *, dry_run: bool
    ) -> "ImportEntryResponse":
        """Build the response of an entry; `verdict` is that of its image where it is usable."""
        before = verdict.before if verdict else None
        kept = verdict is not None and verdict.action == "kept"
        done: Literal["imported", "readable", "kept"] = (
            "readable" if dry_run else "kept" if kept else "imported"
        )
        unusable: Literal["failed", "left_aside"] = "failed" if entry.error else "left_aside"
        stays = _KEPT.format(before.author, before.shapes) if kept and before else ""
        return cls(
            file=entry.file,
            status=done if entry.usable else unusable,
            action=verdict.action if verdict else None,
            before=DrawnResponse.of(before) if before else None,
            image_id=entry.image_id,
            image_name=entry.image_name,
            format=entry.format,
            shapes=len(entry.shapes),
            warnings=entry.warnings,
            message=entry.error or entry.notice or stays,
            annotation=entry.shapes if dry_run and entry.usable else None,
        )


class ImportSplitResponse(BaseModel):
    """A list of a split that lay in the archive."""

    file: str
    split: Split
    images: int
    unknown: tuple[str, ...]


class ImportCounts(BaseModel):
    """How many images an import treats how, and how many shapes it takes away.

    ``negatives`` are images that show nothing from now on; ``unmatched`` files or records name no
    image of the project.
    """

    new: int
    replaced: int
    replaced_shapes: int
    merged: int
    unchanged: int
    kept: int
    negatives: int
    unmatched: int

    @classmethod
    def of(cls, outcome: ImportOutcome) -> "ImportCounts":
        """Count an outcome."""
        verdicts = outcome.verdicts.values()
        actions = [verdict.action for verdict in verdicts]
        return cls(
            new=actions.count("new"),
            replaced=actions.count("replaced"),
            replaced_shapes=sum(
                verdict.before.shapes
                for verdict in verdicts
                if verdict.action == "replaced" and verdict.before
            ),
            merged=actions.count("merged"),
            unchanged=actions.count("unchanged"),
            kept=actions.count("kept"),
            negatives=sum(verdict.is_negative for verdict in verdicts),
            unmatched=sum(entry.unmatched for entry in outcome.parsed.entries),
        )


class ImportResponse(BaseModel):
    """The report of an import, file by file.

    ``import_id`` is what `imports/{import_id}:undo` takes; empty when nothing was written. A kept
    image does not count as imported.
    """

    import_id: str
    imported: int
    failed: int
    left_aside: int
    warnings: int
    counts: ImportCounts
    new_labels: tuple[str, ...]
    entries: tuple[ImportEntryResponse, ...]
    splits: tuple[ImportSplitResponse, ...]

    @classmethod
    def of(cls, outcome: ImportOutcome, *, dry_run: bool) -> "ImportResponse":
        """Build the report."""
        entries = tuple(
            ImportEntryResponse.of(
                entry,
                outcome.verdicts.get(entry.image_id or "") if entry.usable else None,
                dry_run=dry_run,
            )
            for entry in outcome.parsed.entries
        )
        return cls(
            import_id=outcome.import_id,
            imported=sum(entry.status == "imported" for entry in entries),
            failed=len(outcome.failed),
            left_aside=sum(entry.status == "left_aside" for entry in entries),
            warnings=sum(len(entry.warnings) for entry in entries),
            counts=ImportCounts.of(outcome),
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


class UndoResponse(BaseModel):
    """How many images are as before the import (``restored``, ``cleared``: unannotated again).

    ``left`` stay as they are: changed since, deleted, or undone before.
    """

    restored: int
    cleared: int
    left: int

    @classmethod
    def of(cls, undone: Undone) -> "UndoResponse":
        """Build the response of an undone import."""
        return cls(**vars(undone))
