"""What is stored, in kinds that people know."""

from typing import Literal

Kind = Literal[
    "files",
    "uploads",
    "checkpoints",
    "images",
    "annotations",
    "history",
    "imports",
    "trainings",
    "reports",
    "tests",
    "receipts",
    "audit",
    "other",
]
"""In the order in which they are shown; blobs come first."""

_OF_COLLECTIONS: dict[str, Kind] = {
    "annotation.history": "history",
    "annotation.annotations": "annotations",
    "annotation.labels": "annotations",
    "annotation.label_orders": "annotations",
    "annotation.snapshots": "trainings",
    "annotation.import_runs": "imports",
    "annotation.archive_rooms": "imports",
    "annotation.predictions": "tests",
    "inference.predictions": "tests",
    "inference.failures": "tests",
    "inference.test_runs": "tests",
    "evaluator.reports": "reports",
    "trainer.trainings": "trainings",
    "workspace.audit": "audit",
}
_OF_ENDINGS: dict[str, Kind] = {"images": "images", "receipts": "receipts"}
_OF_FOLDERS: dict[str, Kind] = {"uploads": "uploads", "trainings": "checkpoints"}


def kind_of_collection(name: str) -> Kind:
    """Return the kind of a collection's documents.

    >>> [kind_of_collection(name) for name in ("annotation.history", "tiling.images", "a.jobs")]
    ['history', 'images', 'other']
    """
    return _OF_COLLECTIONS.get(name) or _OF_ENDINGS.get(name.partition(".")[2], "other")


def kind_of_blob(key: str) -> Kind:
    """Return the kind of a blob: contents lie under their hash, and say no more than that.

    >>> [kind_of_blob(f"t/acme/P/{name}") for name in ("9f86d081", "uploads/U/0")]
    ['files', 'uploads']
    """
    parts = key.split("/")
    return _OF_FOLDERS.get(parts[3], "files") if len(parts) > 4 else "files"
