"""Stored predictions in: columns as they are, and the JSON records of earlier releases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from services.evaluator.domain.numbers.columns import BadSamples, Ints
from services.evaluator.domain.readers.dataset import Dataset, DatasetImage
from shared.contracts.prediction_columns import (
    FIRST_BYTES,
    PredictionColumns,
    PredictionHeader,
    check_predictions,
)
from shared.contracts.predictions import ImagePredictions, StoredPredictions
from shared.contracts.shapes import Rle, Task
from shared.errors import InvalidInput

Columns = dict[str, NDArray[Any]]


def read_predictions(data: bytes, dataset: Dataset) -> PredictionColumns:
    """Read what a version said about images of a data set.

    Raises:
        BadSamples: It is damaged, of another task, or of an image that the data set does not have.
    """
    return _checked(data, dataset, known_only=False)


def read_known_predictions(data: bytes, dataset: Dataset) -> PredictionColumns:
    """Read what a version said about those images that another data set has, too.

    Raises:
        BadSamples: It is damaged, or of another task.
    """
    return _checked(data, dataset, known_only=True)


def _checked(data: bytes, dataset: Dataset, *, known_only: bool) -> PredictionColumns:
    try:
        found = _read(data, dataset, known_only=known_only)
    except BadSamples:
        raise
    except InvalidInput as error:
        raise BadSamples(f"the predictions blob is damaged: {error.detail}") from error
    if found.header.task != dataset.task:
        raise BadSamples(f"the predictions are of the task {found.header.task}")
    return found


def _read(data: bytes, dataset: Dataset, *, known_only: bool) -> PredictionColumns:
    if data[:2] == FIRST_BYTES:
        found = PredictionColumns.from_bytes(data)
        if known_only:
            names = enumerate(found.header.image_ids)
            return of_images(found, [place for place, name in names if name in dataset.images])
        _demand_known(found.header.image_ids, dataset)
        return found
    try:
        stored = StoredPredictions.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{place}: {first['msg']}") from error
    if known_only:
        known = tuple(image for image in stored.images if image.image_id in dataset.images)
        stored = stored.model_copy(update={"images": known})
    _demand_known([image.image_id for image in stored.images], dataset)
    return _from_records(stored, dataset)


def _demand_known(image_ids: Sequence[str], dataset: Dataset) -> None:
    unknown = [name for name in image_ids if name not in dataset.images]
    if unknown:
        raise BadSamples(f"image {unknown[0]} was predicted but is not in the snapshot")


def of_images(found: PredictionColumns, chosen: Sequence[int]) -> PredictionColumns:
    """The predictions on some images, by their places, in that order."""
    places = np.array(chosen, np.int64)
    if places.size == found.starts.size - 1 and (np.diff(places) == 1).all():
        return found
    rows, starts = _spans(found.starts, places)
    names = tuple(found.header.image_ids[place] for place in chosen)
    return PredictionColumns(
        header=found.header.model_copy(update={"image_ids": names}),
        elapsed_ms=found.elapsed_ms[places],
        starts=starts,
        columns=_at(found, rows),
    )


def of_rows(found: PredictionColumns, rows: Ints) -> PredictionColumns:
    """The predictions with some of their rows, ``(N,)`` rising; every image stays."""
    counts = np.bincount(found.row_image()[rows], minlength=found.starts.size - 1)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return replace(found, starts=starts, columns=_at(found, rows))


def _at(found: PredictionColumns, rows: Ints) -> Columns:
    """Columns of some rows, those of ragged ones as well."""
    ragged = {name for name in found.columns if f"{name}_starts" in found.columns}
    columns: Columns = {}
    for name, values in found.columns.items():
        if name in ragged:
            inner, columns[f"{name}_starts"] = _spans(found.columns[f"{name}_starts"], rows)
            columns[name] = values[inner]
        elif name.removesuffix("_starts") not in ragged:
            columns[name] = values[rows]
    return columns


def _spans(starts: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """Rows of the chosen groups, one group after the other, and where each begins then."""
    lengths = np.diff(starts)[chosen]
    begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    shift = np.repeat(starts[:-1][chosen] - begins[:-1], lengths)
    return shift + np.arange(begins[-1]), begins


def _from_records(stored: StoredPredictions, dataset: Dataset) -> PredictionColumns:
    counted: Callable[[ImagePredictions], int] = COUNTED[dataset.task]
    header = PredictionHeader(
        task=dataset.task,
        version=stored.version,
        labels=stored.labels,
        threshold=stored.threshold,
        tile_plan=stored.tile_plan,
        image_ids=tuple(image.image_id for image in stored.images),
    )
    counts = [counted(image) for image in stored.images]
    found = PredictionColumns(
        header=header,
        elapsed_ms=np.array([image.elapsed_ms for image in stored.images], np.float64),
        starts=np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64),
        columns=COLUMNS[dataset.task](stored, dataset.images),
    )
    check_predictions(found)
    return found


Images = Mapping[str, DatasetImage]


def _scores(stored: StoredPredictions, _: Images) -> Columns:
    labels = len(stored.labels)
    for image in stored.images:
        if len(image.scores) != labels:
            raise BadSamples(f"image {image.image_id}: {len(image.scores)} scores, {labels} labels")
    scores = np.array([image.scores for image in stored.images], np.float64)
    return {"scores": scores.reshape(-1, labels)}


def _detections(stored: StoredPredictions, _: Images) -> Columns:
    rows = [found for image in stored.images for found in image.detections]
    columns: Columns = {
        "label": _label_column(stored.labels, [found.label for found in rows]),
        "score": np.array([found.score for found in rows], np.float64),
        "box": np.array([found.box for found in rows], np.float64).reshape(-1, 4),
    }
    if any(found.angle is not None for found in rows):
        angles = [np.nan if found.angle is None else found.angle for found in rows]
        columns["angle"] = np.array(angles, np.float64)
    return columns


def _outlined(stored: StoredPredictions, images: Images) -> Columns:
    codes = []
    for image in stored.images:
        for found in image.detections:
            if found.rle is None:
                raise BadSamples("a predicted object carries no mask")
            codes.append(_text_of(found.rle, images[image.image_id]))
    return _detections(stored, images) | _ragged_bytes("rle", codes)


def _label_masks(stored: StoredPredictions, images: Images) -> Columns:
    rows = [(mask, images[image.image_id]) for image in stored.images for mask in image.label_masks]
    labels = _label_column(stored.labels, [mask.label for mask, _ in rows])
    return {"label": labels} | _ragged_bytes("rle", [_text_of(m.rle, i) for m, i in rows])


def _lines(stored: StoredPredictions, _: Images) -> Columns:
    rows = [line for image in stored.images for line in image.lines]
    points = [line.points for line in rows]
    flat = np.array(list(chain.from_iterable(points)), np.float64).reshape(-1, 2)
    return {
        "score": np.array([line.score for line in rows], np.float64),
        "points": flat,
        "points_starts": _starts([len(outline) for outline in points]),
    } | _ragged_bytes("text", [line.text.encode() for line in rows])


def _label_column(labels: tuple[str, ...], names: list[str]) -> Ints:
    places = {label: place for place, label in enumerate(labels)}
    try:
        return np.array([places[name] for name in names], np.int64)
    except KeyError as error:
        raise BadSamples(f"label {error} is unknown") from error


def _text_of(rle: Rle, image: DatasetImage) -> bytes:
    if rle.size != (image.height, image.width):
        raise BadSamples(f"a mask and its image {image.image_id} differ in size")
    return rle.counts.encode()


def _ragged_bytes(name: str, texts: list[bytes]) -> Columns:
    values = np.frombuffer(b"".join(texts), np.uint8)
    return {name: values, f"{name}_starts": _starts([len(text) for text in texts])}


def _starts(lengths: list[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


COLUMNS: dict[Task, Callable[[StoredPredictions, Images], Columns]] = {
    "classification": _scores,
    "detection": _detections,
    "instance_segmentation": _outlined,
    "semantic_segmentation": _label_masks,
    "ocr": _lines,
}
COUNTED: dict[Task, Callable[[ImagePredictions], int]] = {
    "classification": lambda image: 1,
    "detection": lambda image: len(image.detections),
    "instance_segmentation": lambda image: len(image.detections),
    "semantic_segmentation": lambda image: len(image.label_masks),
    "ocr": lambda image: len(image.lines),
}
