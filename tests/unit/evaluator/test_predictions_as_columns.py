"""A version stored as columns is judged as the same version stored as records."""

import numpy as np
import pytest
from scenes import read, version_files

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.readers.dataset import read_dataset
from services.evaluator.domain.readers.platform_files import read_version
from services.evaluator.domain.readers.predictions import read_predictions
from services.evaluator.domain.readers.versions import JudgedVersion
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.options import ReportOptions
from shared.contracts.prediction_columns import PredictionsTable


def as_columns(manifest: bytes, predictions: bytes) -> bytes:
    return read_predictions(predictions, read_dataset(manifest)).to_bytes()


def document_of(manifest: bytes, predictions: bytes) -> object:
    version = read_version(manifest, predictions)
    assert isinstance(version, JudgedVersion)
    return read(detection_report(evaluate(version.samples), ReportOptions(replicates=20)))


def test_columns_and_records_give_one_report() -> None:
    manifest, predictions = version_files()
    columns = as_columns(manifest, predictions)
    assert columns[:2] == b"PK"
    assert document_of(manifest, columns) == document_of(manifest, predictions)


def test_only_the_rows_of_judged_images_judge() -> None:
    """Rows of training images lie between those of held-out ones, and are left out."""
    manifest, predictions = version_files(images=20)
    manifest = manifest.replace(b'"split":"test"', b'"split":"train"', 7)
    records, columns = (
        read_version(manifest, data) for data in (predictions, as_columns(manifest, predictions))
    )
    assert isinstance(records, JudgedVersion)
    assert isinstance(columns, JudgedVersion)
    assert columns.image_ids == tuple(f"i{k}" for k in range(7, 20))
    for name in ("image", "label", "boxes_xywh", "score"):
        np.testing.assert_array_equal(
            getattr(columns.samples.detections, name), getattr(records.samples.detections, name)
        )


def test_columns_of_another_task_are_refused() -> None:
    manifest, _ = version_files(images=2)
    table = PredictionsTable("classification", ("label 0", "label 1", "label 2"))
    table.add("i0", {"scores": np.ones((1, 3), np.float32)})
    with pytest.raises(BadSamples, match="predictions are of the task classification"):
        read_version(manifest, table.gathered("V1", threshold=0.0).to_bytes())


def test_damaged_columns_are_refused() -> None:
    manifest, predictions = version_files(images=2)
    with pytest.raises(BadSamples, match="predictions blob is damaged"):
        read_version(manifest, as_columns(manifest, predictions)[:-50])


def test_a_damaged_image_of_the_snapshot_is_named() -> None:
    manifest, predictions = version_files(images=3)
    damaged = manifest.replace(b'"width":200', b'"width":"200"', 1)
    with pytest.raises(BadSamples, match=r"snapshot, images\[0\], is damaged: .*width"):
        read_version(damaged, predictions)
