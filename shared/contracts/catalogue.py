"""The catalogue of every event: who says it, on which topic, who listens, and a golden example.

Adding an optional field is fine; anything else is a new type. Topics have several partitions from
day one; the key of every message is ``tenant/aggregate``.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from shared.clock import Timestamp
from shared.contracts.envelope import EventBody
from shared.contracts.shapes import Task

PARTITIONS: dict[str, int] = {
    "project": 3,
    "image": 12,
    "annotation": 12,
    "label": 3,
    "training": 6,
    "report": 3,
    "model": 3,
    "prediction": 12,
}
"""Topics and their number of partitions; the chart's topic list is generated from it."""

_ID = "01JD0000000000000000000000"


class Grid(BaseModel):
    """The project option "image tiling": rows × columns."""

    model_config = ConfigDict(frozen=True)

    rows: int
    columns: int


class ProjectCreated(EventBody):
    """A project exists; ``labels`` are those typed at creation."""

    type: ClassVar[str] = "project.created"
    topic: ClassVar[str] = "project"
    source: ClassVar[str] = "workspace"
    consumers: ClassVar[tuple[str, ...]] = (
        "gallery", "tiling", "annotation", "trainer", "evaluator", "inference",
    )  # fmt: skip
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "name": "pins",
        "task": "detection",
        "tiling": {"rows": 2, "columns": 2},
        "labels": ["scratch"],
    }

    project_id: str
    name: str
    task: Task
    tiling: Grid | None = None
    labels: tuple[str, ...] = ()


class ProjectUpdated(EventBody):
    """A project's name changed."""

    type: ClassVar[str] = "project.updated"
    topic: ClassVar[str] = "project"
    source: ClassVar[str] = "workspace"
    consumers: ClassVar[tuple[str, ...]] = ProjectCreated.consumers
    example: ClassVar[dict[str, Any]] = {"project_id": _ID, "name": "pins, line 2"}

    project_id: str
    name: str


class ProjectDeleted(EventBody):
    """A project is gone; everything below it may go too."""

    type: ClassVar[str] = "project.deleted"
    topic: ClassVar[str] = "project"
    source: ClassVar[str] = "workspace"
    consumers: ClassVar[tuple[str, ...]] = ProjectCreated.consumers
    example: ClassVar[dict[str, Any]] = {"project_id": _ID}

    project_id: str


class ImageUploaded(EventBody):
    """An image (a whole one, or a tile with ``parent_id``) was accepted.

    ``blob_key`` holds the upright content that everyone reads; ``sha256`` is that of the original
    bytes.
    """

    type: ClassVar[str] = "image.uploaded"
    topic: ClassVar[str] = "image"
    source: ClassVar[str] = "gallery"
    consumers: ClassVar[tuple[str, ...]] = ("tiling", "annotation", "trainer", "inference")
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "image_id": _ID,
        "name": "part-17.jpg",
        "blob_key": "t/default/9f86d081",
        "sha256": "9f86d081",
        "content_type": "image/jpeg",
        "size_bytes": 204800,
        "width": 640,
        "height": 480,
        "uploaded_at": "2026-11-20T08:00:00.000000Z",
    }

    project_id: str
    image_id: str
    name: str
    blob_key: str
    sha256: str
    content_type: str
    size_bytes: int
    width: int
    height: int
    uploaded_at: Timestamp
    parent_id: str | None = None
    row: int | None = None
    column: int | None = None
    offset_x: int = 0
    offset_y: int = 0
    plan_hash: str | None = None
    exif_device: str | None = None


class Tile(BaseModel):
    """One cut tile: row-major place, offset in its parent, and its own blob."""

    model_config = ConfigDict(frozen=True)

    image_id: str
    row: int
    column: int
    x: int
    y: int
    width: int
    height: int
    blob_key: str
    sha256: str
    content_type: str
    size_bytes: int


