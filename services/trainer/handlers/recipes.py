"""A project's own recipe, and which one a training that names none takes."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from services.trainer.domain.losses.table import check_terms
from services.trainer.domain.recipe import Recipe, RecipeSource
from services.trainer.process.plugins import plugins_of
from services.trainer.process.weight_places import with_better_network
from services.trainer.repository import RECIPES, ProjectRecipe, RecipeRevision
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.documents.port import Documents, TenantScope
from shared.projects.directory import ProjectDirectory
from shared.runtime.tasks.names import TaskName

KEPT = 100  # revisions; a training's record has its recipe itself


@dataclass(frozen=True, slots=True)
class Chosen:
    """A recipe, and where it came from."""

    recipe: Recipe
    source: RecipeSource


@dataclass(frozen=True, slots=True)
class RecipeStanding:
    """A project's own recipe, if any, beside the defaults of its task."""

    stored: ProjectRecipe
    defaults: Recipe

    @property
    def chosen(self) -> Chosen:
        """What a training takes that names no recipe."""
        latest = self.stored.latest
        if latest is None or latest.recipe is None:
            return Chosen(self.defaults, RecipeSource(kind="defaults"))
        return Chosen(latest.recipe, RecipeSource(kind="project", revision=latest.number))


class Recipes:
    """The recipes of projects over the document store."""

    def __init__(
        self,
        documents: Documents,
        projects: ProjectDirectory,
        *,
        recipe: Recipe,
        plugins: Path | None = None,
        weights: Path | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """``recipe`` is the deployment's; folders of custom losses and of pretrained weights."""
        self._documents = documents
        self._projects = projects
        self._recipe = recipe
        self._plugins = plugins
        self._weights = weights
        self._clock = clock

    async def of(self, who: Caller, project_id: str) -> RecipeStanding:
        """The project's recipe as it stands; raises NotFound."""
        project = await self._projects.require(who.tenant, project_id)
        return await self._standing(who.tenant, project_id, project.task)

    async def set(
        self, who: Caller, project_id: str, recipe: Recipe | None, *, expected: int | None
    ) -> RecipeStanding:
        """Makes the next revision of a project's recipe, unless it says the same; None unsets it.

        Raises:
            NotFound: No such project.
            VersionConflict: Somebody else changed it since ``expected``.
            InvalidInput: It is of another task, or names losses that it cannot use.
        """
        project = await self._projects.require(who.tenant, project_id)
        if recipe is not None:
            recipe = await self.checked(project.task, recipe)

        def edit(stored: ProjectRecipe) -> ProjectRecipe | None:
            if recipe == (stored.latest.recipe if stored.latest else None):
                return None
            revision = RecipeRevision(
                number=stored.version + 1, recipe=recipe, at=self._clock(), by=who.subject
            )
            kept = (revision, *stored.revisions)[:KEPT]
            return stored.model_copy(update={"revisions": kept})

        stored = await self._documents.collection(RECIPES, TenantScope(who.tenant)).change(
            project_id,
            edit,
            new=ProjectRecipe(id=project_id, tenant=who.tenant),
            expected=expected,
        )
        return RecipeStanding(stored, await self._of_task(self._recipe, project.task))

    async def default(self, tenant: str, project_id: str, task: TaskName) -> Chosen:
        """What a training of the project takes that names no recipe."""
        return (await self._standing(tenant, project_id, task)).chosen

    async def checked(self, task: TaskName, recipe: Recipe) -> Recipe:
        """The recipe for the task; raises InvalidInput where the task's trainings cannot use it."""
        made = await self._of_task(recipe, task)
        if made.losses:
            custom = await asyncio.to_thread(plugins_of, task, self._plugins)
            check_terms(task, made.losses, custom)
        return made

    async def _standing(self, tenant: str, project_id: str, task: TaskName) -> RecipeStanding:
        recipes = self._documents.collection(RECIPES, TenantScope(tenant))
        stored = await recipes.find(project_id) or ProjectRecipe(id=project_id, tenant=tenant)
        return RecipeStanding(stored, await self._of_task(self._recipe, task))

    async def _of_task(self, recipe: Recipe, task: TaskName) -> Recipe:
        """What it leaves open chosen: the network by the cards of the starts that are here."""
        chosen = await asyncio.to_thread(with_better_network, recipe, task, folder=self._weights)
        return chosen.of_task(task)
