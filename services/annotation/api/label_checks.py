"""Routes of checking labels before a training."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from services.annotation.api.annotations import Id
from services.annotation.domain.label_checks import Finding, Rule
from services.annotation.domain.second_opinions import Opinion
from services.annotation.handlers.label_checks import LabelCheck, LabelChecks
from shared.clock import Timestamp
from shared.http.callers import Who
from shared.http.use_cases import use

router = APIRouter(tags=["labels"], prefix="/projects/{project_id}")
Checking = Annotated[LabelChecks, Depends(use(LabelChecks))]
FindingId = Annotated[str, Path(pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]


class FindingResponse(BaseModel):
    """What is probably wrong: ``rule`` names it.

    ``figure`` is the share inside the image (``outside``), the intersection over union
    (``contradicting``, ``twice``; ``loose``: with the version's outline), the score of the version
    (``mislabelled``, ``misread``: it says ``other_label``; ``missing``: nobody drew it), the
    longest side in pixels (``tiny``), the number of annotations (``few``), or the likeness of two
    pictures (``alike``: their labels differ; ``leaked``: the image judges what the other one
    taught). ``place`` is (x1, y1, x2, y2) in pixels of the image, of what a version says its own.
    """

    id: str
    rule: Rule
    label: str
    other_label: str
    figure: float
    image_id: str
    image_name: str
    shape_ids: tuple[str, ...]
    place: tuple[float, float, float, float] | None
    other_image_id: str
    other_image_name: str

    @classmethod
    def of(cls, finding: Finding) -> "FindingResponse":
        """Build the response of a finding."""
        return cls(**vars(finding))


class OpinionResponse(BaseModel):
    """The last look of a version, the project's ``number``, at ``seen`` of the annotated images."""

    number: int
    version: str
    made_at: Timestamp
    seen: int

    @classmethod
    def of(cls, opinion: Opinion, seen: int) -> "OpinionResponse":
        """Build the response of an opinion."""
        return cls(
            number=opinion.number, version=opinion.version, made_at=opinion.made_at, seen=seen
        )


class LabelCheckResponse(BaseModel):
    """What is probably wrong with a project's labels, worst first, at most 200 of each rule.

    ``counts`` counts all by rule, ``dismissed`` those that somebody said are no errors;
    ``opinion`` is null where no version was asked yet.
    """

    images: int
    items: tuple[FindingResponse, ...]
    counts: dict[Rule, int]
    dismissed: int
    opinion: OpinionResponse | None

    @classmethod
    def of(cls, checked: LabelCheck) -> "LabelCheckResponse":
        """Build the response of a check."""
        opinion = checked.opinion
        return cls(
            images=checked.images,
            items=tuple(FindingResponse.of(finding) for finding in checked.findings),
            counts=checked.counts,
            dismissed=checked.dismissed,
            opinion=OpinionResponse.of(opinion, checked.seen) if opinion else None,
        )


@router.get("/label-check")
async def check_labels(who: Who, checks: Checking, project_id: Id) -> LabelCheckResponse:
    """Check the labels of all annotated images, as a training would see them."""
    return LabelCheckResponse.of(await checks.check(who.tenant, project_id))


@router.put("/label-check/dismissals/{finding_id}", status_code=204)
async def dismiss_finding(
    who: Who, checks: Checking, project_id: Id, finding_id: FindingId
) -> None:
    """Say that a finding is no error; it is not shown again."""
    await checks.dismiss(who, project_id, finding_id)


@router.delete("/label-check/dismissals", status_code=204)
async def forget_dismissals(who: Who, checks: Checking, project_id: Id) -> None:
    """Show again what people said is no error."""
    await checks.forget(who, project_id)
