"""The collections that the trainer owns."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.trainer.domain.history import CurvePoint, Facts, LogLine, Preview
from services.trainer.domain.recipe import Recipe, RecipeSource
from services.trainer.domain.retraining_policy import RetrainingPolicy
from shared.clock import Timestamp
from shared.contracts.training_events import VersionComparison
from shared.documents.port import CollectionSpec, Document, Index
from shared.documents.receipts import receipts_spec
from shared.images.directory import images_spec
from shared.quotas import limits_spec

Mode = Literal["train", "train_and_test"]
Trigger = Literal["person", "policy"]
TrainingState = Literal[
    "waiting", "preparing", "queued", "running", "succeeded", "failed", "terminated"
]
"""waiting: for the project's other training; preparing: for its dataset; queued: for a worker."""

TrainingQuotaName = Literal["trainings_in_line", "training_minutes_per_day"]

ENDED: tuple[TrainingState, ...] = ("succeeded", "failed", "terminated")
TRAINING_JOB = "training"
"""Kind of the jobs that workers lease."""


class Figures(BaseModel):
    """Headline figures of a version's report, in [0, 1]."""

    model_config = ConfigDict(frozen=True)

    average_detection_rate: float | None = None
    map_50: float | None = None
    map_50_95: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    best_threshold: float | None = None
    images: int = 0


class Artefacts(BaseModel):
    """Blobs of a version and facts of how it was made.

    ``backbone_weights`` is ``folder:…``, ``package:…`` or ``hub:…`` of what the backbone began as,
    ``none`` of random weights. ``input_plan_hash`` names the tile plan of the images that it knows.
    ``choices`` are what the training chose by itself and why, in sentences.
    """

    model_config = ConfigDict(frozen=True)

    model_key: str
    model_manifest_key: str
    weights_key: str
    predictions_key: str
    golden_key: str
    backbone_weights: str
    backbone_licence: str = ""
    backbone_source: str = ""
    started_from: str
    epochs: int
    resumed_at_epoch: int = 0
    choices: tuple[str, ...] = ()
    input_width: int
    input_height: int
    input_plan_hash: str | None = None


class Training(Document):
    """One training and, once it succeeded, the version that it made.

    ``comparison`` is the one with the version that served when the gate decided. What early
    releases trained does not know ``recipe_from``.
    """

    project_id: str
    number: int
    mode: Mode
    trigger: Trigger
    recipe: Recipe
    recipe_from: RecipeSource | None = None
    state: TrainingState
    requested_at: Timestamp
    requested_by: str = ""
    job_id: str = ""
    resumes: int = 0
    manifest_key: str = ""
    dataset_hash: str = ""
    labels: tuple[str, ...] = ()
    annotated_images: int = 0
    total_images: int = 0
    corrections: int = 0
    warnings: tuple[str, ...] = ()
    started_at: Timestamp | None = None
    ended_at: Timestamp | None = None
    version_number: int | None = None
    artefacts: Artefacts | None = None
    figures: Figures | None = None
    comparison: VersionComparison | None = None
    report_error: str = ""
    promoted: bool = False
    gate_reason: str = ""
    deployed_at: Timestamp | None = None
    deployment_error: str = ""
    error: str = ""


class History(Document):
    """How a training went; its id is the training's, and it stays as long as that record.

    ``life`` is the training's ``resumes`` and ``attempt`` its job's, of who wrote last: an earlier
    one writes no more. ``data_wait`` is the share of the time of learning that passed in waiting
    for images.
    """

    project_id: str
    life: int = 0
    attempt: int = 0
    facts: Facts = Facts()
    curve: tuple[CurvePoint, ...] = ()
    previews: tuple[Preview, ...] = ()
    previews_epoch: int = 0
    data_wait: float | None = None
    log: tuple[LogLine, ...] = ()


class Order(BaseModel):
    """A training that has a place in its project's line; enough to make its record again.

    ``round_from`` is the line's ``counted`` before this one ran. ``resumes`` tells which life
    of the training has the place: a resumed one comes again with the next number.
    """

    model_config = ConfigDict(frozen=True)

    training_id: str
    number: int = 0
    mode: Mode
    trigger: Trigger
    recipe: Recipe
    recipe_from: RecipeSource | None = None
    requested_at: Timestamp
    requested_by: str = ""
    resumes: int = 0
    round_from: int = 0


class RecipeRevision(BaseModel):
    """What a project's recipe was set to, by whom; null where its task's defaults hold again."""

    model_config = ConfigDict(frozen=True)

    number: int
    recipe: Recipe | None
    at: Timestamp
    by: str


class ProjectRecipe(Document):
    """A project's own recipe, whose id is the project's: the latest revisions, newest first.

    A revision has the number of the document's version that it came with.
    """

    revisions: tuple[RecipeRevision, ...] = ()

    @property
    def latest(self) -> RecipeRevision | None:
        """The revision that holds; None where nobody ever set one."""
        return self.revisions[0] if self.revisions else None


class Champion(BaseModel):
    """The version that serves; ``order`` counts the project's promotions up to it."""

    model_config = ConfigDict(frozen=True)

    training_id: str
    version_number: int
    average_detection_rate: float | None
    order: int = 0


class Promoted(BaseModel):
    """One change of the version that serves: who wanted it, and why.

    ``by`` is a person, or empty where the gate decided; ``replaced`` served before.
    """

    model_config = ConfigDict(frozen=True)

    order: int
    training_id: str
    version_number: int
    replaced: int | None
    at: Timestamp
    by: str
    reason: str


class Line(Document):
    """A project's line of trainings: at most one that runs and one that waits.

    Every start and end goes through a compare-and-set of this document, whose id is the project's.
    Each dataset that is asked for begins a ``round``; corrections of rounds before ``counted`` are
    in one. ``counted_to`` is when that was asked for, for people: clocks may jump.
    ``failures``: trainings that failed since one succeeded; ``not_before``: until then no
    correction starts another. ``held_back`` names the quota that leaves no room for the training
    that the policy wants. ``promotions`` are the latest changes of the champion, newest first.
    """

    trainings: int = 0
    versions: int = 0
    running: Order | None = None
    waiting: Order | None = None
    champion: Champion | None = None
    promotions: tuple[Promoted, ...] = ()
    policy: RetrainingPolicy = RetrainingPolicy()
    round: int = 0
    counted: int = 0
    counted_to: Timestamp | None = None
    failures: int = 0
    not_before: Timestamp | None = None
    due_at: Timestamp | None = None
    held_back: TrainingQuotaName | None = None


SERVICE = "trainer"

RECEIPTS = receipts_spec(SERVICE)
TRAININGS = CollectionSpec(
    "trainer.trainings",
    Training,
    (
        Index(("project_id", "number")),
        Index(("project_id", "version_number")),
        Index(("project_id", "state")),
    ),
)
LIMITS = limits_spec(SERVICE)
HISTORIES = CollectionSpec("trainer.histories", History)
LINES = CollectionSpec("trainer.lines", Line, (Index(("due_at",)),), project_field="id")
RECIPES = CollectionSpec("trainer.recipes", ProjectRecipe, project_field="id")
IMAGES = images_spec(
    "trainer",
    Index(("project_id", "annotated")),
    Index(("project_id", "corrected_round")),
    Index(("project_id", "annotated_round")),
)


def job_id_of(training_id: str, resumes: int) -> str:
    """The id of the job of a training's n-th life."""
    return f"{training_id}-r{resumes}" if resumes else training_id
