"""Who calls: the dependency that turns a credential into a caller; routes deny by default."""

from collections.abc import Iterable
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.callers import Caller
from shared.errors import Unauthenticated
from shared.http.tokens import Tokens

WHO = "loupe.who"
"""Where the door leaves in a request's scope who calls, so that no token is checked twice."""

_bearer = HTTPBearer(auto_error=False, description="The access token of POST tokens")


def bearer_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the token of a request's raw headers, None where there is none.

    >>> bearer_of([(b"authorization", b"Bearer abc")])
    'abc'
    """
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" and token else None
    return None


async def who_calls(token: str | None, tokens: Tokens) -> Caller:
    """Return whom a token belongs to; raise Unauthenticated."""
    if not token:
        raise Unauthenticated("send Authorization: Bearer <access token>")
    return await tokens.check(token)


async def caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return who calls, and let the request's log lines tell the tenant; raise Unauthenticated.

    A coroutine, because what a thread binds to its context stays in that thread.
    """
    who: Caller | None = request.scope.get(WHO)
    if who is None:
        token = credentials.credentials if credentials else None
        who = await who_calls(token, request.app.state.tokens)
    structlog.contextvars.bind_contextvars(tenant=who.tenant)
    return who


Who = Annotated[Caller, Depends(caller)]
"""Who calls; whether their role may call the route was asked at the door."""
