"""The report of what an import did, or would do."""

from services.annotation.domain.formats.model import PICTURE
from services.annotation.domain.import_report import (
    DrawnBefore,
    FileStatus,
    ImportedFile,
    ImportedSplit,
    ImportReport,
    counts_of,
)
from services.annotation.handlers.import_plan import ImportVerdict
from services.annotation.handlers.imports import ImportOutcome
from services.annotation.process.parser_messages import ParsedEntry

_KEPT = "what {} drew here stays ({} shapes); on_conflict says what else to do with it"


def report_of(outcome: ImportOutcome, *, dry_run: bool, with_shapes: bool = False) -> ImportReport:
    """Build the report of an outcome; of a dry run, perhaps with the shapes themselves."""
    entries = tuple(
        _file(
            entry,
            outcome.verdicts.get(entry.image_id or "") if entry.usable else None,
            dry_run=dry_run,
            with_shapes=with_shapes,
        )
        for entry in outcome.parsed.entries
    )
    return ImportReport(
        import_id=outcome.import_id,
        imported=sum(entry.status == "imported" for entry in entries),
        failed=len(outcome.failed),
        left_aside=sum(entry.status == "left_aside" for entry in entries),
        pictures=sum(entry.notice == PICTURE for entry in outcome.parsed.entries),
        warnings=sum(len(entry.warnings) for entry in entries),
        counts=counts_of(
            entries, unmatched=sum(entry.unmatched for entry in outcome.parsed.entries)
        ),
        new_labels=outcome.new_labels,
        entries=entries,
        splits=tuple(
            ImportedSplit(
                file=found.file,
                split=found.split,
                images=len(found.image_ids),
                unknown=found.unknown,
            )
            for found in outcome.parsed.splits
        ),
    )


def _file(
    entry: ParsedEntry, verdict: ImportVerdict | None, *, dry_run: bool, with_shapes: bool
) -> ImportedFile:
    """Tell of one entry; `verdict` is that of its image where it is usable."""
    before = verdict.before if verdict else None
    kept = verdict is not None and verdict.action == "kept"
    stays = _KEPT.format(before.author, before.shapes) if kept and before else ""
    return ImportedFile(
        file=entry.file,
        status=_status(entry, kept=kept, dry_run=dry_run),
        action=verdict.action if verdict else None,
        before=DrawnBefore(**vars(before)) if before else None,
        image_id=entry.image_id,
        image_name=entry.image_name,
        format=entry.format,
        shapes=len(entry.shapes),
        warnings=entry.warnings,
        message=entry.error or entry.notice or stays,
        annotation=entry.shapes if with_shapes and dry_run and entry.usable else None,
    )


def _status(entry: ParsedEntry, *, kept: bool, dry_run: bool) -> FileStatus:
    if not entry.usable:
        return "failed" if entry.error else "left_aside"
    if dry_run:
        return "readable"
    return "kept" if kept else "imported"
