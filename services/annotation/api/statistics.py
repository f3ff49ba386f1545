"""The route of a set's statistics."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.annotation.api.annotations import Id
from services.annotation.domain.formats.model import Split
from services.annotation.domain.statistics import GRID, SIDES, LabelStatistics, SetStatistics
from services.annotation.handlers.statistics import Statistics
from shared.http.callers import Who
from shared.http.use_cases import use

router = APIRouter(tags=["labels"], prefix="/projects/{project_id}")
Counting = Annotated[Statistics, Depends(use(Statistics))]


class LabelStatisticsResponse(BaseModel):
    """The objects of one label.

    ``side_px``: percentiles 5, 50 and 95 of the longest side in pixels, null where labels are of
    whole images. ``sizes`` count objects between the bounds ``sides_px`` of the set, ``places``
    by their centre in ``grid`` times ``grid`` fields of the image, row by row.
    """

    label: str
    objects: int
    images: int
    by_split: dict[Split, int]
    side_px: tuple[float, float, float] | None
    sizes: tuple[int, ...]
    places: tuple[int, ...]

    @classmethod
    def of(cls, label: LabelStatistics) -> "LabelStatisticsResponse":
        """Build the response of a label."""
        return cls(**vars(label))


class StatisticsResponse(BaseModel):
    """What a set is made of, were it frozen now; labels with most objects first.

    ``total`` counts all images, ``annotated`` those with an annotation, ``negatives`` those that
    were annotated with no object; ``images`` counts those that train and that judge.
    """

    total: int
    annotated: int
    negatives: int
    images: dict[Split, int]
    grid: int
    sides_px: tuple[int, ...]
    labels: tuple[LabelStatisticsResponse, ...]

    @classmethod
    def of(cls, found: SetStatistics, total: int) -> "StatisticsResponse":
        """Build the response of a set."""
        return cls(
            total=total,
            annotated=found.annotated,
            negatives=found.negatives,
            images=found.images,
            grid=GRID,
            sides_px=SIDES,
            labels=tuple(LabelStatisticsResponse.of(label) for label in found.labels),
        )


@router.get("/statistics")
async def get_statistics(who: Who, statistics: Counting, project_id: Id) -> StatisticsResponse:
    """Count the objects of all annotated images: by label, size, place and split."""
    return StatisticsResponse.of(*await statistics.of(who.tenant, project_id))
