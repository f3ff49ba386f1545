"""The dataset manifest: what a version was trained and judged on, frozen in a blob."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.shapes import IgnoreRegion, Shape, Task

Split = Literal["train", "val", "test"]


class TilePlanSpec(BaseModel):
    """A tile plan on the wire; ``shared.vision.tiles.TilePlan`` gives it meaning and its hash."""

    model_config = ConfigDict(frozen=True)

    grid: tuple[int, int] | None = None
    tile_size: tuple[int, int] | None = None
    overlap_px: int = 0


class SnapshotImage(BaseModel):
    """One image of a snapshot; sizes in pixels of the EXIF-upright content under ``blob_key``.

    A tile names its parent, its place in it, and the hash of the plan that cut it.
    """

    model_config = ConfigDict(frozen=True)

    image_id: str
    name: str
    blob_key: str
    width: int
    height: int
    split: Split
    group: str
    shapes: tuple[Shape, ...] = ()
    ignore_regions: tuple[IgnoreRegion, ...] = ()
    corrected: bool = False
    parent_id: str | None = None
    plan_hash: str | None = None
    offset_x: int = 0
    offset_y: int = 0
    exif_device: str | None = None


class Snapshot(BaseModel):
    """A frozen dataset; ``dataset_hash`` is the SHA-256 of its canonical JSON without it.

    ``tile_plan`` is how a tiled project cuts its images: every image of the snapshot is a tile of
    it, and ``tile_plan_hash`` is its identity. Without it the images are whole ones.

    ``label_ids`` are those of ``labels``, in order, so that a label is known again under another
    name; empty where it was not known. They are no content: the hash leaves them out, too.
    """

    model_config = ConfigDict(frozen=True)

    project_id: str
    task: Task
    labels: tuple[str, ...]
    label_ids: tuple[str, ...] = ()
    tile_plan: TilePlanSpec | None = None
    tile_plan_hash: str | None = None
    images: tuple[SnapshotImage, ...]
    dataset_hash: str = ""
