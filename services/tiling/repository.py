"""The collections that tiling owns."""

from shared.documents.port import CollectionSpec, Index
from shared.documents.projections import Projection
from shared.images.directory import images_spec
from shared.jobs.job import job_spec
from shared.projects.directory import projects_spec


class SmallTargets(Projection):
    """The small targets annotated on one image; ``id`` is the image's.

    ``smallest_area`` is in px², ``longest_small_side`` in px, both of the image.
    """

    project_id: str
    smallest_area: float
    longest_small_side: float


IMAGES = images_spec("tiling", Index(("project_id", "deleted", "parent_id", "area")))
TARGETS = CollectionSpec(
    "tiling.targets",
    SmallTargets,
    (Index(("project_id", "smallest_area")), Index(("project_id", "longest_small_side"))),
)
JOBS = job_spec("tiling")
PROJECTS = projects_spec("tiling")
