"""Requests and responses of inference."""

from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.inference.domain.clicks.outlines import Outline, OutlineKind
from services.inference.handlers.doubts import Unsure
from services.inference.handlers.test_runs import MAX_TEST_IMAGES
from services.inference.repository import Alias, Deployment, DeploymentState, Prediction
from shared.clock import Timestamp
from shared.contracts.shapes import Point, Rle, Shape
from shared.jobs.job import JobState, Progress
from shared.texts.language import Told

Id = Annotated[str, Field(min_length=1, max_length=64)]
Version = Annotated[str, Field(min_length=1, max_length=32)]
Threshold = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class PredictionCreate(BaseModel):
    """Test one image of the gallery; without ``version`` the deployed one answers.

    A ``proposal`` is for somebody who annotates the image: it does not count as tested by that.
    """

    model_config = ConfigDict(extra="forbid")

    image_id: Id
    version: Version | None = None
    threshold: Threshold | None = None
    proposal: bool = False


class PredictionUpload(BaseModel):
    """The fields beside the file of a multipart request.

    ``tile_plan_hash`` names the plan by which the file was cut out of a larger image; without it
    the file is a whole image, which is cut as the model's images were.
    """

    model_config = ConfigDict(extra="forbid")

    version: Version | None = None
    threshold: Threshold | None = None
    tile_plan_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class PredictionResponse(BaseModel):
    """What a version found in one image; a ``proposal`` was for who annotates it, and no test."""

    id: str
    project_id: str
    image_id: str | None
    name: str
    test_run_id: str | None
    version: str
    threshold: float
    width: int
    height: int
    shapes: tuple[Shape, ...]
    elapsed_ms: float
    created_at: Timestamp
    corrected: bool
    proposal: bool

    @classmethod
    def of(cls, stored: Prediction) -> "PredictionResponse":
        """Build the response of a stored prediction."""
        values = stored.model_dump(exclude={"tenant", "version", "model_version", "number"})
        return cls(version=stored.model_version, **values)


class OutlineResponse(BaseModel):
    """The outline of an object that clicks mean, in pixels of the upright image.

    ``score``, in [0, 1], says how much speaks for it. ``version`` names the version that had found
    the object; it is null where the clicks alone tell.
    """

    kind: OutlineKind
    points: tuple[Point, ...]
    rle: Rle | None
    angle: float | None
    score: float
    version: str | None

    @classmethod
    def of(cls, found: Outline) -> "OutlineResponse":
        """Build the response."""
        return cls(**asdict(found) | {"rle": found.rle})


class UnsureImage(BaseModel):
    """An image to annotate next; ``doubt`` is 0 where the version was sure of all it found."""

    image_id: str
    doubt: float


class UnsureList(BaseModel):
    """Up to 100 images, the most doubtful first; ``version`` is empty where none serves.

    Only what a test or a proposal of this version has looked at is known.
    """

    version: str
    items: tuple[UnsureImage, ...]

    @classmethod
    def of(cls, unsure: Unsure) -> "UnsureList":
        """Build the response."""
        found = [UnsureImage(image_id=one.image_id, doubt=one.doubt) for one in unsure.images]
        return cls(version=unsure.version, items=tuple(found))


class TestRunCreate(BaseModel):
    """Test many images of the gallery; without ``version`` the one deployed now answers all."""

    __test__ = False
    model_config = ConfigDict(extra="forbid")

    image_ids: list[Id] = Field(min_length=1, max_length=MAX_TEST_IMAGES)
    version: Version | None = None
    threshold: Threshold | None = None


class FailedImage(BaseModel):
    """An image that could not be tested."""

    image_id: str
    reason: Told


class TestRunResponse(BaseModel):
    """A test of many images; its predictions are listed by ``test_run_id``."""

    __test__ = False

    id: str
    project_id: str
    version: str
    threshold: float | None
    state: JobState
    total: int
    done: int
    failed: int
    failures: tuple[FailedImage, ...]
    progress: Progress
    error: Told
    created_at: Timestamp
    finished_at: Timestamp | None


class DeploymentResponse(BaseModel):
    """A version on the model server; ``current`` answers when no version is named."""

    version: str
    project_id: str
    training_id: str
    state: DeploymentState
    current: bool
    reason: Told
    promoted_at: Timestamp
    deployed_at: Timestamp | None

    @classmethod
    def of(cls, stored: Deployment, alias: Alias | None) -> "DeploymentResponse":
        """Build the response of a stored deployment."""
        return cls(
            version=stored.model_version,
            project_id=stored.project_id,
            training_id=stored.training_id,
            state=stored.state,
            current=alias is not None and alias.current == stored.id,
            reason=stored.reason,
            promoted_at=stored.promoted_at,
            deployed_at=stored.deployed_at,
        )
