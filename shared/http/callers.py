"""Who calls: dependencies that turn a credential into a principal; routes deny by default."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.errors import Forbidden, Unauthenticated
from shared.http.tokens import Principal, Tokens

_bearer = HTTPBearer(auto_error=False, description="The access token of POST tokens")


def caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """Return who calls; raise Unauthenticated."""
    if credentials is None:
        raise Unauthenticated("send Authorization: Bearer <access token>")
    tokens: Tokens = request.app.state.tokens
    return tokens.check(credentials.credentials)


def editor(who: Annotated[Principal, Depends(caller)]) -> Principal:
    """Return who calls if they may change things; raise Forbidden."""
    if not who.may("member"):
        raise Forbidden("a viewer may only read")
    return who


def admin(who: Annotated[Principal, Depends(caller)]) -> Principal:
    """Return who calls if they may administer the tenant; raise Forbidden."""
    if not who.may("admin"):
        raise Forbidden("only an administrator may do that")
    return who


Caller = Annotated[Principal, Depends(caller)]
Editor = Annotated[Principal, Depends(editor)]
Admin = Annotated[Principal, Depends(admin)]
