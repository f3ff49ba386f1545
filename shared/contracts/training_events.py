"""Events of trainings, their snapshots and their reports."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.envelope import EXAMPLE_ID, EventBody


class TrainingRequested(EventBody):
    """A training waits for its dataset."""

    type: ClassVar[str] = "training.requested"
    topic: ClassVar[str] = "training"
    source: ClassVar[str] = "trainer"
    consumers: ClassVar[tuple[str, ...]] = ("annotation",)
    example: ClassVar[dict[str, Any]] = {"project_id": EXAMPLE_ID, "training_id": EXAMPLE_ID}

    project_id: str
    training_id: str


class SnapshotFrozen(EventBody):
    """The dataset of a training is frozen in the manifest blob ``manifest_key``."""

    type: ClassVar[str] = "snapshot.frozen"
    topic: ClassVar[str] = "training"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("trainer",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "training_id": EXAMPLE_ID,
        "manifest_key": "t/default/1b4f0e98",
        "dataset_hash": "1b4f0e98",
        "images": 120,
        "total_images": 150,
        "labels": ["scratch", "stain"],
        "corrections": 0,
    }

    project_id: str
    training_id: str
    manifest_key: str
    dataset_hash: str
    images: int
    total_images: int
    labels: tuple[str, ...]
    corrections: int = 0
    warnings: tuple[str, ...] = ()


class SnapshotRefused(EventBody):
    """No dataset can be made: ``reason`` says what is missing."""

    type: ClassVar[str] = "snapshot.refused"
    topic: ClassVar[str] = "training"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("trainer",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "training_id": EXAMPLE_ID,
        "reason": "no annotated image is left for training",
    }

    project_id: str
    training_id: str
    reason: str


class TrainingSucceeded(EventBody):
    """A version exists: its model, its dataset and its predictions on the held-out images.

    ``input_plan_hash`` names the tile plan that cut the images it was trained on. Without
    ``pretrained`` its backbone began with random weights; None where nobody said. ``champion``
    served when it was made.
    """

    type: ClassVar[str] = "training.succeeded"
    topic: ClassVar[str] = "training"
    source: ClassVar[str] = "trainer"
    consumers: ClassVar[tuple[str, ...]] = ("evaluator", "inference", "trainer")
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "training_id": EXAMPLE_ID,
        "version": "V1",
        "manifest_key": "t/default/1b4f0e98",
        "predictions_key": "t/default/2c26b46b",
        "model_key": "t/default/fcde2b2e",
        "model_manifest_key": "t/default/baa5a096",
        "golden_key": "t/default/01ba4719",
    }

    project_id: str
    training_id: str
    version: str
    manifest_key: str
    predictions_key: str
    model_key: str
    model_manifest_key: str
    golden_key: str
    input_plan_hash: str | None = None
    pretrained: bool | None = None
    champion: str | None = None


class TrainingEnded(EventBody):
    """A training ended without a version: ``state`` is failed or terminated."""

    type: ClassVar[str] = "training.ended"
    topic: ClassVar[str] = "training"
    source: ClassVar[str] = "trainer"
    consumers: ClassVar[tuple[str, ...]] = ("trainer", "workspace")
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "training_id": EXAMPLE_ID,
        "state": "failed",
        "reason": "the loss is not a number",
    }

    project_id: str
    training_id: str
    state: str
    reason: str = ""


class ComparedFigure(BaseModel):
    """A figure of two versions on the same images; the difference is ``after`` - ``before``.

    ``low`` and ``high`` are its 95 % interval from paired draws of the images; None where nothing
    can be said.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    before: float | None
    after: float | None
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None


class VersionComparison(BaseModel):
    """A version against an earlier one by one yardstick: same held-out images, same truth.

    Where the task has an operating point both are read where neither makes more than
    ``false_per_image`` false detections. The first of the ``figures`` decides, the next is asked
    where the first cannot tell. Without common images there are none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    with_version: str
    images: int
    false_per_image: float | None = None
    figures: tuple[ComparedFigure, ...] = ()


class ReportCompleted(EventBody):
    """A version is judged; the headline figures, all in [0, 1], at the report's threshold.

    ``comparisons`` are those with versions that may be serving.
    """

    type: ClassVar[str] = "report.completed"
    topic: ClassVar[str] = "report"
    source: ClassVar[str] = "evaluator"
    consumers: ClassVar[tuple[str, ...]] = ("trainer", "workspace")
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "training_id": EXAMPLE_ID,
        "version": "V1",
        "average_detection_rate": 0.959,
        "map_50": 0.94,
        "map_50_95": 0.61,
        "precision": 0.93,
        "recall": 0.95,
        "f1": 0.94,
        "best_threshold": 0.42,
        "images": 36,
    }

    project_id: str
    training_id: str
    version: str
    average_detection_rate: float | None
    map_50: float | None
    map_50_95: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    best_threshold: float | None
    images: int
    comparisons: tuple[VersionComparison, ...] = ()


class ReportFailed(EventBody):
    """A version could not be judged."""

    type: ClassVar[str] = "report.failed"
    topic: ClassVar[str] = "report"
    source: ClassVar[str] = "evaluator"
    consumers: ClassVar[tuple[str, ...]] = ("trainer",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "training_id": EXAMPLE_ID,
        "version": "V1",
        "reason": "the predictions blob is damaged",
    }

    project_id: str
    training_id: str
    version: str
    reason: str
