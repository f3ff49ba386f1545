"""The collections that the gallery owns."""

from typing import Literal

from pydantic import Field

from shared.clock import Timestamp
from shared.contracts.annotation_events import ReviewState
from shared.documents.port import CollectionSpec, Document, Index
from shared.projects.directory import projects_spec
from shared.quotas import limits_spec
from shared.ticks import Ticks

Status = Literal["unlabelled", "labelled", "tested"]
TilingState = Literal["none", "waiting", "done", "failed"]


class Image(Document):
    """An image: a plain one, the parent of tiles, or a tile.

    ``identity`` is unique in a project: the hash of the original bytes, or a tile's place.
    ``listed`` is false for a parent whose tiles stand in the list in its place.
    ``labels`` has one entry an annotation. ``looks`` tell pictures that are nearly the same; None
    of tiles, and where they were not taken yet. ``review`` is where an annotation stands; None of
    a draft, too. Sizes are those of the upright content.
    """

    project_id: str
    identity: str
    name: str
    sort_name: str
    status: Status = "unlabelled"
    labels: tuple[str, ...] = ()
    annotated: bool = False
    tested_by: str | None = None
    tested_at: Timestamp | None = None
    annotation_sequence: int = 0
    review: ReviewState | None = None
    review_sequence: int = 0
    sha256: str
    size_bytes: int
    original_type: str
    blob_key: str
    content_type: str
    width: int
    height: int
    orientation: int = 1
    uploaded_at: Timestamp
    uploaded_by: str = ""
    thumbnails_key: str | None = None
    thumbnails: dict[str, tuple[int, int]] = Field(default_factory=dict)
    looks: str | None = None
    listed: bool = True
    tiling: TilingState = "none"
    tiling_reason: str = ""
    tiles: int = 0
    parent_id: str | None = None
    row: int | None = None
    column: int | None = None
    offset_x: int = 0
    offset_y: int = 0
    plan_hash: str | None = None

    @property
    def original_key(self) -> str:
        """Return the blob of the original bytes, which stands beside the content's."""
        return self.blob_key.rpartition("/")[0] + "/" + self.sha256


class Upload(Document):
    """A resumable upload on its way: parts stand in the blob store, in order.

    One that is ``whole`` has all its bytes and is about to become an image. ``ticks`` tell when the
    last part came, from when on ``expires_at`` counts.
    """

    project_id: str
    name: str
    length: int
    offset: int = 0
    parts: tuple[str, ...] = ()
    whole: bool = False
    created_by: str
    expires_at: Timestamp
    ticks: Ticks | None = None


class OrphanBlob(Document):
    """A blob that a deleted image leaves; ``id`` is the image's."""

    project_id: str = ""  # those of earlier releases do not say
    key: str
    due_at: Timestamp


_SEARCHED = (
    "sort_name", "labels", "status", "uploaded_at", "width", "height", "annotated", "review",
)  # fmt: skip

IMAGES = CollectionSpec(
    "gallery.images",
    Image,
    (
        Index(("project_id", "identity"), unique=True),
        *(
            Index(("project_id", "listed", *fields), covers=_SEARCHED)
            for fields in (
                ("uploaded_at",),
                ("sort_name",),
                ("status", "uploaded_at"),
                ("width", "height", "uploaded_at"),
            )
        ),
        Index(("project_id", "listed", "labels", "uploaded_at")),
        Index(("project_id", "listed", "review", "uploaded_at"), covers=_SEARCHED),
        Index(("parent_id",)),
        Index(("size_bytes",)),
        Index(("thumbnails_key",)),
    ),
)
UPLOADS = CollectionSpec(
    "gallery.uploads", Upload, (Index(("whole", "expires_at")), Index(("length",)))
)
ORPHANS = CollectionSpec("gallery.leftovers", OrphanBlob, (Index(("due_at",)),))
LIMITS = limits_spec("gallery")
PROJECTS = projects_spec("gallery")
