"""Routes of a project's recipe: what its trainings take that name none, and took before."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict

from services.trainer.domain.recipe import Recipe, RecipeSource
from services.trainer.handlers.recipes import Recipes, RecipeStanding
from services.trainer.repository import RecipeRevision
from shared.clock import Timestamp
from shared.http.callers import Who
from shared.http.preconditions import ExpectedVersion, set_etag
from shared.http.use_cases import use

Kept = Annotated[Recipes, Depends(use(Recipes))]
router = APIRouter(tags=["trainings"])


class RecipeWish(BaseModel):
    """A project's next recipe, completed by its task's defaults; null goes back to those."""

    model_config = ConfigDict(extra="forbid")

    recipe: Recipe | None


class RecipeResponse(BaseModel):
    """What the project's trainings take that name no recipe, and where that comes from.

    ``defaults`` are of its task on this platform. ``revision`` counts what people set, going back
    to the defaults included; it is 0 and nobody's where nobody did.
    """

    recipe: Recipe
    recipe_from: RecipeSource
    defaults: Recipe
    revision: int
    set_at: Timestamp | None
    set_by: str | None

    @classmethod
    def of(cls, standing: RecipeStanding) -> "RecipeResponse":
        """Build the response of a project's recipe."""
        chosen, latest = standing.chosen, standing.stored.latest
        return cls(
            recipe=chosen.recipe,
            recipe_from=chosen.source,
            defaults=standing.defaults,
            revision=latest.number if latest else 0,
            set_at=latest.at if latest else None,
            set_by=latest.by if latest else None,
        )


class RecipeRevisions(BaseModel):
    """The latest hundred revisions, newest first."""

    items: tuple[RecipeRevision, ...]


@router.get("/projects/{project_id}/recipe")
async def get_recipe(
    project_id: str, who: Who, recipes: Kept, response: Response
) -> RecipeResponse:
    """Return what a training takes that names no recipe: the project's own, or the defaults."""
    standing = await recipes.of(who, project_id)
    set_etag(response, standing.stored.version)
    return RecipeResponse.of(standing)


@router.put("/projects/{project_id}/recipe")
async def set_recipe(
    project_id: str,
    body: RecipeWish,
    who: Who,
    recipes: Kept,
    *,
    expected: ExpectedVersion,
    response: Response,
) -> RecipeResponse:
    """Set what the project's trainings take that name no recipe, those of the policy included."""
    standing = await recipes.set(who, project_id, body.recipe, expected=expected)
    set_etag(response, standing.stored.version)
    return RecipeResponse.of(standing)


@router.get("/projects/{project_id}/recipe/revisions")
async def list_recipe_revisions(project_id: str, who: Who, recipes: Kept) -> RecipeRevisions:
    """Return the project's recipes up to now, who set them and when."""
    return RecipeRevisions(items=(await recipes.of(who, project_id)).stored.revisions)
