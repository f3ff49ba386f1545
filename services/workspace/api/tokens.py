"""The routes that need no token: the one that gives it, and how others check it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.workspace.adapters import Signer
from services.workspace.api.schemas import PublicKey, PublicKeys, TokenRequest, TokenResponse
from services.workspace.handlers.keys import Keys
from shared.http.tokens import LIFETIME_S
from shared.http.use_cases import use

router = APIRouter(tags=["tokens"])

Signing = Annotated[Signer, Depends(use(Signer))]


@router.post("/tokens")
async def create_token(
    body: TokenRequest,
    request: Request,
    keys: Annotated[Keys, Depends(use(Keys))],
    signer: Signing,
) -> TokenResponse:
    """Exchange an API key for a short-lived access token.

    Failures are counted by the client's address: after ten, one more is let in every six seconds,
    the others are refused (429).
    """
    source = request.client.host if request.client else ""
    who = await keys.sign_in(body.api_key, source=source)
    return TokenResponse(
        access_token=signer.issue(who), expires_in=LIFETIME_S, tenant=who.tenant, role=who.role
    )


@router.get("/jwks")
async def list_public_keys(signer: Signing) -> PublicKeys:
    """Tell the public keys that access tokens are checked with (a key set of RFC 7517).

    The first one signs. The second one, if there is one, signed before it was changed.
    """
    return PublicKeys(keys=[PublicKey.model_validate(key) for key in signer.public_keys()])
