"""The collections that inference owns."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.inference.domain.accuracy_change import AccuracyChange
from shared.clock import Timestamp
from shared.contracts.shapes import Shape
from shared.documents.port import CollectionSpec, Document, Index
from shared.documents.receipts import receipts_spec
from shared.documents.terms import Term
from shared.images.directory import images_spec
from shared.jobs.documents import JobDocument
from shared.jobs.job import job_spec
from shared.projects.directory import projects_spec
from shared.quotas import limits_spec

SERVICE = "inference"

DeploymentState = Literal["wanted", "serving", "retired", "failed"]
Target = Literal["onnx", "onnx-int8", "sdk"]


class Deployment(Document):
    """One version on its way to, on, or off the model server; ``id`` is its name in Triton.

    ``manifest`` is the text of the version's ``model.json``, known once it was published.
    ``promoted_at`` is the time of the event that asked for it, for people: clocks may jump.
    ``order`` counts the promotions of its project. One with ``trial_until`` was never promoted, or
    is not any more: it is loaded for tests that name it until then, and never gets the alias.
    """

    project_id: str
    training_id: str
    model_version: str
    number: int
    model_key: str
    model_manifest_key: str
    golden_key: str
    test_after: bool = False
    promoted_at: Timestamp
    order: int = 0
    state: DeploymentState = "wanted"
    reason: str = ""
    attempts: int = 0
    manifest: str = ""
    deployed_at: Timestamp | None = None
    trial_until: Timestamp | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """Where it stands among its project's versions; the highest one gets the alias."""
        return self.order, self.number


class Version(Document):
    """A version that a training made, promoted or not; ``id`` is its name in Triton.

    ``manifest_key`` (its dataset) and ``predictions_key`` are empty where they were never told.
    """

    project_id: str
    training_id: str
    name: str
    number: int
    model_key: str
    model_manifest_key: str
    golden_key: str
    manifest_key: str = ""
    predictions_key: str = ""


class Alias(Document):
    """Which deployment answers for a project (``id``), and which ones before it stay loaded."""

    current: str
    previous: tuple[str, ...] = ()
    model_version: str
    promoted_at: Timestamp
    order: int = 0
    number: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """The rank of the deployment that answers."""
        return self.order, self.number


class Prediction(Document):
    """What a version said about one image, down to ``threshold``; a ``proposal`` is no test."""

    project_id: str
    image_id: str | None = None
    name: str = ""
    test_run_id: str | None = None
    model_version: str
    number: int
    threshold: float
    width: int
    height: int
    shapes: tuple[Shape, ...] = ()
    elapsed_ms: float = 0.0
    created_at: Timestamp
    corrected: bool = False
    proposal: bool = False


class Doubt(Document):
    """How unsure a version was of an image that nobody has annotated."""

    project_id: str
    image_id: str
    model_version: str
    doubt: float


class ImageFailure(Document):
    """Why one image of a test run has no prediction."""

    project_id: str
    test_run_id: str
    image_id: str
    reason: str


class TestRun(JobDocument):
    """A test of many images."""

    __test__ = False  # the name is the domain's word, pytest must not collect it

    image_ids: tuple[str, ...]
    model_version: str
    threshold: float | None = None


class SecondOpinion(Document):
    """A version's look at a project's annotated images; ``id`` is the project's.

    ``number`` counts how often somebody asked for one; ``job_id`` is the work of the last time.
    """

    project_id: str
    model_version: str
    number: int = 0
    job_id: str = ""
    created_by: str = ""


class Certified(BaseModel):
    """How an exported model answered beside the reported one, on images that judged it.

    ``held_out`` images judged the version, ``images`` of them were compared: each is within the
    limits, or there were no export; one in 8 bits is judged by ``accuracy`` instead, and is
    ``degraded`` where it may lose more than a point. ``score``, ``box_px`` and ``mask_iou`` are the
    worst of all; in 8 bits they tell of results, too, that are not the same. ``agreement`` is the
    images' mean share of equal results at the operating point.
    """

    model_config = ConfigDict(frozen=True)

    held_out: int
    images: int
    results: int
    score: float
    box_px: float
    mask_iou: float
    agreement: float = 1.0
    degraded: bool = False
    accuracy: tuple[AccuracyChange, ...] = ()


class Export(JobDocument):
    """A version on its way out; what is below ``target`` is known once it is made."""

    model_version: str
    target: Target
    blob_key: str = ""
    sha256: str = ""
    size_bytes: int = 0
    fingerprint: str = ""
    certificate: Certified | None = None


class ExportKey(Document):
    """The Ed25519 key with which a tenant's exports are signed: its private seed, hexadecimal."""

    seed: str


PROJECTS = projects_spec(SERVICE)
JOBS = job_spec(SERVICE)
RECEIPTS = receipts_spec(SERVICE)
DEPLOYMENTS = CollectionSpec(
    "inference.deployments", Deployment, (Index(("project_id", "promoted_at")), Index(("state",)))
)
VERSIONS = CollectionSpec("inference.versions", Version)
ALIASES = CollectionSpec("inference.aliases", Alias, project_field="id")
IMAGES = images_spec(SERVICE)
PREDICTIONS = CollectionSpec(
    "inference.predictions",
    Prediction,
    (
        Index(("project_id", "created_at")),
        Index(("project_id", "image_id", "created_at")),
        Index(("test_run_id", "created_at")),
    ),
)
DOUBTS = CollectionSpec(
    "inference.doubts",
    Doubt,
    (Index(("project_id", "model_version", "doubt")), Index(("image_id",))),
)
FAILURES = CollectionSpec("inference.failures", ImageFailure, (Index(("test_run_id",)),))
TEST_RUNS = CollectionSpec(
    "inference.test_runs",
    TestRun,
    (Index(("project_id", "created_at")), Index(("queued",)), Index(("created_at",))),
)
SECOND_OPINIONS = CollectionSpec("inference.second_opinions", SecondOpinion)
EXPORTS = CollectionSpec(
    "inference.exports", Export, (Index(("project_id", "created_at")), Index(("queued",)))
)
EXPORT_KEYS = CollectionSpec("inference.export_keys", ExportKey)
LIMITS = limits_spec(SERVICE)

COLLECTIONS = (
    PROJECTS,
    JOBS,
    DEPLOYMENTS,
    VERSIONS,
    ALIASES,
    IMAGES,
    PREDICTIONS,
    DOUBTS,
    FAILURES,
    TEST_RUNS,
    SECOND_OPINIONS,
    EXPORTS,
    EXPORT_KEYS,
    RECEIPTS,
    LIMITS,
)

TEST_RUNS_TERM = Term("tests", TEST_RUNS, "created_at")
PREDICTIONS_TERM = Term("tests", PREDICTIONS, "created_at", where={"test_run_id": None})
TERMS = (TEST_RUNS_TERM, PREDICTIONS_TERM)
