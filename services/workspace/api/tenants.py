"""Routes of tenants: the operator makes, limits and suspends them; each is told its own name."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.workspace.api.tenant_schemas import (
    MadeTenantResponse,
    NewQuotas,
    OwnTenantResponse,
    Suspension,
    TenantCreate,
    TenantResponse,
)
from services.workspace.handlers.new_tenants import NewTenants
from services.workspace.handlers.tenants import Tenants
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.use_cases import use
from shared.paging import Page

router = APIRouter(tags=["tenants"])

Asked = Annotated[Tenants, Depends(use(Tenants))]
Making = Annotated[NewTenants, Depends(use(NewTenants))]


@router.get("/tenant")
async def get_own_tenant(who: Who, tenants: Asked) -> OwnTenantResponse:
    """Tell the tenant that the caller belongs to."""
    own = await tenants.known(who.tenant)
    return OwnTenantResponse(id=own.id, name=own.name)


@router.get("/tenants")
async def list_tenants(_: Who, tenants: Asked, paging: Paging) -> Page[TenantResponse]:
    """List the platform's tenants, newest first; for its operator alone, like all below."""
    return (await tenants.page(paging)).map(TenantResponse.of)


@router.post("/tenants", status_code=201)
async def create_tenant(who: Who, body: TenantCreate, tenants: Making) -> MadeTenantResponse:
    """Make a tenant; the text of its administrator's first key is told here alone."""
    made = await tenants.make(who, body.id, body.name)
    seen = TenantResponse.of(made.tenant)
    return MadeTenantResponse(**seen.model_dump(), api_key=made.api_key)


@router.get("/tenants/{tenant_id}")
async def get_tenant(tenant_id: str, _: Who, tenants: Asked) -> TenantResponse:
    """Return one tenant."""
    return TenantResponse.of(await tenants.get(tenant_id))


@router.post("/tenants/{tenant_id}:suspend")
async def suspend_tenant(
    tenant_id: str, who: Who, body: Suspension, tenants: Asked
) -> TenantResponse:
    """Let nobody of a tenant in until it is resumed; again is harmless.

    Every service refuses its tokens within ten seconds, and streams that they opened end. What
    runs for it goes on. The tenant of the key that asks is refused (409).
    """
    return TenantResponse.of(await tenants.suspend(who, tenant_id, body.reason))


@router.post("/tenants/{tenant_id}:resume")
async def resume_tenant(tenant_id: str, who: Who, tenants: Asked) -> TenantResponse:
    """Let a tenant in again, with the keys and tokens that it had; again is harmless."""
    return TenantResponse.of(await tenants.resume(who, tenant_id))


@router.put("/tenants/{tenant_id}/quotas")
async def set_quotas(tenant_id: str, who: Who, body: NewQuotas, tenants: Asked) -> TenantResponse:
    """Set what a tenant may have and do, all of it at once.

    What is null, or left out, is up to the settings of the platform. The services know it moments
    after; what a tenant has beyond a quota stays, and nothing more is taken in (429).
    """
    return TenantResponse.of(await tenants.limit(who, tenant_id, body.told()))
