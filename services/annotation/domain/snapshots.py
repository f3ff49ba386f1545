"""Freezing a dataset: which images, shapes and splits a training sees, and its hash."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from services.annotation.domain.formats.model import Split
from services.annotation.domain.label_rules import MAX_LABELS
from services.annotation.domain.splits import SplitCandidate, assign_splits
from shared.contracts.shapes import IgnoreRegion, Shape, Task
from shared.contracts.snapshot import Snapshot, SnapshotImage, TilePlanSpec
from shared.runtime.tasks.table import spec_of
from shared.vision.tiles import TilePlan

FEW_IMAGES = 30  # C-035
FEW_EXAMPLES = 2
LEAST_CLASSES = 2  # one label alone is always right, and tells nothing


class CannotFreeze(ValueError):
    """No dataset can be made; the text says what is missing."""


@dataclass(frozen=True)
class Picture:
    """The whole picture of an image: itself, or what a tile was cut from.

    ``looks`` as the event ``image.uploaded`` tells them; empty where it told none.
    """

    id: str = ""
    name: str = ""
    looks: str = ""


@dataclass(frozen=True)
class AnnotatedImage:
    """An annotated image as the service holds it."""

    image_id: str
    name: str
    blob_key: str
    sha256: str
    width: int
    height: int
    shapes: tuple[Shape, ...]
    ignore_regions: tuple[IgnoreRegion, ...]
    listed: Split | None
    corrected: bool
    parent_id: str | None
    exif_device: str | None
    plan_hash: str | None = None
    offset_x: int = 0
    offset_y: int = 0
    picture: Picture = Picture()

    @property
    def group(self) -> str:
        """Return what it must not be parted from: its parent, or its equals in content."""
        return self.parent_id or self.sha256


@dataclass(frozen=True)
class FrozenDataset:
    """A snapshot with what a person should know of it."""

    snapshot: Snapshot
    corrections: int
    warnings: tuple[str, ...]


def freeze(
    project_id: str,
    task: Task,
    images: Sequence[AnnotatedImage],
    *,
    tile_plan: TilePlan | None = None,
) -> FrozenDataset:
    """Freeze the annotated images of a project.

    Images annotated with no shape are negatives; images that nobody annotated are not here at all.
    A classifier learns of labels alone: an image without one is left out, it is no negative, and
    labels that only held-out images have count as well, so that those images are judged.
    A tiled project's dataset is the tiles of its plan and nothing else.
    Where lists name validation images but no test images, those are the held-out ones.

    Args:
        project_id: The project.
        task: Its task.
        images: Its annotated images, in any order.
        tile_plan: How its images are cut; None for a plain project.

    Returns:
        The dataset; the same content always has the same hash.

    Raises:
        CannotFreeze: Nothing is annotated, nothing is left for training or for judging, or no
            object is annotated on any training image, or a classification has one label only; or
            there are more labels than any event could tell.
    """
    if not images:
        raise CannotFreeze("no image is annotated yet; annotate some, or import labels")
    plan_hash = tile_plan.hash if tile_plan else None
    uncut = sum(image.plan_hash != plan_hash for image in images)
    images = [image for image in images if image.plan_hash == plan_hash]
    if not images:
        raise CannotFreeze(f"{uncut} annotated images are not cut into tiles by the project's plan")
    classes = spec_of(task).labels_whole
    unlabelled = [image for image in images if classes and not image.shapes]
    images = [image for image in images if image.shapes or not classes]
    if not images:
        raise CannotFreeze("no image has a label yet; label some, or import labels")
    splits = _splits(project_id, images)
    _refuse_one_sided(images, splits, classes=classes)
    ordered = sorted(images, key=lambda image: (image.name, image.image_id))
    rows = tuple(_row(image, splits[image.image_id]) for image in ordered)
    _refuse_many_labels(rows)
    learnt = [row for row in rows if row.split == "train" or classes]
    used = sorted({shape.label for row in learnt for shape in row.shapes})
    snapshot = Snapshot(
        project_id=project_id,
        task=task,
        labels=tuple(used),
        tile_plan=TilePlanSpec.model_validate(tile_plan.to_json()) if tile_plan else None,
        tile_plan_hash=plan_hash,
        images=rows,
    )
    frozen = snapshot.model_copy(update={"dataset_hash": dataset_hash(snapshot)})
    corrections = sum(row.corrected for row in rows)
    warnings = _warnings(rows, uncut)
    if unlabelled:
        warnings.append(f"{len(unlabelled)} annotated images have no label and are left out")
    return FrozenDataset(frozen, corrections, tuple(warnings))


def splits_of(
    project_id: str,
    task: Task,
    images: Sequence[AnnotatedImage],
    *,
    tile_plan: TilePlan | None = None,
) -> dict[str, Split]:
    """Return which images would train and which would judge, by id, were they frozen as they are.

    Those that no dataset would have are missing.
    """
    plan_hash = tile_plan.hash if tile_plan else None
    classes = spec_of(task).labels_whole
    used = [
        image for image in images if image.plan_hash == plan_hash and (image.shapes or not classes)
    ]
    return _splits(project_id, used)


def dataset_hash(snapshot: Snapshot) -> str:
    """SHA-256 of the snapshot's canonical JSON without itself and ids of labels, in hexadecimal."""
    content = snapshot.model_dump(mode="json", exclude={"dataset_hash", "label_ids"})
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _splits(project_id: str, images: Sequence[AnnotatedImage]) -> dict[str, Split]:
    splits = assign_splits([_candidate(image) for image in images], salt=project_id)
    if "test" in splits.values():
        return splits
    return {key: "test" if split == "val" else split for key, split in splits.items()}


