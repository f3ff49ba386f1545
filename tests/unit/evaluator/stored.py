"""Builders of stored predictions of the other tasks."""

from typing import Any

from shared.contracts.predictions import ImagePredictions, StoredPredictions
from shared.contracts.shapes import Shape, Task
from shared.contracts.snapshot import Snapshot, SnapshotImage


def image(
    name: str, shapes: tuple[Shape, ...], size: tuple[int, int], **more: Any
) -> SnapshotImage:
    """A held-out image of ``size`` (height, width)."""
    height, width = size
    return SnapshotImage(
        image_id=name,
        name=f"{name}.jpg",
        blob_key=f"t/default/{name}",
        width=width,
        height=height,
        group=name,
        shapes=shapes,
        **({"split": "test"} | more),
    )


def files(
    task: Task,
    labels: tuple[str, ...],
    pairs: list[tuple[SnapshotImage, ImagePredictions]],
    *,
    name: str = "V1",
) -> tuple[bytes, bytes]:
    """A snapshot manifest and stored predictions."""
    snapshot = Snapshot(
        project_id="p1",
        task=task,
        labels=labels,
        images=tuple(image for image, _ in pairs),
        dataset_hash="abc123",
    )
    stored = StoredPredictions(
        version=name,
        labels=labels,
        threshold=0.0,
        images=tuple(predicted for _, predicted in pairs),
    )
    return snapshot.model_dump_json().encode(), stored.model_dump_json().encode()
