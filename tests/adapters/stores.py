"""Stores for tests that run in a process of their own."""

import uuid
from collections.abc import Sequence
from pathlib import Path

from shared.blobs.embedded import EmbeddedBlobs
from shared.blobs.minio import MinioBlobs, S3Server
from shared.blobs.port import Blobs


def blobs_of(kind: str, folder: Path, access: Sequence[str]) -> Blobs:
    """Return an empty blob store, not yet opened; ``access`` is endpoint, user and password."""
    if kind == "embedded":
        return EmbeddedBlobs(folder / "blobs")
    return MinioBlobs(S3Server(*access), f"test-{uuid.uuid4().hex[:12]}")
