"""The plan of a project, from what is known of its images and targets."""

from dataclasses import dataclass

from services.tiling.domain.planning import Planned, TargetExtremes, plan_image
from services.tiling.repository import TARGETS
from shared.documents.port import Documents, Query, Range, Sort, TenantScope, Where
from shared.images.directory import ImageDirectory, living
from shared.projects.directory import ProjectDirectory
from shared.vision.tiles import TilePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """What a plan is asked for; what is left out is read from the project.

    ``min_target_area`` is in px², ``max_target_side`` in px.
    """

    width: int | None = None
    height: int | None = None
    min_target_area: float | None = None
    max_target_side: float | None = None
    rows: int | None = None
    columns: int | None = None
    overlap_px: int = 0

    def plan(self) -> TilePlan | None:
        """Return the grid that is asked about, if one is."""
        if not self.rows and not self.columns:
            return None
        return TilePlan(grid=(self.rows or 1, self.columns or 1), overlap_px=self.overlap_px)


class Plans:
    """Plans over the document store."""

    def __init__(
        self, documents: Documents, projects: ProjectDirectory, images: ImageDirectory
    ) -> None:
        self._documents = documents
        self._projects = projects
        self._images = images

    async def plan(self, tenant: str, project_id: str, asked: PlanQuestion) -> Planned:
        """Return the plan of a project, or the one asked for, on its largest image; or NotFound.

        Raises:
            InvalidInput: the target that is asked about is no target.
        """
        project = await self._projects.require(tenant, project_id)
        plan = asked.plan() or project.tile_plan or TilePlan()
        size = await self._size(tenant, project_id, asked)
        return plan_image(plan, size, await self._targets(tenant, project_id, asked))

    async def _size(
        self, tenant: str, project_id: str, asked: PlanQuestion
    ) -> tuple[int, int] | None:
        if asked.width and asked.height:
            return asked.width, asked.height
        whole = living(project_id, parent_id=None)
        largest = await self._images.of(tenant).query(
            Query(where=whole, sort=Sort("area", -1), limit=1)
        )
        return (largest[0].width, largest[0].height) if largest else None

    async def _targets(
        self, tenant: str, project_id: str, asked: PlanQuestion
    ) -> TargetExtremes | None:
        if asked.min_target_area is not None:
            side = asked.max_target_side or asked.min_target_area**0.5
            return TargetExtremes(asked.min_target_area, side)
        targets = self._documents.collection(TARGETS, TenantScope(tenant))
        where: Where = {"project_id": project_id, "smallest_area": Range(gt=0)}
        smallest = await targets.query(Query(where=where, sort=Sort("smallest_area"), limit=1))
        if not smallest:
            return None
        where = {"project_id": project_id}
        longest = await targets.query(
            Query(where=where, sort=Sort("longest_small_side", -1), limit=1)
        )
        side = asked.max_target_side or longest[0].longest_small_side
        return TargetExtremes(smallest[0].smallest_area, side)
