"""Who calls: dependencies that turn a credential into a principal; routes deny by default."""

from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.errors import Forbidden, Unauthenticated
from shared.http.tokens import Principal, Tokens

_bearer = HTTPBearer(auto_error=False, description="The access token of POST tokens")


async def caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """Return who calls, and let the request's log lines tell the tenant; raise Unauthenticated.

    A coroutine, because what a thread binds to its context stays in that thread.
    """
    if credentials is None:
        raise Unauthenticated("send Authorization: Bearer <access token>")
    tokens: Tokens = request.app.state.tokens
    who = tokens.check(credentials.credentials)
    structlog.contextvars.bind_contextvars(tenant=who.tenant)
    return who


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
