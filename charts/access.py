"""Writes who may what in the stores, from what the services own: `python -m charts.access`."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from services.standalone import BUILDS
from shared.hosting.stores import Stores
from shared.settings import StoreSettings

TARGET = Path(__file__).parents[1] / "docker" / "access.json"

_APART = {"uploads": "gallery", "trainings": "trainer"}
"""Folders of a project that hold one service's unfinished things."""


def rights() -> dict[str, Any]:
    """Return each service's collections, what it may do with blobs, and folders closed to it."""
    with tempfile.TemporaryDirectory() as folder:
        stores = Stores.of(StoreSettings(stores="embedded", data=Path(folder)))
        services = [build(stores) for build in BUILDS]
    return {
        service.name: {
            "collections": [spec.name for spec in service.all_collections],
            "reads_all": service.name == "workspace",  # looks for blobs that nothing names
            "blobs": ["GetObject", "DeleteObject"]
            + ([] if service.name == "workspace" else ["PutObject", "AbortMultipartUpload"]),
            "closed": [
                name for name, owner in _APART.items() if service.name not in (owner, "workspace")
            ],
        }
        for service in services
    }


def render() -> str:
    """Return the file's text."""
    return json.dumps(rights(), indent=1) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("LOUPE_STORES", "embedded")
    TARGET.write_text(render())
