"""Requests and responses of promotions: which version serves, since when, and why."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.trainer.repository import Line, Promoted
from shared.clock import Timestamp
from shared.contracts.version_names import version_name
from shared.texts.language import Told

MAX_REASON = 500

Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON)
]


class PromotionWish(BaseModel):
    """Why a person wants a version to serve; it stays on the record."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Promotion(BaseModel):
    """One change of the version that serves.

    ``by`` is the person who wanted it; null where the gate decided.
    """

    version: str
    replaced: str | None
    at: Timestamp
    by: str | None
    reason: Told
    is_rollback: bool

    @classmethod
    def of(cls, stored: Promoted) -> "Promotion":
        """Build the response of a stored promotion."""
        before = stored.replaced
        return cls(
            version=version_name(stored.version_number),
            replaced=None if before is None else version_name(before),
            at=stored.at,
            by=stored.by or None,
            reason=stored.reason,
            is_rollback=before is not None and stored.version_number < before,
        )


class Promotions(BaseModel):
    """The version that serves, and how it came to that, newest promotion first."""

    serving: str | None
    items: tuple[Promotion, ...]

    @classmethod
    def of(cls, line: Line) -> "Promotions":
        """Build the response of a project's line."""
        champion = line.champion
        return cls(
            serving=None if champion is None else version_name(champion.version_number),
            items=tuple(Promotion.of(promoted) for promoted in line.promotions),
        )
