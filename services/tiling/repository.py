"""The collections that tiling owns."""

from shared.documents.port import CollectionSpec, Index
from shared.documents.projections import Projection
from shared.jobs.job import job_spec
from shared.projects.directory import projects_spec


class ImageSize(Projection):
    """The size of an image that came whole: what a plan has to cut; ``deleted`` ones stay known."""

    project_id: str
    width: int = 0
    height: int = 0
    area: int = 0
    deleted: bool = False


class Targets(Projection):
    """The small targets annotated on one image; ``id`` is the image's.

    ``smallest_area`` is in px², ``longest_small_side`` in px, both of the image.
    """

    project_id: str
    smallest_area: float
    longest_small_side: float


IMAGES = CollectionSpec("tiling.images", ImageSize, (Index(("project_id", "deleted", "area")),))
TARGETS = CollectionSpec(
    "tiling.targets",
    Targets,
    (Index(("project_id", "smallest_area")), Index(("project_id", "longest_small_side"))),
)
JOBS = job_spec("tiling")
PROJECTS = projects_spec("tiling")