def _candidate(image: AnnotatedImage) -> SplitCandidate:
    labels = frozenset(shape.label for shape in image.shapes)
    return SplitCandidate(image.image_id, image.group, image.listed, image.corrected, labels)


def _refuse_one_sided(
    images: Sequence[AnnotatedImage], splits: dict[str, Split], *, classes: bool
) -> None:
    if len({image.group for image in images}) < 2:
        raise CannotFreeze(
            "only one image is annotated; at least two are needed, for one of them is held out"
        )
    training = [image for image in images if splits[image.image_id] == "train"]
    if not training:
        raise CannotFreeze("every annotated image is held out by its list; none is left to train")
    if "test" not in splits.values():
        raise CannotFreeze("every annotated image trains; none is left to judge the model")
    if not any(image.shapes for image in training):
        raise CannotFreeze("no object is annotated on any training image: they are all negatives")
    taught = {shape.label for image in training for shape in image.shapes}
    if classes and len(taught) < LEAST_CLASSES:
        raise CannotFreeze(
            f"all training images have the label {taught.pop()!r}; a classification needs images of"
            " at least two labels to tell apart"
        )


def _refuse_many_labels(rows: Sequence[SnapshotImage]) -> None:
    labels = {shape.label for row in rows for shape in row.shapes}
    if len(labels) > MAX_LABELS:
        raise CannotFreeze(
            f"the annotated images have {len(labels)} labels; a dataset has at most {MAX_LABELS}"
        )


def _row(image: AnnotatedImage, split: Split) -> SnapshotImage:
    return SnapshotImage(
        image_id=image.image_id,
        name=image.name,
        blob_key=image.blob_key,
        width=image.width,
        height=image.height,
        split=split,
        group=image.group,
        shapes=tuple(_drawn(shape) for shape in image.shapes),
        ignore_regions=image.ignore_regions,
        corrected=image.corrected,
        parent_id=image.parent_id,
        plan_hash=image.plan_hash,
        offset_x=image.offset_x,
        offset_y=image.offset_y,
        exif_device=image.exif_device,
    )


def _drawn(shape: Shape) -> Shape:
    """What is learnt from a shape is the same whoever proposed it."""
    if shape.proposed_by is None:
        return shape
    return shape.model_copy(update={"score": None, "proposed_by": None})


def _warnings(rows: Sequence[SnapshotImage], uncut: int) -> list[str]:
    warnings = []
    if uncut:
        warnings.append(
            f"{uncut} annotated images are not cut into tiles by the project's plan and left out"
        )
    if len(rows) < FEW_IMAGES:
        warnings.append(f"{len(rows)} annotated images; at least {FEW_IMAGES} are recommended")
    by_split = {
        split: Counter(s.label for row in rows if row.split == split for s in row.shapes)
        for split in ("train", "test")
    }
    for label in sorted(by_split["train"] | by_split["test"]):
        examples = by_split["train"][label]
        if examples == 0:
            warnings.append(f"label {label!r} is only on held-out images and cannot be learned")
        elif examples < FEW_EXAMPLES:
            warnings.append(f"label {label!r} has one example in training; annotate more")
        elif by_split["test"][label] == 0:
            warnings.append(f"label {label!r} is on no held-out image and cannot be judged")
    return warnings