class ImageTiled(EventBody):
    """A large image was cut by a plan; its tiles become images of the gallery."""

    type: ClassVar[str] = "image.tiled"
    topic: ClassVar[str] = "image"
    source: ClassVar[str] = "tiling"
    consumers: ClassVar[tuple[str, ...]] = ("gallery",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "parent_id": _ID,
        "parent_name": "board.png",
        "plan_hash": "5f2c",
        "tiles": [
            {
                "image_id": _ID,
                "row": 0,
                "column": 0,
                "x": 0,
                "y": 0,
                "width": 3000,
                "height": 3000,
                "blob_key": "t/default/60303ae2",
                "sha256": "60303ae2",
                "content_type": "image/png",
                "size_bytes": 4096,
            }
        ],
    }

    project_id: str
    parent_id: str
    parent_name: str
    plan_hash: str
    tiles: tuple[Tile, ...]


class TilingFailed(EventBody):
    """A large image could not be cut; the parent stays and says why."""

    type: ClassVar[str] = "image.tiling_failed"
    topic: ClassVar[str] = "image"
    source: ClassVar[str] = "tiling"
    consumers: ClassVar[tuple[str, ...]] = ("gallery",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "parent_id": _ID,
        "reason": "tile 20x20 px is under 30x30 px",
    }

    project_id: str
    parent_id: str
    reason: str


class ImageDeleted(EventBody):
    """An image was removed from the gallery."""

    type: ClassVar[str] = "image.deleted"
    topic: ClassVar[str] = "image"
    source: ClassVar[str] = "gallery"
    consumers: ClassVar[tuple[str, ...]] = ("tiling", "annotation", "trainer", "inference")
    example: ClassVar[dict[str, Any]] = {"project_id": _ID, "image_id": _ID}

    project_id: str
    image_id: str


class AnnotationSaved(EventBody):
    """An image's annotation changed; ``labels`` has one entry per shape (empty: a negative).

    ``annotated`` is false when the annotation was taken away. Target sizes are in pixels of the
    image.
    """

    type: ClassVar[str] = "annotation.saved"
    topic: ClassVar[str] = "annotation"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("gallery", "tiling", "trainer", "inference")
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "image_id": _ID,
        "labels": ["scratch", "scratch"],
        "annotated": True,
        "image_area": 307200,
        "target_areas": [144.0, 900.0],
        "target_sides": [12.0, 30.0],
    }

    project_id: str
    image_id: str
    labels: tuple[str, ...]
    annotated: bool = True
    image_area: int = 0
    target_areas: tuple[float, ...] = ()
    target_sides: tuple[float, ...] = ()
    author: str = ""


class CorrectionSaved(EventBody):
    """A person corrected a tested image, which is an annotated one from now on."""

    type: ClassVar[str] = "correction.saved"
    topic: ClassVar[str] = "annotation"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("trainer", "inference")
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "image_id": _ID,
        "prediction_id": _ID,
        "author": "key-1",
    }

    project_id: str
    image_id: str
    prediction_id: str
    author: str


class LabelRenamed(EventBody):
    """A label has a new name; annotations follow."""

    type: ClassVar[str] = "label.renamed"
    topic: ClassVar[str] = "label"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("annotation",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "label_id": _ID,
        "old_name": "scrach",
        "new_name": "scratch",
    }

    project_id: str
    label_id: str
    old_name: str
    new_name: str


class LabelDeleted(EventBody):
    """A label is gone, and with it all its annotations."""

    type: ClassVar[str] = "label.deleted"
    topic: ClassVar[str] = "label"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("annotation",)
    example: ClassVar[dict[str, Any]] = {"project_id": _ID, "label_id": _ID, "name": "stain"}

    project_id: str
    label_id: str
    name: str


class TrainingRequested(EventBody):
    """A training waits for its dataset."""

    type: ClassVar[str] = "training.requested"
    topic: ClassVar[str] = "training"
    source: ClassVar[str] = "trainer"
    consumers: ClassVar[tuple[str, ...]] = ("annotation",)
    example: ClassVar[dict[str, Any]] = {"project_id": _ID, "training_id": _ID}

    project_id: str
    training_id: str


class SnapshotFrozen(EventBody):
    """The dataset of a training is frozen in the manifest blob ``manifest_key``."""

    type: ClassVar[str] = "snapshot.frozen"
    topic: ClassVar[str] = "training"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("trainer",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "training_id": _ID,
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
        "project_id": _ID,
        "training_id": _ID,
        "reason": "no annotated image is left for training",
    }

    project_id: str
    training_id: str
    reason: str


