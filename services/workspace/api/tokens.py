"""The one route that needs no token: the one that gives it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.workspace.api.schemas import TokenRequest, TokenResponse
from services.workspace.handlers import Workspace
from shared.http.tokens import LIFETIME_S, Tokens
from shared.http.use_cases import use

router = APIRouter(tags=["tokens"])


@router.post("/tokens")
async def create_token(
    body: TokenRequest,
    workspace: Annotated[Workspace, Depends(use(Workspace))],
    tokens: Annotated[Tokens, Depends(use(Tokens))],
) -> TokenResponse:
    """Exchange an API key for a short-lived access token."""
    who = await workspace.sign_in(body.api_key)
    return TokenResponse(
        access_token=tokens.issue(who), expires_in=LIFETIME_S, tenant=who.tenant, role=who.role
    )
