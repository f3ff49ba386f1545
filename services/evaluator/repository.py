"""The collections that the evaluator owns."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Timestamp
from shared.documents.port import CollectionSpec, Document, Index
from shared.projects.directory import projects_spec

State = Literal["completed", "failed"]


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


class Report(Document):
    """The judgement on one version; its blobs are never changed, a recomputation has new ones.

    ``passes`` says of each corrected image whether the version gets it right; ``watched_key`` are
    the matches of those that teach.
    """

    project_id: str
    training_id: str
    name: str
    number: int
    manifest_key: str
    predictions_key: str
    created_at: Timestamp
    revision: int = 1
    state: State = "completed"
    reason: str = ""
    dataset_hash: str = ""
    threshold: float = 0.5
    document_key: str = ""
    matches_key: str = ""
    watched_key: str = ""
    pages: Pages = Pages()
    points: tuple[LabelPoint, ...] = ()
    passes: dict[str, bool] = Field(default_factory=dict)


REPORTS = CollectionSpec(
    "evaluator.reports",
    Report,
    (Index(("project_id", "number")), Index(("project_id", "name"), unique=True)),
)
PROJECTS = projects_spec("evaluator")
