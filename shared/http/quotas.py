"""How a service tells a tenant what it may have and do, and how much of that it does."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from shared.quotas import QuotaName, Used


class QuotaResponse(BaseModel):
    """One quota: how much of it is used, and whether the operator set it for this tenant."""

    model_config = ConfigDict(from_attributes=True)

    name: QuotaName
    used: int
    limit: int | None
    is_own: bool


class QuotaList(BaseModel):
    """All quotas of a tenant that a service keeps; a limit that is null is none."""

    items: tuple[QuotaResponse, ...]

    @classmethod
    def of(cls, told: Iterable[Used]) -> "QuotaList":
        """Build the response."""
        return cls(items=tuple(map(QuotaResponse.model_validate, told)))
