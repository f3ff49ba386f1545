"""Which losses a training of a project can use: the task's table, and what an operator added."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from services.trainer.domain.losses.table import PLUGIN, Part, parts_of
from services.trainer.process.plugins import plugins_of
from shared.callers import Caller
from shared.projects.directory import ProjectDirectory
from shared.runtime.tasks.names import TaskName


@dataclass(frozen=True, slots=True)
class Offer:
    """The parts of a task's loss, each with the custom losses that are there."""

    task: TaskName
    parts: tuple[tuple[Part, tuple[str, ...]], ...]


class OfferedLosses:
    """Looks at the table and at the operator's folder."""

    def __init__(self, projects: ProjectDirectory, *, folder: Path | None) -> None:
        self._projects = projects
        self._folder = folder

    async def of(self, who: Caller, project_id: str) -> Offer:
        """What is offered to a project.

        Raises:
            NotFound: No such project.
        """
        project = await self._projects.require(who.tenant, project_id)
        custom = await asyncio.to_thread(plugins_of, project.task, self._folder)
        parts = tuple(
            (part, tuple(f"{PLUGIN}{name}" for name in custom[part.name]))
            for part in parts_of(project.task)
        )
        return Offer(project.task, parts)
