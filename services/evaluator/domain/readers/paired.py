"""Two versions on the same images, against the same truth: what one yardstick needs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from services.evaluator.domain.readers.dataset import Dataset, read_dataset
from services.evaluator.domain.readers.pairs import pairs_of
from services.evaluator.domain.readers.platform_files import READERS
from services.evaluator.domain.readers.predictions import of_rows, read_known_predictions
from services.evaluator.domain.readers.versions import Version
from shared.contracts.prediction_columns import PredictionColumns

Pair = tuple[Version, Version]


def read_pair(snapshot: bytes, first: bytes, second: bytes) -> Pair | None:
    """Read what two versions said about the images that judge in a snapshot; None without any.

    The truth, its labels and its split are those of the snapshot: a version that was trained before
    a label was corrected is judged by the label of today. What it said of images that were not held
    out for both is left aside, and so are labels that the snapshot does not have.

    Args:
        snapshot: The manifest of the later version.
        first: Stored predictions of the earlier one.
        second: Stored predictions of the later one.

    Raises:
        BadSamples: A file is damaged or of another task.
    """
    dataset = read_dataset(snapshot)
    found = [read_known_predictions(data, dataset) for data in (first, second)]
    judging = {name for name, image in dataset.images.items() if image.judges}
    common = sorted(judging.intersection(*(one.header.image_ids for one in found)))
    if not common:
        return None
    one, other = (_version(dataset, relabelled(each, dataset), common) for each in found)
    return one, other


def _version(dataset: Dataset, found: PredictionColumns, names: list[str]) -> Version:
    places = {name: place for place, name in enumerate(found.header.image_ids)}
    pairs = pairs_of(dataset, found, [places[name] for name in names])
    facts: dict[str, Any] = {
        "version": found.header.version,
        "dataset": dataset,
        "image_ids": pairs.found.header.image_ids,
        "elapsed_ms": tuple(pairs.found.elapsed_ms.tolist()),
    }
    return READERS[dataset.task](facts, pairs, None)


def relabelled(found: PredictionColumns, dataset: Dataset) -> PredictionColumns:
    """The predictions with the data set's labels; rows of other labels go, absent ones score 0."""
    if found.header.labels == dataset.labels:
        return found
    header = found.header.model_copy(update={"labels": dataset.labels})
    before = {label: place for place, label in enumerate(found.header.labels)}
    columns: Mapping[str, Any] = found.columns
    if "scores" in columns:
        scores = np.zeros((found.rows, len(dataset.labels)), columns["scores"].dtype)
        for place, label in enumerate(dataset.labels):
            if label in before:
                scores[:, place] = columns["scores"][:, before[label]]
        columns = {**columns, "scores": scores}
    elif "label" in columns:
        now = {label: place for place, label in enumerate(dataset.labels)}
        moved = np.array([now.get(label, -1) for label in found.header.labels], np.int64)
        labels = moved[columns["label"]]
        found = of_rows(found, np.flatnonzero(labels >= 0))
        kept = labels[labels >= 0].astype(columns["label"].dtype)
        columns = {**found.columns, "label": kept}
    return PredictionColumns(header, found.elapsed_ms, found.starts, columns)
