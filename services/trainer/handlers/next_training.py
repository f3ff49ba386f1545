"""What a project's next training will start from, before anybody asks for it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from services.trainer.domain.recipe import BackboneName
from services.trainer.handlers.recipes import Recipes
from services.trainer.process.weight_places import WeightPlace, place_of
from shared.callers import Caller
from shared.projects.directory import ProjectDirectory


@dataclass(frozen=True, slots=True)
class Outlook:
    """A backbone, and where the first weights will come from as far as this process can see."""

    backbone: BackboneName
    weights: WeightPlace


class NextTraining:
    """Looks at the places of pretrained weights without loading any."""

    def __init__(
        self, projects: ProjectDirectory, recipes: Recipes, *, folder: Path | None, hub: bool
    ) -> None:
        """``folder`` and ``hub`` are as the workers have them."""
        self._projects = projects
        self._recipes = recipes
        self._folder = folder
        self._hub = hub

    async def outlook(
        self, who: Caller, project_id: str, *, backbone: BackboneName | None = None
    ) -> Outlook:
        """The outlook for the backbone of the project's recipe or another; raises NotFound."""
        project = await self._projects.require(who.tenant, project_id)
        recipe = (await self._recipes.default(who.tenant, project_id, project.task)).recipe
        recipe = recipe.model_copy(update={"backbone": backbone or recipe.backbone})
        found = await asyncio.to_thread(place_of, recipe, folder=self._folder, hub=self._hub)
        return Outlook(recipe.backbone, found)
