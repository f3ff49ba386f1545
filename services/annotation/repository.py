"""The collections that the annotation service owns."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.annotation.domain.conflicts import OnConflict
from services.annotation.domain.formats.model import KnownImage, Split
from services.annotation.domain.history import Change
from services.annotation.domain.reviews import Review, review_state
from shared.callers import Caller, StoredRole
from shared.clock import Timestamp
from shared.contracts.annotation_events import ReviewState
from shared.contracts.shapes import IgnoreRegion, Shape
from shared.documents.port import CollectionSpec, Condition, Document, Index, Not
from shared.documents.projections import Projection
from shared.documents.receipts import receipts_spec
from shared.documents.terms import Term
from shared.images.directory import ImageView, images_spec
from shared.jobs.documents import JobDocument
from shared.jobs.job import job_spec
from shared.projects.directory import ProjectView, projects_spec

SERVICE = "annotation"
_MAX_FORMER_NAMES = 100


class PredictionView(Projection):
    """A prediction of an image of the gallery; ``id`` is the prediction's."""

    project_id: str
    image_id: str
    made_at: Timestamp | None = None


class VersionView(Projection):
    """A version that served its project once."""

    project_id: str
    name: str


class OpinionView(Projection):
    """A version's last look at the annotated images of a project, whose id it has.

    ``opinions_key`` names what it found on so many ``images``.
    """

    project_id: str
    model_version: str
    opinions_key: str
    images: int
    made_at: Timestamp


class Annotation(Document):
    """What is on an image; ``id`` is the image's. ``annotated`` with no shape is a negative.

    ``split`` comes from an imported list. ``change_id`` is the end of the history's chain.
    ``drawn_version`` is the version at which it was last drawn: following a label's new name does
    not count. ``whole_version`` is that of the large image's annotation that a tile follows.
    """

    project_id: str
    shapes: tuple[Shape, ...] = ()
    ignore_regions: tuple[IgnoreRegion, ...] = ()
    annotated: bool = False
    corrected: bool = False
    split: Split | None = None
    prediction_id: str | None = None
    author: str = ""
    updated_at: Timestamp | None = None
    change_id: str = ""
    drawn_version: int = 0
    whole_version: int = 0
    labels: tuple[str, ...] = ()
    """Distinct label names, for finding what a renamed or deleted label touches."""
    reviews: tuple[Review, ...] = ()
    """What people said of it, oldest first."""

    @property
    def review(self) -> ReviewState:
        """Return where the annotation stands."""
        return review_state(
            self.reviews, annotated=self.annotated, drawn_version=self.drawn_version
        )


class KeptDraft(Document):
    """What somebody has not saved of an image; ``work`` is the text of their editor."""

    project_id: str
    image_id: str
    author: str
    work: str
    kept_at: Timestamp


class ChangeRecord(Document):
    """A step of an image's history; written before the annotation that it leads to."""

    project_id: str
    image_id: str
    import_id: str = ""
    gone_labels: tuple[str, ...] = ()
    """Ids of the deleted labels whose shapes went with this step."""
    change: Change


class FormerName(BaseModel):
    """A name that a label had until a time."""

    model_config = ConfigDict(frozen=True)

    name: str
    until: Timestamp


class Label(Document):
    """A label of a project. A deleted one stays as a mark, so that no late event revives it.

    ``unique_name`` is the name while the label lives, and unlike any name after that. A former name
    is an alias of the label until another one has it.
    """

    project_id: str
    name: str
    unique_name: str
    created_at: Timestamp
    former_names: tuple[FormerName, ...] = ()
    deleted: bool = False
    deleted_at: Timestamp | None = None
    deleted_by: str = ""
    colour: str = ""
    hotkey: str = ""
    note: str = ""

    def giving_up(self, at: Timestamp) -> tuple[FormerName, ...]:
        """Return the former names of the label once it has another name, or none; oldest first."""
        earlier = [former for former in self.former_names if former.name != self.name]
        return (*earlier, FormerName(name=self.name, until=at))[-_MAX_FORMER_NAMES:]

    def again(self) -> "Label":
        """Return the deleted label as one that lives, under the name that it had."""
        former = tuple(one for one in self.former_names if one.name != self.name)
        alive = {"deleted": False, "deleted_at": None, "deleted_by": "", "unique_name": self.name}
        return self.model_copy(update={**alive, "former_names": former})


class LabelOrder(Document):
    """In what order a project's labels stand; ``id`` is the project's, ``ids`` are the labels'."""

    project_id: str
    ids: tuple[str, ...] = ()


class Dismissal(Document):
    """Somebody said that a finding about labels is no error; ``id`` is derived from its id.

    Where a version found what nobody annotated, the next one finds it under another id: then
    ``image_id`` and ``place``, (x1, y1, x2, y2) in px, tell what is no object.
    """

    project_id: str
    author: str
    finding_id: str
    image_id: str = ""
    place: tuple[float, float, float, float] | None = None


