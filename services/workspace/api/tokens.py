"""Tokens: given for a key, checked by others with the key set, taken back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.workspace.adapters.signer import Signer
from services.workspace.api.schemas import (
    PublicKeys,
    TokenRequest,
    TokenResponse,
    TokenRevocation,
)
from services.workspace.domain.api_keys import token_id_of
from services.workspace.handlers.key_set import KeySet
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.revocations import Revocations
from services.workspace.handlers.tenants import Tenants
from shared.http.callers import Who
from shared.http.use_cases import use

public = APIRouter(tags=["tokens"])
router = APIRouter(tags=["tokens"])


@public.post("/tokens")
async def create_token(
    body: TokenRequest,
    request: Request,
    keys: Annotated[Keys, Depends(use(Keys))],
    signer: Annotated[Signer, Depends(use(Signer))],
    tenants: Annotated[Tenants, Depends(use(Tenants))],
) -> TokenResponse:
    """Exchange an API key for a short-lived access token, which never outlives the key.

    Failures are counted by the client's address: after ten, one more is let in every six seconds,
    the others are refused (429). A key of a suspended tenant is refused (403).
    """
    source = request.client.host if request.client else ""
    who = await keys.sign_in(body.api_key, source=source)
    return TokenResponse(
        access_token=signer.issue(who),
        expires_in=signer.lifetime_s(who),
        tenant=who.tenant,
        tenant_name=(await tenants.known(who.tenant)).name,
        role=who.role,
    )


@public.get("/jwks")
async def list_public_keys(known: Annotated[KeySet, Depends(use(KeySet))]) -> PublicKeys:
    """Tell what access tokens are checked with: a key set of RFC 7517, and what was revoked.

    The first key signs. The second one, if there is one, signed before it was changed.
    """
    return PublicKeys.model_validate(await known.told())


@router.post("/tokens:revoke", status_code=204)
async def revoke_token(
    body: TokenRevocation,
    who: Who,
    revocations: Annotated[Revocations, Depends(use(Revocations))],
) -> None:
    """Take back an access token: one of the own key, for administrators any of the tenant.

    Every service refuses it within ten seconds, and streams that it opened end; again is harmless.
    """
    await revocations.end_token(who, token_id_of(body.token))
