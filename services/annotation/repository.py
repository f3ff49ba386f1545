"""The collections that the annotation service owns."""

from services.annotation.domain.formats.model import KnownImage, Split
from services.annotation.domain.history import Change
from shared.clock import Timestamp
from shared.contracts.shapes import IgnoreRegion, Shape
from shared.documents.port import CollectionSpec, Document, Index
from shared.documents.projections import Projection
from shared.documents.receipts import receipts_spec
from shared.projects.directory import projects_spec

SERVICE = "annotation"


class ImageView(Projection):
    """An image as the gallery announced it; deleted ones stay as marks.

    A tile names its parent, its place in it, and the plan that cut it.
    """

    project_id: str = ""
    name: str = ""
    blob_key: str = ""
    sha256: str = ""
    width: int = 0
    height: int = 0
    parent_id: str | None = None
    plan_hash: str | None = None
    offset_x: int = 0
    offset_y: int = 0
    exif_device: str | None = None
    deleted: bool = False

    def known(self) -> KnownImage:
        """Return what label files are matched against."""
        return KnownImage(self.id, self.name, self.width, self.height)


class PredictionView(Projection):
    """A prediction of an image of the gallery; ``id`` is the prediction's."""

    project_id: str
    image_id: str


class Annotation(Document):
    """What is on an image; ``id`` is the image's. ``annotated`` with no shape is a negative.

    ``split`` comes from an imported list. ``change_id`` is the end of the history's chain.
    ``drawn_version`` is the version at which it was last drawn: following a label's new name does
    not count. ``whole_version`` is that of the large image's annotation that a tile follows.
    """

    project_id: str
    shapes: tuple[Shape, ...] = ()
    ignore_regions: tuple[IgnoreRegion, ...] = ()
    annotated: bool = False
    corrected: bool = False
    split: Split | None = None
    prediction_id: str | None = None
    author: str = ""
    updated_at: Timestamp | None = None
    change_id: str = ""
    drawn_version: int = 0
    whole_version: int = 0
    labels: tuple[str, ...] = ()
    """Distinct label names, for finding what a renamed or deleted label touches."""


class ChangeRecord(Document):
    """A step of an image's history; written before the annotation that it leads to."""

    project_id: str
    image_id: str
    import_id: str = ""
    change: Change


class Label(Document):
    """A label of a project. A deleted one stays as a mark, so that no late event revives it.

    ``unique_name`` is the name while the label lives, and unlike any name after that.
    """

    project_id: str
    name: str
    unique_name: str
    created_at: Timestamp
    deleted: bool = False


class SnapshotRecord(Document):
    """A frozen dataset, or why there is none; ``id`` is the training's."""

    project_id: str
    manifest_key: str = ""
    dataset_hash: str = ""
    refused: str = ""
    created_at: Timestamp


PROJECTS = projects_spec(SERVICE)
RECEIPTS = receipts_spec(SERVICE)
IMAGES = CollectionSpec(
    "annotation.images", ImageView, (Index(("project_id", "name")), Index(("parent_id",)))
)
PREDICTIONS = CollectionSpec("annotation.predictions", PredictionView, (Index(("image_id",)),))
ANNOTATIONS = CollectionSpec(
    "annotation.annotations", Annotation, (Index(("project_id", "annotated")),)
)
HISTORY = CollectionSpec(
    "annotation.history", ChangeRecord, (Index(("image_id",)), Index(("import_id",)))
)
LABELS = CollectionSpec(
    "annotation.labels", Label, (Index(("project_id", "unique_name"), unique=True),)
)
SNAPSHOTS = CollectionSpec("annotation.snapshots", SnapshotRecord)

COLLECTIONS = (PROJECTS, RECEIPTS, IMAGES, PREDICTIONS, ANNOTATIONS, HISTORY, LABELS, SNAPSHOTS)
