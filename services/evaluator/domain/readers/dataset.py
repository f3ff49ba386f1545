"""The snapshot of a version as it is judged: decoded image by image, no record outlives its use."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.numbers.interruption import look
from shared.contracts.shapes import Task
from shared.runtime.letter_case import tells_case
from shared.runtime.tasks.names import ShapeKind
from shared.vision.tiles import TilePlan

WHAT = "the snapshot"
Point = tuple[float, float]
T = TypeVar("T")


class Rle(msgspec.Struct, frozen=True, gc=False):
    """A run-length code; ``size`` is height and width."""

    size: tuple[int, int]
    counts: str


class Shape(msgspec.Struct, frozen=True, gc=False):
    """One annotated object, as ``shared.contracts.shapes`` describes it."""

    label: str
    kind: ShapeKind
    id: str = ""
    points: tuple[Point, ...] = ()
    rle: Rle | None = None
    angle: float | None = None
    text: str | None = None


class Region(msgspec.Struct, frozen=True, gc=False):
    """A polygon whose inside counts for nothing."""

    points: tuple[Point, ...]


class TruthImage(msgspec.Struct, frozen=True, gc=False):
    """One image and what is drawn on it."""

    image_id: str
    name: str
    blob_key: str
    width: int
    height: int
    split: Literal["train", "val", "test"]
    shapes: tuple[Shape, ...] = ()
    ignore_regions: tuple[Region, ...] = ()
    corrected: bool = False
    exif_device: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.height, self.width


class _Plan(msgspec.Struct):
    grid: tuple[int, int] | None = None
    tile_size: tuple[int, int] | None = None
    overlap_px: int = 0


class _Snapshot(msgspec.Struct):
    task: Task
    labels: tuple[str, ...]
    images: list[msgspec.Raw]
    label_ids: tuple[str, ...] = ()
    tile_plan: _Plan | None = None
    dataset_hash: str = ""


@dataclass(frozen=True, slots=True)
class DatasetImage:
    """What is known of one image beside its shapes."""

    image_id: str
    name: str
    blob_key: str
    width: int
    height: int
    judges: bool
    corrected: bool
    exif_device: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A frozen data set; ``annotation_counts`` are of all its images, by label.

    ``drawn`` holds each image with its shapes as they stand in the file, to be decoded when they
    are asked for; it is empty once they were read. ``label_ids`` are those of ``labels``, as far as
    they are known. ``is_cased`` says whether the case of letters can be judged by all its texts.
    """

    task: Task
    labels: tuple[str, ...]
    tile_plan: TilePlan | None
    dataset_hash: str
    images: dict[str, DatasetImage]
    annotation_counts: tuple[int, ...]
    drawn: dict[str, msgspec.Raw]
    label_ids: tuple[str, ...] = ()
    is_cased: bool = True

    def read(self, image_id: str) -> TruthImage:
        """An image with its shapes."""
        look()
        return _IMAGE(self.drawn[image_id], f"{WHAT}, image {image_id},")


def read_dataset(manifest: bytes) -> Dataset:
    """Read a snapshot manifest.

    Raises:
        BadSamples: It is damaged, or of an unknown task.
    """
    found = _SNAPSHOT(manifest, WHAT)
    counts: Counter[str] = Counter()
    images: dict[str, DatasetImage] = {}
    drawn: dict[str, msgspec.Raw] = {}
    signs: set[str] = set()
    for image, raw in zip(_images(found.images, counts, signs), found.images, strict=True):
        images[image.image_id], drawn[image.image_id] = image, raw
    plan = found.tile_plan
    return Dataset(
        task=found.task,
        labels=found.labels,
        tile_plan=None if plan is None else TilePlan(plan.grid, plan.tile_size, plan.overlap_px),
        dataset_hash=found.dataset_hash,
        images=images,
        annotation_counts=tuple(counts[label] for label in found.labels),
        drawn=drawn,
        label_ids=found.label_ids,
        is_cased=tells_case(signs),
    )


def label_ids(manifest: bytes) -> dict[str, str]:
    """Ids of a snapshot's labels by name; those that are not known are left out.

    Raises:
        BadSamples: It is damaged, or of an unknown task.
    """
    found = _SNAPSHOT(manifest, WHAT)
    return {name: one for name, one in zip(found.labels, found.label_ids, strict=False) if one}


def _images(
    raws: list[msgspec.Raw], counts: Counter[str], signs: set[str]
) -> Iterator[DatasetImage]:
    """The images one by one; counts annotations by label and collects the signs of texts."""
    for place, raw in enumerate(raws):
        image = _IMAGE(raw, f"{WHAT}, images[{place}],")
        counts.update(shape.label for shape in image.shapes)
        signs.update(*(shape.text or "" for shape in image.shapes))
        yield DatasetImage(
            image_id=image.image_id,
            name=image.name,
            blob_key=image.blob_key,
            width=image.width,
            height=image.height,
            judges=image.split == "test",  # train teaches, val may teach; only these images judge
            corrected=image.corrected,
            exif_device=image.exif_device or "",
        )


def _decoder(kind: type[T]) -> Callable[[bytes | msgspec.Raw, str], T]:
    decode = msgspec.json.Decoder(kind).decode

    def decoded(data: bytes | msgspec.Raw, what: str) -> T:
        try:
            return decode(data)
        except msgspec.DecodeError as error:
            raise BadSamples(f"{what} is damaged: {error}") from error

    return decoded


_SNAPSHOT = _decoder(_Snapshot)
_IMAGE = _decoder(TruthImage)
