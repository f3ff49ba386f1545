"""Two versions on the same images, against the same truth: what one yardstick needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from services.evaluator.domain.readers.dataset import Dataset, label_ids, read_dataset
from services.evaluator.domain.readers.pairs import pairs_of
from services.evaluator.domain.readers.platform_files import READERS
from services.evaluator.domain.readers.predictions import of_rows, read_known_predictions
from services.evaluator.domain.readers.versions import TaskVersion
from shared.contracts.prediction_columns import PredictionColumns

Pair = tuple[TaskVersion, TaskVersion]
_GONE = "\x1f"  # before the name of a label that the data set does not have: no label has it


@dataclass(frozen=True, slots=True)
class Stored:
    """Files of two versions.

    Attributes:
        snapshot: The manifest of the later version.
        before: That of the earlier one, by which labels are known again that were renamed since.
        first: Stored predictions of the earlier one.
        second: Stored predictions of the later one.
    """

    snapshot: bytes
    before: bytes
    first: bytes
    second: bytes


def read_pair(stored: Stored) -> Pair | None:
    """Read what two versions said about the images that judge in a snapshot; None without any.

    The truth, its labels and its split are those of the later snapshot: a version that was trained
    before a label was corrected is judged by the label of today. What it said of images that were
    not held out for both is left aside. A label that was renamed since is the same label. Objects
    of labels that the snapshot does not have are left aside; an image that is given such a label is
    told wrong.

    Raises:
        BadSamples: A file is damaged or of another task.
    """
    dataset = read_dataset(stored.snapshot)
    found = [read_known_predictions(data, dataset) for data in (stored.first, stored.second)]
    judging = {name for name, image in dataset.images.items() if image.judges}
    common = sorted(judging.intersection(*(one.header.image_ids for one in found)))
    if not common:
        return None
    ids = dict(zip(dataset.labels, dataset.label_ids, strict=False))
    one, other = (
        _version(dataset, relabelled(each, dataset, known), common)
        for each, known in zip(found, (label_ids(stored.before), ids), strict=True)
    )
    return one, other


def _version(dataset: Dataset, found: PredictionColumns, names: list[str]) -> TaskVersion:
    places = {name: place for place, name in enumerate(found.header.image_ids)}
    dataset = replace(dataset, labels=found.header.labels)
    pairs = pairs_of(dataset, found, [places[name] for name in names])
    facts: dict[str, Any] = {
        "version": found.header.version,
        "dataset": dataset,
        "image_ids": pairs.found.header.image_ids,
        "elapsed_ms": tuple(pairs.found.elapsed_ms.tolist()),
    }
    return READERS[dataset.task](facts, pairs, None)


def relabelled(
    found: PredictionColumns, dataset: Dataset, ids: Mapping[str, str]
) -> PredictionColumns:
    """The predictions with the data set's labels.

    Rows of labels that it does not have go; labels that only it has score 0. Where a row has a
    score for each label, those that it does not have stay behind its own, each as one more label.

    Args:
        found: Stored predictions.
        dataset: Whose labels they get.
        ids: Id of each of their labels, as far as it is known.
    """
    named = _names_now(found.header.labels, dataset, ids)
    if found.header.labels == named == dataset.labels:
        return found
    columns: Mapping[str, Any] = found.columns
    labels = dataset.labels
    if "scores" in columns:
        labels += tuple(name for name in named if name not in dataset.labels)
        scores = np.zeros((found.rows, len(labels)), columns["scores"].dtype)
        scores[:, [labels.index(name) for name in named]] = columns["scores"]
        columns = {**columns, "scores": scores}
    elif "label" in columns:
        now = {label: place for place, label in enumerate(labels)}
        moved = np.array([now.get(label, -1) for label in named], np.int64)[columns["label"]]
        found = of_rows(found, np.flatnonzero(moved >= 0))
        kept = moved[moved >= 0].astype(columns["label"].dtype)
        columns = {**found.columns, "label": kept}
    header = found.header.model_copy(update={"labels": labels})
    return PredictionColumns(header, found.elapsed_ms, found.starts, columns)


def _names_now(labels: Sequence[str], dataset: Dataset, ids: Mapping[str, str]) -> tuple[str, ...]:
    """What each label is called in the data set, by its id or else its name; each is one label."""
    now = {one: name for name, one in zip(dataset.labels, dataset.label_ids, strict=False) if one}
    by_id = {label: now[ids[label]] for label in labels if ids.get(label) in now}
    free = set(dataset.labels).difference(by_id.values())
    by_name = {label: label for label in labels if label in free}
    return tuple((by_name | by_id).get(label, _GONE + label) for label in labels)
