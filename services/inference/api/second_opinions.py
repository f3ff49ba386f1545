"""Routes of second opinions: the version that serves looks at images that people annotated."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.inference.handlers.second_opinions import LastLook, SecondOpinions
from shared.clock import Timestamp
from shared.http.callers import Who
from shared.http.use_cases import use
from shared.jobs.job import JobState, Progress
from shared.texts.language import Told

PATH = "/projects/{project_id}/second-opinion"
Opinions = Annotated[SecondOpinions, Depends(use(SecondOpinions))]
router = APIRouter(tags=["second opinions"])


class SecondOpinionResponse(BaseModel):
    """The last look of a version at the annotated images of a project.

    ``serving`` is the version that would look now, empty where none serves; ``version`` the one
    that looked, ``number`` counts the looks. ``state`` is null, ``version`` empty and ``number`` 0
    where nobody asked yet. What it found is told by the check of labels.
    """

    serving: str
    number: int
    version: str
    state: JobState | None
    progress: Progress
    error: Told
    finished_at: Timestamp | None

    @classmethod
    def of(cls, look: LastLook) -> Self:
        """Build the response of a look."""
        return cls(
            serving=look.serving,
            number=look.asked.number if look.asked else 0,
            version=look.asked.model_version if look.asked else "",
            state=look.job.state if look.job else None,
            progress=look.job.progress if look.job else Progress(),
            error=look.job.error if look.job else "",
            finished_at=look.job.finished_at if look.job else None,
        )


@router.get(PATH)
async def get_second_opinion(
    who: Who, project_id: str, opinions: Opinions
) -> SecondOpinionResponse:
    """Return how far the last look is, and which version would look now."""
    return SecondOpinionResponse.of(await opinions.look(who, project_id))


@router.post(PATH, status_code=202)
async def ask_second_opinion(
    who: Who, project_id: str, opinions: Opinions
) -> SecondOpinionResponse:
    """Have the version that serves look at the annotated images; one under way goes on."""
    return SecondOpinionResponse.of(await opinions.ask(who, project_id))


@router.post(PATH + ":cancel", status_code=202)
async def cancel_second_opinion(
    who: Who, project_id: str, opinions: Opinions
) -> SecondOpinionResponse:
    """Stop the look that is under way; what an earlier one found stays."""
    await opinions.cancel(who, project_id)
    return SecondOpinionResponse.of(await opinions.look(who, project_id))
