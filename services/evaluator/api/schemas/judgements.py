"""How far a judgement is."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from services.evaluator.handlers.judgements import Judgement, JudgementState
from shared.texts.language import Told


class ProgressAnswer(BaseModel):
    """How far a judgement is: percent in [0, 100], and what is being done."""

    model_config = ConfigDict(frozen=True)

    percent: float
    stage: str


class JudgementAnswer(BaseModel):
    """The judgement on a version; ``revision`` counts the report that is there, 0 for none."""

    model_config = ConfigDict(frozen=True)

    version: str
    state: JudgementState
    reason: Told
    progress: ProgressAnswer
    revision: int

    @classmethod
    def of(cls, judgement: Judgement) -> Self:
        """Shape one judgement."""
        report, progress = judgement.report, judgement.progress
        return cls(
            version=report.name,
            state=judgement.state,
            reason=judgement.reason,
            progress=ProgressAnswer(percent=progress.percent, stage=progress.stage),
            revision=report.revision if report.state == "completed" else 0,
        )
