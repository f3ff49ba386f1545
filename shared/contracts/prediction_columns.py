"""Stored predictions as columns: what a version said about its held-out images, in one file.

A *row* is one result of one image: an object, a line of text, the scores of a whole image. Image
``i`` has the rows ``starts[i]`` to ``starts[i + 1]``, best first. Which columns a row has says the
task (``shared.runtime.tasks``); a ragged column ``x`` has its values in ``x`` and the first value
of each row in ``x_starts``. The file holds the columns beside ``starts``, ``elapsed_ms`` and
``header``, the JSON of what is said once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contracts.array_file import Arrays, read_arrays, write_arrays
from shared.contracts.shapes import Task
from shared.contracts.snapshot import TilePlanSpec
from shared.errors import InvalidInput
from shared.runtime.tasks.spec import ColumnSpec
from shared.runtime.tasks.table import spec_of

Columns = Mapping[str, NDArray[Any]]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FIRST_BYTES = b"PK"  # of a file of columns; records were JSON and began with a brace
WIDER = {"float32": ("float32", "float64")}  # numbers read from JSON are as exact as it was


class BadPredictions(InvalidInput):
    """Stored predictions are damaged or do not fit together."""

    code = "bad-predictions"
    title = "The stored predictions cannot be read"


class PredictionHeader(BaseModel):
    """What is said once: the task, whose predictions these are, and the images in their order.

    Nothing below ``threshold`` was stored; ``tile_plan`` is how the predictor cut these images,
    where it did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Literal["loupe.predictions/2"] = "loupe.predictions/2"
    task: Task
    version: str
    labels: tuple[str, ...]
    threshold: float
    tile_plan: TilePlanSpec | None = None
    image_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PredictionColumns:
    """Predictions on ``M`` images: ``N`` rows, their columns, and the time of each image.

    Attributes:
        header: What is said once.
        elapsed_ms: Time that the predictor took for each image, ``(M,)``.
        starts: First row of each image, ``(M + 1,)``.
        columns: By name, ``N`` rows each; those of ragged columns as told above.
    """

    header: PredictionHeader
    elapsed_ms: Floats
    starts: Ints
    columns: Columns

    @property
    def rows(self) -> int:
        """Number of results of all images."""
        return int(self.starts[-1])

    def row_image(self) -> Ints:
        """Image of each row, ``(N,)``."""
        return np.repeat(np.arange(self.starts.size - 1), np.diff(self.starts))

    def of_image(self, image: int) -> dict[str, NDArray[Any]]:
        """The columns of one image alone, as results of the predictor have them."""
        rows = slice(int(self.starts[image]), int(self.starts[image + 1]))
        specs = [s for s in spec_of(self.header.task).columns if s.name in self.columns]
        found = {spec.name: self.columns[spec.name][rows] for spec in specs if not spec.ragged}
        for spec in specs:
            if spec.ragged:
                starts = self.columns[f"{spec.name}_starts"][rows.start : rows.stop + 1]
                found[spec.name] = self.columns[spec.name][starts[0] : starts[-1]]
                found[f"{spec.name}_starts"] = starts - starts[0]
        return found

    def to_bytes(self) -> bytes:
        """Write the file."""
        header = np.frombuffer(self.header.model_dump_json().encode(), np.uint8)
        return write_arrays(
            {"header": header, "elapsed_ms": self.elapsed_ms, "starts": self.starts, **self.columns}
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a file and check it.

        Raises:
            DamagedArrays: It is no file of arrays.
            BadPredictions: An array is missing, unknown or of another type, lengths differ,
                offsets fall or leave the rows, a label is unknown, a score is outside [0, 1], or
                an image is listed twice.
        """
        arrays = read_arrays(data)
        found = cls(
            header=_header(arrays),
            elapsed_ms=_required(arrays, "elapsed_ms"),
            starts=_required(arrays, "starts"),
            columns=arrays,
        )
        check_predictions(found)
        return found


def check_predictions(found: PredictionColumns) -> None:
    """Refuse columns that do not fit together; raises BadPredictions with the first that does not.

    See :meth:`PredictionColumns.from_bytes`.
    """
    header, images = found.header, len(found.header.image_ids)
    if len(set(header.image_ids)) != images:
        raise BadPredictions("an image was predicted twice")
    _demand(found.elapsed_ms, "elapsed_ms", ("float64",), (images,))
    _demand(found.starts, "starts", ("int64",), (images + 1,))
    rows = int(found.starts[-1])
    _rising(found.starts, "starts", rows)
    specs = spec_of(header.task).columns
    expected = {name for spec in specs for name in _names(spec)}
    if unknown := sorted(set(found.columns) - expected):
        raise BadPredictions(f"column {unknown[0]} is none of the task {header.task}")
    for spec in specs:
        if spec.name in found.columns or not spec.optional:
            _check_column(spec, found.columns, rows, len(header.labels))
    if "scores" in found.columns and (np.diff(found.starts) != 1).any():
        raise BadPredictions("starts: an image has one row of scores")


def _check_column(spec: ColumnSpec, columns: Columns, rows: int, labels: int) -> None:
    for name in _names(spec):
        if name not in columns:
            raise BadPredictions(f"column {name} is missing")
    values, length = columns[spec.name], rows
    if spec.ragged:
        starts = columns[f"{spec.name}_starts"]
        _demand(starts, f"{spec.name}_starts", ("int64",), (rows + 1,))
        length = len(values)
        _rising(starts, f"{spec.name}_starts", length)
    dims = tuple(labels if dim == "labels" else dim for dim in spec.dims)
    _demand(values, spec.name, WIDER.get(spec.dtype, (spec.dtype,)), (length, *dims))
    if spec.name == "label" and ((values < 0) | (values >= labels)).any():
        raise BadPredictions(f"label: row {_first(values, labels)} is of no label")
    if spec.name == "score" and not ((values >= 0) & (values <= 1)).all():
        wrong = int(np.argmin((values >= 0) & (values <= 1)))
        raise BadPredictions(f"score: row {wrong} is not within [0, 1]")
    if values.dtype.kind == "f" and not spec.optional and not np.isfinite(values).all():
        raise BadPredictions(f"{spec.name}: a number is not finite")


def _first(labels_of: NDArray[Any], labels: int) -> int:
    return int(np.argmax((labels_of < 0) | (labels_of >= labels)))


def _names(spec: ColumnSpec) -> tuple[str, ...]:
    return (spec.name, f"{spec.name}_starts") if spec.ragged else (spec.name,)


def _header(arrays: Arrays) -> PredictionHeader:
    try:
        return PredictionHeader.model_validate_json(_required(arrays, "header").tobytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadPredictions(f"header: {place}: {first['msg']}") from error


def _required(arrays: Arrays, name: str) -> NDArray[Any]:
    """Take an array out; what stays are the columns."""
    try:
        return arrays.pop(name)
    except KeyError:
        raise BadPredictions(f"{name} is missing") from None


def _demand(
    values: NDArray[Any], name: str, dtypes: tuple[str, ...], shape: tuple[int, ...]
) -> None:
    if values.dtype.name not in dtypes:
        raise BadPredictions(f"{name}: {values.dtype.name} instead of {dtypes[0]}")
    if values.shape != shape:
        raise BadPredictions(f"{name}: shape {values.shape} instead of {shape}")


def _rising(starts: Ints, name: str, last: int) -> None:
    if starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] != last:
        raise BadPredictions(f"{name}: offsets do not rise from 0 to {last}")


@dataclass(slots=True)
class PredictionsTable:
    """Gathers the results of one image after the other.

    >>> table = PredictionsTable("detection", ("pit",))
    >>> found = {"label": np.array([0]), "score": np.ones(1, "f4"), "box": np.ones((1, 4), "f4")}
    >>> table.add("a", found, elapsed_ms=20.0)
    >>> table.gathered("V1", threshold=0.01).rows
    1
    """

    task: Task
    labels: tuple[str, ...]
    _image_ids: list[str] = field(init=False, default_factory=list)
    _elapsed_ms: list[float] = field(init=False, default_factory=list)
    _columns: list[Columns] = field(init=False, default_factory=list)

    def add(self, image_id: str, columns: Columns, *, elapsed_ms: float = 0.0) -> None:
        """Add an image: the columns of its results, which may be none."""
        self._image_ids.append(image_id)
        self._elapsed_ms.append(elapsed_ms)
        self._columns.append(columns)

    def gathered(
        self, version: str, *, threshold: float, tile_plan: TilePlanSpec | None = None
    ) -> PredictionColumns:
        """All that was added; raises BadPredictions where the columns of an image do not fit."""
        specs = [
            spec
            for spec in spec_of(self.task).columns
            if not spec.optional or any(spec.name in part for part in self._columns)
        ]
        columns: dict[str, NDArray[Any]] = {}
        for spec in specs:
            columns |= self._joined(spec)
        counts = [_count(specs[0], part) for part in self._columns]
        header = PredictionHeader(
            task=self.task,
            version=version,
            labels=self.labels,
            threshold=threshold,
            tile_plan=tile_plan,
            image_ids=tuple(self._image_ids),
        )
        found = PredictionColumns(
            header=header,
            elapsed_ms=np.array(self._elapsed_ms, np.float64),
            starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            columns=columns,
        )
        check_predictions(found)
        return found

    def _joined(self, spec: ColumnSpec) -> dict[str, NDArray[Any]]:
        dims = tuple(len(self.labels) if dim == "labels" else dim for dim in spec.dims)
        nothing = np.zeros((0, *dims), spec.dtype)
        parts = [part.get(spec.name, nothing) for part in self._columns]
        values = np.concatenate([nothing, *parts])
        if not spec.ragged:
            return {spec.name: values}
        lengths = [
            np.diff(part.get(f"{spec.name}_starts", np.zeros(1, np.int64)))
            for part in self._columns
        ]
        starts = np.concatenate([[0], np.cumsum(np.concatenate([[0], *lengths])[1:])])
        return {spec.name: values, f"{spec.name}_starts": starts.astype(np.int64)}


def _count(spec: ColumnSpec, columns: Columns) -> int:
    name = f"{spec.name}_starts" if spec.ragged else spec.name
    return len(columns.get(name, ())) - (spec.ragged and name in columns)