class SnapshotRecord(Document):
    """A frozen dataset, or why there is none; ``id`` is the training's."""

    project_id: str
    manifest_key: str = ""
    dataset_hash: str = ""
    refused: str = ""
    created_at: Timestamp


class ComingArchive(BaseModel):
    """An archive whose import is not stored yet, since ``at``."""

    model_config = ConfigDict(frozen=True)

    key: str
    size_bytes: int
    at: Timestamp


class ArchiveRoom(Document):
    """What comes into a project's room for archives, by a name a request; ``id`` is the project's.

    Who makes room writes this document, so that nobody else does at the same time.
    """

    coming: dict[str, ComingArchive] = Field(default_factory=dict)


class ImportRun(JobDocument):
    """An import of an archive; one that was done within its request has no job.

    ``archive_key`` is empty once the archive is not needed any more, ``report_key`` until there is
    a report, ``plan_key`` but for the time in which what was planned is stored. ``ended`` and
    ``error`` are how it came to the report's end.
    """

    archive_name: str = ""
    archive_key: str = ""
    archive_bytes: int = 0
    dry_run: bool = False
    strict: bool = False
    on_conflict: OnConflict = "keep"
    role: StoredRole
    plan_key: str = ""
    report_key: str = ""
    ended: Literal["succeeded", "failed", "cancelled"] | None = None
    error: str = ""
    finished_at: Timestamp | None = None
    imported: int = 0
    failed: int = 0

    @property
    def author(self) -> Caller:
        """Return who asked for it."""
        return Caller(self.tenant, self.created_by, self.role)


PROJECTS = projects_spec(SERVICE)
RECEIPTS = receipts_spec(SERVICE)
IMAGES = images_spec(SERVICE, Index(("project_id", "name")), Index(("parent_id",)))
PREDICTIONS = CollectionSpec(
    "annotation.predictions", PredictionView, (Index(("image_id",)), Index(("made_at",)))
)
VERSIONS = CollectionSpec("annotation.versions", VersionView)
ANNOTATIONS = CollectionSpec(
    "annotation.annotations", Annotation, (Index(("project_id", "annotated")),)
)
DRAFTS = CollectionSpec(
    "annotation.drafts", KeptDraft, (Index(("image_id",)), Index(("author", "kept_at")))
)
HISTORY = CollectionSpec(
    "annotation.history",
    ChangeRecord,
    (
        Index(("image_id",)),
        Index(("import_id",)),
        Index(("change.at",)),
        Index(("project_id", "change.reason")),
    ),
)
LABELS = CollectionSpec(
    "annotation.labels", Label, (Index(("project_id", "unique_name"), unique=True),)
)
LABEL_ORDERS = CollectionSpec("annotation.label_orders", LabelOrder)
OPINIONS = CollectionSpec("annotation.second_opinions", OpinionView)
DISMISSALS = CollectionSpec("annotation.dismissals", Dismissal)
SNAPSHOTS = CollectionSpec("annotation.snapshots", SnapshotRecord)
IMPORT_RUNS = CollectionSpec(
    "annotation.import_runs",
    ImportRun,
    (
        Index(("project_id", "dry_run", "created_at")),
        Index(("queued",)),
        Index(("created_at",)),
    ),
)
ARCHIVE_ROOMS = CollectionSpec("annotation.archive_rooms", ArchiveRoom, project_field="id")
JOBS = job_spec(SERVICE)

COLLECTIONS = (
    PROJECTS,
    RECEIPTS,
    IMAGES,
    PREDICTIONS,
    VERSIONS,
    ANNOTATIONS,
    DRAFTS,
    HISTORY,
    LABELS,
    LABEL_ORDERS,
    OPINIONS,
    DISMISSALS,
    SNAPSHOTS,
    IMPORT_RUNS,
    ARCHIVE_ROOMS,
    JOBS,
)

HISTORY_TERM = Term("history", HISTORY, "change.at")
IMPORTS_TERM = Term("imports", IMPORT_RUNS, "created_at")
PREDICTIONS_TERM = Term("tests", PREDICTIONS, "made_at")
TERMS = (HISTORY_TERM, IMPORTS_TERM, PREDICTIONS_TERM)


def new_label(tenant: str, project_id: str, name: str, *, label_id: str, at: Timestamp) -> Label:
    """Return a label that is not stored yet."""
    return Label(
        id=label_id,
        tenant=tenant,
        project_id=project_id,
        name=name,
        unique_name=name,
        created_at=at,
    )


def judged(project: ProjectView) -> dict[str, Condition]:
    """Return the condition for the images that a project counts: of a tiled one, its tiles."""
    return {} if project.tiling is None else {"parent_id": Not(None)}


def known_image(view: ImageView) -> KnownImage:
    """Return what shapes and label files are checked against."""
    return KnownImage(view.id, view.name, view.width, view.height, view.orientation)
