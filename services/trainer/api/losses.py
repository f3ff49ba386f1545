"""Which losses a project's recipe may name."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.trainer.handlers.offered_losses import Offer, OfferedLosses
from shared.http.callers import Who
from shared.http.use_cases import use
from shared.runtime.tasks.names import TaskName

Offered = Annotated[OfferedLosses, Depends(use(OfferedLosses))]
router = APIRouter(tags=["trainings"])


class LossPart(BaseModel):
    """A part of the network's answer, and the losses that a recipe may weigh for it.

    Without any the first of ``losses`` counts with ``default_weight``; ``plugins`` are the
    operator's own.
    """

    part: str
    gets: str
    losses: tuple[str, ...]
    plugins: tuple[str, ...]
    default_weight: float


class LossTable(BaseModel):
    """What a recipe's ``losses`` may say for this project's task."""

    task: TaskName
    parts: tuple[LossPart, ...]

    @classmethod
    def of(cls, offer: Offer) -> "LossTable":
        """Build the response of an offer."""
        parts = tuple(
            LossPart(
                part=part.name,
                gets=part.gets,
                losses=part.losses,
                plugins=custom,
                default_weight=part.weight,
            )
            for part, custom in offer.parts
        )
        return cls(task=offer.task, parts=parts)


@router.get("/projects/{project_id}/losses")
async def list_losses(project_id: str, who: Who, offered: Offered) -> LossTable:
    """Return the losses that a training of this project can use, by part, with custom ones."""
    return LossTable.of(await offered.of(who, project_id))
