"""The job row: who may work on it, how far it is, and the fence that keeps late writers out."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Timestamp
from shared.documents.port import CollectionSpec, Document, Index
from shared.ticks import Ticks

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
FINAL: tuple[JobState, ...] = ("succeeded", "failed", "cancelled")


class Progress(BaseModel):
    """How far a job is: ``percent`` in [0, 100], a stage, and figures that the stage knows."""

    model_config = ConfigDict(frozen=True)

    percent: float = 0.0
    stage: str = ""
    seconds_left: float | None = None
    figures: dict[str, float] = Field(default_factory=dict)


class Job(Document):
    """A piece of long work; ``id`` is its idempotency key, ``attempt`` its fence.

    ``waits`` counts how often it was given back because it could not go on; it is not taken again
    ``not_before`` its time, so that others go on meanwhile. ``finish_requested`` asks the work to
    come to its end soon with what it has; work that cannot do so goes on. ``heartbeat_at`` is when
    its worker was last heard, ``beat`` the same in the ticks of the worker's machine, and
    ``idle_s`` how long nobody had it between its attempts, or after the last one. ``turn`` is where
    its tenant's turn began at which it was taken last (:mod:`shared.jobs.turns`).
    """

    kind: str
    state: JobState = "queued"
    payload: dict[str, Any] = Field(default_factory=dict)
    attempt: int = 0
    max_attempts: int = 3
    worker: str = ""
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    idle_s: float = 0.0
    lease_until: Timestamp | None = None
    not_before: Timestamp | None = None
    waits: int = 0
    turn: float | None = None
    heartbeat_at: Timestamp | None = None
    beat: Ticks | None = None
    cancel_requested: bool = False
    finish_requested: bool = False
    progress: Progress = Progress()
    error: str = ""


def job_spec(service: str) -> CollectionSpec[Job]:
    """Return the collection in which ``service`` keeps its jobs; payloads name their project."""
    return CollectionSpec(
        f"{service}.jobs",
        Job,
        (
            Index(("kind", "state", "created_at")),
            Index(("kind", "turn")),
            Index(("state", "kind"), across=True),
        ),
        project_field="payload.project_id",
    )
