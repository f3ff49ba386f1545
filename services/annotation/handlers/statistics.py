"""The use case of looking at a set as a whole."""

import asyncio

from services.annotation.domain.snapshots import splits_of
from services.annotation.domain.statistics import SetStatistics, statistics_of
from services.annotation.handlers.snapshots import Snapshots
from services.annotation.repository import judged
from shared.images.directory import ImageDirectory
from shared.projects.directory import ProjectDirectory

AT_ONCE = 2
"""Sets in memory of a process; other questions wait."""


class Statistics:
    """Counts all annotations of a project."""

    def __init__(
        self, *, projects: ProjectDirectory, images: ImageDirectory, snapshots: Snapshots
    ) -> None:
        self._projects = projects
        self._images = images
        self._snapshots = snapshots
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def of(self, tenant: str, project_id: str) -> tuple[SetStatistics, int]:
        """Return what a project's set is made of, and how many images it has in all.

        Images that are cut count as their tiles, as a training sees them; of a tiled project, one
        that is not cut does not count, annotated or not.

        Raises:
            NotFound: There is no such project.
        """
        project = await self._projects.require(tenant, project_id)
        async with self._slots:
            images = await self._snapshots.annotated(tenant, project_id)
            total = await self._images.count(tenant, project_id, **judged(project))
            if project.tiling is not None:
                images = [image for image in images if image.parent_id is not None]

            def counted() -> SetStatistics:
                plan = project.tile_plan
                splits = splits_of(project_id, project.task, images, tile_plan=plan)
                return statistics_of(images, splits)

            return await asyncio.to_thread(counted), total
