"""Reads a snapshot's images and truth into training windows; runs in the training process."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

import numpy as np

from services.trainer.domain.history import Facts
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.ports import (
    NothingToTrain,
    PlanT,
    TaskBuilder,
    WindowT,
)
from services.trainer.domain.training.views import without_regions
from shared.blobs.content import is_named, lost
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.errors import InvalidInput
from shared.runtime.images import ImageDamaged, decode_rgb
from shared.runtime.preprocess import Image
from shared.runtime.tasks.table import spec_of
from shared.vision.tiles import TilePlan

MOST_TOLD = 200  # labels whose examples are told
TRAINED = ("train", "val")  # nothing is chosen on val, so its images may teach; test never does


class UnreadableImage(InvalidInput):
    """An image of the snapshot cannot be decoded."""

    code = "unreadable-image"
    title = "An image cannot be read"


class MixedPlans(InvalidInput):
    """The snapshot's images were not all cut by its plan."""

    code = "mixed-plans"
    title = "The images were not cut alike"


@dataclass(frozen=True, slots=True)
class LoadedDataset(Generic[PlanT, WindowT]):
    """A snapshot ready for training.

    Attributes:
        plan: Input size, tiles, and what else the task plans.
        windows: Windows of the images that train.
        judged: Images that only judge.
        input_plan: How all these images were cut out of larger ones; None for whole images.
    """

    plan: PlanT
    windows: Sequence[WindowT]
    judged: tuple[SnapshotImage, ...]
    input_plan: TilePlan | None = None


def stored_image(path: Path, image: SnapshotImage) -> Image:
    """The pixels of an image of the snapshot, ``(H, W, 3)`` uint8 RGB.

    Raises:
        UnreadableImage: Not an image, or not the bytes that were stored; the detail names it.
    """
    if not is_named(image.blob_key, path):
        raise UnreadableImage(lost(image.name))
    return read_image(path, image.name)


def judged_image(path: Path, image: SnapshotImage, task: str) -> Image:
    """The pixels of an image that judges, hidden where nothing counts as they are for who learns.

    Raises:
        UnreadableImage: See `stored_image`.
    """
    pixels = stored_image(path, image)
    # Of a label of the whole; objects in an ignore region count for nothing anyway.
    hides = spec_of(task).labels_whole
    return without_regions(pixels, image.ignore_regions) if hides else pixels


def read_image(path: Path, name: str) -> Image:
    """The pixels of an upright image file, ``(H, W, 3)`` uint8 RGB.

    Raises:
        UnreadableImage: Not an image, or damaged; the detail names it.
    """
    try:
        return decode_rgb(path.read_bytes())
    except ImageDamaged as error:
        raise UnreadableImage(f"{name}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A snapshot and where its images and decoded windows lie.

    Attributes:
        snapshot: The frozen dataset.
        files: File of each image, by image id.
        cache_bytes: Memory for the windows' pixels; what is more goes into the file ``spill``.
        spill: A file that may be written; the operating system pages it in as needed.
    """

    snapshot: Snapshot
    files: Mapping[str, Path]
    cache_bytes: int
    spill: Path


def load_dataset(
    source: Source,
    recipe: Recipe,
    builder: TaskBuilder[PlanT, WindowT],
    *,
    without: Sequence[SnapshotImage] = (),
) -> LoadedDataset[PlanT, WindowT]:
    """Plans the training and reads every training image once, but for those ``without``.

    Raises:
        NothingToTrain: No image trains, the snapshot has no labels, or the task finds no target.
        MixedPlans: An image is no tile of the snapshot's plan.
        UnreadableImage: An image cannot be decoded.
    """
    snapshot = source.snapshot
    input_plan = input_plan_of(snapshot)
    trained = trainable(snapshot, without=without)
    if not trained:
        raise NothingToTrain("no annotated image is left for training")
    if not snapshot.labels:
        raise NothingToTrain("the project has no label")

    def read(image: SnapshotImage) -> Image:
        return stored_image(source.files[image.image_id], image)

    prepared = builder.prepare(recipe, trained, snapshot.labels, read)
    windows = spilt(prepared.windows, source.cache_bytes, source.spill)
    judged = tuple(image for image in snapshot.images if image.split == "test")
    return LoadedDataset(prepared.plan, windows, judged, input_plan)


def trainable(snapshot: Snapshot, *, without: Sequence[SnapshotImage] = ()) -> list[SnapshotImage]:
    """The images that may teach, but for those ``without``."""
    held = {image.image_id for image in without}
    return [
        image for image in snapshot.images if image.split in TRAINED and image.image_id not in held
    ]


def facts_of(snapshot: Snapshot, device: str, *, without: Sequence[SnapshotImage] = ()) -> Facts:
    """How many images each split has and how many shapes of each label teach, those of none too.

    Args:
        snapshot: The frozen dataset.
        device: What computes.
        without: Images that might teach, but judge.
    """
    teaches = trainable(snapshot, without=without)
    shapes = Counter(shape.label for image in teaches for shape in image.shapes)
    return Facts(
        splits=Counter(image.split for image in snapshot.images),
        examples={label: shapes[label] for label in snapshot.labels[:MOST_TOLD]},
        device=device,
    )


def input_plan_of(snapshot: Snapshot) -> TilePlan | None:
    """How the snapshot's images were cut out of larger ones; None for whole images.

    Raises:
        MixedPlans: An image is no tile of the snapshot's plan, or the plan's hash is another's.
    """
    spec = snapshot.tile_plan
    plan = None if spec is None else TilePlan.from_json(spec.model_dump())
    wanted = None if plan is None else plan.hash
    if snapshot.tile_plan_hash not in (None, wanted):
        raise MixedPlans("the dataset's tile plan does not have the hash that it names")
    for image in snapshot.images:
        if image.plan_hash != wanted:
            raise MixedPlans(f"{image.name} was cut by another tile plan than the dataset's")
    return plan


def spilt(windows: Iterator[WindowT], limit_bytes: int, path: Path) -> list[WindowT]:
    """All windows: in memory as long as their pixels fit, the rest of the pixels in one file.

    ``path`` is only made when it is needed.
    """
    kept: list[WindowT] = []
    held = 0
    for window in windows:
        held += sum(part.nbytes for part in window.pixels)
        kept.append(window if held <= limit_bytes else _in_file(window, path))
    return kept


def _in_file(window: WindowT, path: Path) -> WindowT:
    parts = window.pixels
    with path.open("ab") as file:
        offset = file.tell()
        for part in parts:
            file.write(np.ascontiguousarray(part).tobytes())
    ends = np.cumsum([part.size for part in parts])
    # One map for all of a window: each holds a descriptor of the file.
    stored = np.split(np.memmap(path, np.uint8, "r", offset, (int(ends[-1]),)), ends[:-1])
    return window.with_pixels(
        [one.reshape(part.shape) for one, part in zip(stored, parts, strict=True)]
    )
