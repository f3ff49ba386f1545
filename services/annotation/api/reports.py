"""What routes of imports answer, beside the reports themselves."""

from pydantic import BaseModel

from services.annotation.domain.conflicts import OnConflict
from services.annotation.handlers.import_undo import Undone
from services.annotation.repository import ImportRun
from shared.clock import Timestamp
from shared.jobs.job import Job, JobState, Progress
from shared.texts.language import Told


class ImportRunResponse(BaseModel):
    """An import that is, or was, worked on in the background.

    ``imported`` and ``failed`` count files once there is a report; ``progress.figures`` counts what
    is ``done`` of the ``total``: files while it reads, images while it stores. ``has_archive`` says
    that the archive is still here, to be imported from.
    """

    id: str
    project_id: str
    name: str
    dry_run: bool
    strict: bool
    on_conflict: OnConflict
    state: JobState
    progress: Progress
    has_report: bool
    has_archive: bool
    imported: int
    failed: int
    error: Told
    created_at: Timestamp
    created_by: str
    finished_at: Timestamp | None

    @classmethod
    def of(cls, run: ImportRun, job: Job | None) -> "ImportRunResponse":
        """Join an import and its job; one that was done within its request has none."""
        state: JobState = run.ended or (job.state if job else "queued")
        return cls(
            id=run.id,
            project_id=run.project_id,
            name=run.archive_name,
            dry_run=run.dry_run,
            strict=run.strict,
            on_conflict=run.on_conflict,
            state=state,
            progress=job.progress if job else Progress(),
            has_report=bool(run.report_key),
            has_archive=bool(run.archive_key),
            imported=run.imported,
            failed=run.failed,
            error=run.error or (job.error if job else ""),
            created_at=run.created_at,
            created_by=run.created_by,
            finished_at=run.finished_at or (job.finished_at if job else None),
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
