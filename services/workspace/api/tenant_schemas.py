"""Requests and responses of tenants."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.workspace.domain.tenants import ID_PATTERN, MAX_ID, MAX_NAME, MAX_REASON
from services.workspace.repository import Tenant
from shared.clock import Timestamp
from shared.contracts.tenant_events import Quotas

_TENANT_ID: JsonDict = {"pattern": ID_PATTERN, "maxLength": MAX_ID}


def _line(most: int) -> JsonDict:
    return {"minLength": 1, "maxLength": most, "format": "name"}


class TenantCreate(BaseModel):
    """A new tenant; its id stays for ever."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(json_schema_extra=_TENANT_ID)  # said here, checked by `NewTenants`, as the rest
    name: str = Field(json_schema_extra=_line(MAX_NAME))


class Suspension(BaseModel):
    """Why a tenant is suspended: for operators, the tenant is not told."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(json_schema_extra=_line(MAX_REASON))


class NewQuotas(Quotas):
    """What a tenant may have and do from now on; what is left out is up to the platform."""

    model_config = ConfigDict(extra="forbid")

    def told(self) -> Quotas:
        """Return the same as it is stored."""
        return Quotas(**self.model_dump())


class OwnTenantResponse(BaseModel):
    """The tenant of who asks."""

    id: str
    name: str


class TenantResponse(OwnTenantResponse):
    """A tenant as the platform's operator sees it.

    ``created_by`` and ``suspended_by`` are keys of operators, None where it was the command line.
    """

    created_at: Timestamp
    created_by: str | None
    suspended_at: Timestamp | None
    suspended_by: str | None
    reason: str
    quotas: Quotas

    @classmethod
    def of(cls, tenant: Tenant) -> "TenantResponse":
        """Build the response of a stored tenant."""
        return cls.model_validate(tenant.model_dump(include=set(cls.model_fields)))


class MadeTenantResponse(TenantResponse):
    """A tenant just made, with the first key of its administrator, which is never told again."""

    api_key: str