class TrainingSucceeded(EventBody):
    """A version exists: its model, its dataset and its predictions on the held-out images."""

    type: ClassVar[str] = "training.succeeded"
    topic: ClassVar[str] = "training"
    source: ClassVar[str] = "trainer"
    consumers: ClassVar[tuple[str, ...]] = ("evaluator", "trainer")
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "training_id": _ID,
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


class TrainingEnded(EventBody):
    """A training ended without a version: ``state`` is failed or terminated."""

    type: ClassVar[str] = "training.ended"
    topic: ClassVar[str] = "training"
    source: ClassVar[str] = "trainer"
    consumers: ClassVar[tuple[str, ...]] = ("trainer",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "training_id": _ID,
        "state": "failed",
        "reason": "the loss is not a number",
    }

    project_id: str
    training_id: str
    state: str
    reason: str = ""


class ReportCompleted(EventBody):
    """A version is judged; the headline figures, all in [0, 1], at the report's threshold."""

    type: ClassVar[str] = "report.completed"
    topic: ClassVar[str] = "report"
    source: ClassVar[str] = "evaluator"
    consumers: ClassVar[tuple[str, ...]] = ("trainer",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "training_id": _ID,
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


class ReportFailed(EventBody):
    """A version could not be judged."""

    type: ClassVar[str] = "report.failed"
    topic: ClassVar[str] = "report"
    source: ClassVar[str] = "evaluator"
    consumers: ClassVar[tuple[str, ...]] = ("trainer",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "training_id": _ID,
        "version": "V1",
        "reason": "the predictions blob is damaged",
    }

    project_id: str
    training_id: str
    version: str
    reason: str


class ModelPromoted(EventBody):
    """A version passed the gate and is to be served; ``test_after``: then it tests images."""

    type: ClassVar[str] = "model.promoted"
    topic: ClassVar[str] = "model"
    source: ClassVar[str] = "trainer"
    consumers: ClassVar[tuple[str, ...]] = ("inference",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "training_id": _ID,
        "version": "V1",
        "number": 1,
        "model_key": "t/default/fcde2b2e",
        "model_manifest_key": "t/default/baa5a096",
        "golden_key": "t/default/01ba4719",
    }

    project_id: str
    training_id: str
    version: str
    number: int
    model_key: str
    model_manifest_key: str
    golden_key: str
    test_after: bool = False


class ModelDeployed(EventBody):
    """A version answers on the model server."""

    type: ClassVar[str] = "model.deployed"
    topic: ClassVar[str] = "model"
    source: ClassVar[str] = "inference"
    consumers: ClassVar[tuple[str, ...]] = ("trainer", "inference")
    example: ClassVar[dict[str, Any]] = {"project_id": _ID, "version": "V1"}

    project_id: str
    version: str


class DeploymentFailed(EventBody):
    """A version could not be served; the one before goes on serving."""

    type: ClassVar[str] = "model.deployment_failed"
    topic: ClassVar[str] = "model"
    source: ClassVar[str] = "inference"
    consumers: ClassVar[tuple[str, ...]] = ("trainer",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "version": "V1",
        "reason": "the golden check differs",
    }

    project_id: str
    version: str
    reason: str


class PredictionCompleted(EventBody):
    """An image of the gallery was tested."""

    type: ClassVar[str] = "prediction.completed"
    topic: ClassVar[str] = "prediction"
    source: ClassVar[str] = "inference"
    consumers: ClassVar[tuple[str, ...]] = ("gallery",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": _ID,
        "prediction_id": _ID,
        "image_id": _ID,
        "version": "V1",
        "labels": ["scratch"],
    }

    project_id: str
    prediction_id: str
    image_id: str
    version: str
    labels: tuple[str, ...]


def all_events() -> tuple[type[EventBody], ...]:
    """Return every event class of the catalogue, in the order of this file."""
    return tuple(
        value
        for value in globals().values()
        if isinstance(value, type) and issubclass(value, EventBody) and value is not EventBody
    )


def event_class(event_type: str) -> type[EventBody] | None:
    """Return the class of ``event_type``, or None for a type this release does not know."""
    return next((cls for cls in all_events() if cls.type == event_type), None)
