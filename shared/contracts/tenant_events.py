"""Events of tenants."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared.contracts.envelope import EventBody

_MOST = 2**53 - 1  # what a number of JSON holds exactly


class Quotas(BaseModel):
    """What a tenant may have and do; None leaves it to the settings of the platform.

    Attributes:
        images: How many it may keep, tiles too.
        size_bytes: Of the files of these images.
        uploads_per_minute: Files that may come in a minute.
        trainings_in_line: Trainings that may run or wait, of all its projects.
        training_minutes_per_day: Minutes of training in 24 hours after which no other is admitted.
        predictions_per_second: Tests of an image that may be asked for in a second.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    images: int | None = Field(default=None, strict=True, ge=0, le=_MOST)
    size_bytes: int | None = Field(default=None, strict=True, ge=0, le=_MOST)
    uploads_per_minute: int | None = Field(default=None, strict=True, ge=1, le=1_000_000)
    trainings_in_line: int | None = Field(default=None, strict=True, ge=0, le=1_000_000)
    training_minutes_per_day: int | None = Field(default=None, strict=True, ge=0, le=1_000_000)
    predictions_per_second: int | None = Field(default=None, strict=True, ge=1, le=1_000_000)

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: object) -> object:
        """JSON's ``3.0`` is as whole as ``3``; a truth value or a text is no number."""
        return int(value) if isinstance(value, float) and value.is_integer() else value


class TenantLimited(EventBody):
    """The operator set what a tenant may have and do; said by the platform, of ``tenant_id``."""

    type: ClassVar[str] = "tenant.limited"
    topic: ClassVar[str] = "tenant"
    source: ClassVar[str] = "workspace"
    consumers: ClassVar[tuple[str, ...]] = ("gallery", "inference", "trainer")
    example: ClassVar[dict[str, Any]] = {"tenant_id": "acme", "quotas": {"images": 20_000}}

    tenant_id: str
    quotas: Quotas
