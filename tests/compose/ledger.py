"""What the platform acknowledged during a walk, written down as the answers come in."""

import hashlib
import io
import json
import re
import time
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.client import Client, Json

AGAIN = "import again"
_AGAIN_S = 60.0
_CORRECTION = re.compile(r"/api/annotation/projects/[^/]+/images/([^/]+)/corrections$")


@dataclass
class Ledger:
    """Acknowledged writes.

    Attributes:
        images: Name and SHA-256 by image id.
        labels: The shapes of an image that were imported, see `shapes_of`.
        corrections: The shapes of an image that it was corrected to.
        test_runs: Ids of test runs with the number of their images.
        predictions: Image and shapes of each prediction of a test run that was read, by its id.
        trainings: Ids of trainings that were asked for.
    """

    images: dict[str, tuple[str, str]] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    corrections: dict[str, list[str]] = field(default_factory=dict)
    test_runs: dict[str, int] = field(default_factory=dict)
    predictions: dict[str, list[str]] = field(default_factory=dict)
    trainings: set[str] = field(default_factory=set)


class RecordingClient(Client):
    """A client that writes into `ledger` what was acknowledged to it."""

    def __init__(self, address: str, api_key: str) -> None:
        super().__init__(address, api_key)
        self.ledger = Ledger()

    def upload_images(self, project_id: str, files: Sequence[tuple[str, Path]]) -> list[Json]:
        """Upload, and note what was taken."""
        results = super().upload_images(project_id, files)
        for (name, path), result in zip(files, results, strict=True):
            if result["image"] is not None:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                self.ledger.images[result["image"]["id"]] = (name, digest)
        return results

    def import_labels(self, project_id: str, archive: bytes, *, dry_run: bool = False) -> Json:
        """Import, and note the labels of every file that was taken.

        Annotation may not have heard of an image yet, and says to import again: so this does.
        """
        report = super().import_labels(project_id, archive, dry_run=dry_run)
        deadline = time.monotonic() + _AGAIN_S
        while any(AGAIN in e["message"] for e in report["entries"]) and time.monotonic() < deadline:
            time.sleep(2.0)
            report = super().import_labels(project_id, archive, dry_run=dry_run)
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            for entry in report["entries"]:
                if entry["status"] == "imported":
                    shapes = json.loads(files.read(entry["file"]))["shapes"]
                    self.ledger.labels[entry["image_id"]] = shapes_of(map(from_labelme, shapes))
        return report

    def get(self, path: str, **params: Json) -> Json:
        """GET, and note the predictions of test runs."""
        answer = super().get(path, **params)
        if path.endswith("/predictions") and "test_run_id" in params:
            found = {item["id"]: prediction_of(item) for item in answer["items"]}
            self.ledger.predictions.update(found)
        return answer

    def post(self, path: str, body: Json = None, *, key: str = "") -> Json:
        """POST, and note corrections, test runs and trainings."""
        answer = super().post(path, body, key=key)
        if correction := _CORRECTION.match(path):
            self.ledger.corrections[correction[1]] = shapes_of(body["shapes"])
        elif path.endswith("/test-runs"):
            self.ledger.test_runs[answer["id"]] = len(body["image_ids"])
        elif path.endswith("/trainings"):
            self.ledger.trainings.add(answer["id"])
        return answer


def shapes_of(shapes: Iterable[Json]) -> list[str]:
    """Return shapes as texts that are equal where label, kind, points and angle are."""
    return sorted(
        json.dumps(
            [
                shape["label"],
                shape["kind"],
                [[float(number) for number in point] for point in shape["points"]],
                shape.get("angle"),
            ]
        )
        for shape in shapes
    )


def from_labelme(shape: Json) -> Json:
    """Return a shape of a LabelMe file as the platform names it."""
    kinds = {"rectangle": "box", "polygon": "polygon"}
    return {**shape, "kind": kinds[shape["shape_type"]]}


def prediction_of(item: Json) -> list[str]:
    """Return a prediction's image and shapes."""
    return [item["image_id"], *shapes_of(item["shapes"])]
