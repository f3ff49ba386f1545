"""The one route that needs no token: the one that gives it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.workspace.api.schemas import TokenRequest, TokenResponse
from services.workspace.handlers.keys import Keys
from shared.http.tokens import LIFETIME_S, Tokens
from shared.http.use_cases import use

router = APIRouter(tags=["tokens"])


@router.post("/tokens")
async def create_token(
    body: TokenRequest,
    request: Request,
    keys: Annotated[Keys, Depends(use(Keys))],
    tokens: Annotated[Tokens, Depends(use(Tokens))],
) -> TokenResponse:
    """Exchange an API key for a short-lived access token.

    Failures are counted by the client's address: after ten, one more is let in every six seconds,
    the others are refused (429).
    """
    source = request.client.host if request.client else ""
    who = await keys.sign_in(body.api_key, source=source)
    return TokenResponse(
        access_token=tokens.issue(who), expires_in=LIFETIME_S, tenant=who.tenant, role=who.role
    )
