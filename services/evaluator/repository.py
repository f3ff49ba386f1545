"""The collections that the evaluator owns."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Timestamp
from shared.contracts.training_events import ReportFailed
from shared.documents.port import CollectionSpec, Document, Index
from shared.jobs.job import job_spec
from shared.projects.directory import projects_spec

State = Literal["running", "completed", "failed"]


class LabelPoint(BaseModel):
    """One label's place on its learning curve: annotations in the data set, and its rate."""

    model_config = ConfigDict(frozen=True)

    label: str
    count: int
    rate: float | None


class Pages(BaseModel):
    """Blob keys of the rendered report, by language."""

    model_config = ConfigDict(frozen=True)

    html: dict[str, str] = Field(default_factory=dict)
    pdf: dict[str, str] = Field(default_factory=dict)


class StoredReport(Document):
    """The judgement on one version; its blobs are never changed, a recomputation has new ones.

    ``watched_key`` are the matches of corrected images that teach. A judgement under way is the job
    ``job_id``; ``judged_by`` is the one whose outcome this is. While the first one runs, the state
    is ``running``.
    ``pretrained`` tells whether the version's backbone was; None where nobody said. ``champion``
    is the version that served when this one was made.
    """

    project_id: str
    training_id: str
    name: str
    number: int
    manifest_key: str
    predictions_key: str
    pretrained: bool | None = None
    champion: str = ""
    created_at: Timestamp
    revision: int = 1
    state: State = "completed"
    reason: str = ""
    job_id: str = ""
    judged_by: str = ""
    judgements: int = 1
    dataset_hash: str = ""
    threshold: float = 0.5
    document_key: str = ""
    matches_key: str = ""
    watched_key: str = ""
    pages: Pages = Pages()
    points: tuple[LabelPoint, ...] = ()


class JudgementOrder(BaseModel):
    """What a job of judging is about; ``is_first`` where no report on the version is there yet."""

    model_config = ConfigDict(frozen=True)

    project_id: str
    training_id: str
    version: str
    report_id: str
    is_first: bool = True


def refusal(order: JudgementOrder, reason: str) -> ReportFailed:
    """Say that there will be no report on a version."""
    return ReportFailed(
        project_id=order.project_id,
        training_id=order.training_id,
        version=order.version,
        reason=reason,
    )


REPORTS = CollectionSpec(
    "evaluator.reports",
    StoredReport,
    (Index(("project_id", "number")), Index(("project_id", "name"), unique=True)),
)
PROJECTS = projects_spec("evaluator")
JOBS = job_spec("evaluator")
