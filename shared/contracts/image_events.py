"""Events of images and their tiles."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from shared.clock import Timestamp
from shared.contracts.envelope import EXAMPLE_ID, EventBody


class ImageUploaded(EventBody):
    """An image (a whole one, or a tile with ``parent_id``) was accepted.

    ``blob_key`` holds the upright content that everyone reads; ``sha256`` is that of the original
    bytes, ``orientation`` the EXIF orientation by which those became upright. ``looks`` are 64
    hexadecimal digits, whose bits differ little between pictures that are nearly the same; empty of
    tiles, and where they were not taken yet: then they are announced anew.
    """

    type: ClassVar[str] = "image.uploaded"
    topic: ClassVar[str] = "image"
    source: ClassVar[str] = "gallery"
    consumers: ClassVar[tuple[str, ...]] = ("tiling", "annotation", "trainer", "inference")
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "image_id": EXAMPLE_ID,
        "name": "part-17.jpg",
        "blob_key": "t/default/9f86d081",
        "sha256": "9f86d081",
        "content_type": "image/jpeg",
        "size_bytes": 204800,
        "width": 640,
        "height": 480,
        "uploaded_at": "2026-11-20T08:00:00.000000Z",
    }

    project_id: str
    image_id: str
    name: str
    blob_key: str
    sha256: str
    content_type: str
    size_bytes: int
    width: int
    height: int
    uploaded_at: Timestamp
    parent_id: str | None = None
    row: int | None = None
    column: int | None = None
    offset_x: int = 0
    offset_y: int = 0
    plan_hash: str | None = None
    exif_device: str | None = None
    orientation: int = 1
    looks: str = ""


class Tile(BaseModel):
    """One cut tile: row-major place, offset in its parent, and its own blob."""

    model_config = ConfigDict(frozen=True)

    image_id: str
    row: int
    column: int
    x: int
    y: int
    width: int
    height: int
    blob_key: str
    sha256: str
    content_type: str
    size_bytes: int


class ImageTiled(EventBody):
    """A large image was cut by a plan; its tiles become images of the gallery."""

    type: ClassVar[str] = "image.tiled"
    topic: ClassVar[str] = "image"
    source: ClassVar[str] = "tiling"
    consumers: ClassVar[tuple[str, ...]] = ("gallery",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "parent_id": EXAMPLE_ID,
        "parent_name": "board.png",
        "plan_hash": "5f2c",
        "tiles": [
            {
                "image_id": EXAMPLE_ID,
                "row": 0,
                "column": 0,
                "x": 0,
                "y": 0,
                "width": 3000,
                "height": 3000,
                "blob_key": "t/default/60303ae2",
                "sha256": "60303ae2",
                "content_type": "image/png",
                "size_bytes": 4096,
            }
        ],
    }

    project_id: str
    parent_id: str
    parent_name: str
    plan_hash: str
    tiles: tuple[Tile, ...]


class TilingFailed(EventBody):
    """A large image could not be cut; the parent stays and says why."""

    type: ClassVar[str] = "image.tiling_failed"
    topic: ClassVar[str] = "image"
    source: ClassVar[str] = "tiling"
    consumers: ClassVar[tuple[str, ...]] = ("gallery",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "parent_id": EXAMPLE_ID,
        "reason": "tile 20x20 px is under 30x30 px",
    }

    project_id: str
    parent_id: str
    reason: str


class ImageDeleted(EventBody):
    """An image was removed from the gallery."""

    type: ClassVar[str] = "image.deleted"
    topic: ClassVar[str] = "image"
    source: ClassVar[str] = "gallery"
    consumers: ClassVar[tuple[str, ...]] = ("tiling", "annotation", "trainer", "inference")
    example: ClassVar[dict[str, Any]] = {"project_id": EXAMPLE_ID, "image_id": EXAMPLE_ID}

    project_id: str
    image_id: str
