"""Who calls: dependencies that turn a credential into a caller; routes deny by default."""

from collections.abc import Iterable
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.callers import Caller
from shared.errors import Forbidden, Unauthenticated
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


def editor(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Return who calls if they may change things; raise Forbidden."""
    if not who.may("member"):
        raise Forbidden("a viewer may only read")
    return who


def admin(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Return who calls if they may administer the tenant; raise Forbidden."""
    if not who.may("admin"):
        raise Forbidden("only an administrator may do that")
    return who


def operator(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Return who calls if they look after the platform; raise Forbidden."""
    if not who.is_operator:
        raise Forbidden("only the operator of the platform may do that")
    return who


Viewer = Annotated[Caller, Depends(caller)]
"""Whoever has a credential: every role may read."""
Editor = Annotated[Caller, Depends(editor)]
Admin = Annotated[Caller, Depends(admin)]
Operator = Annotated[Caller, Depends(operator)]
"""No role: a flag of keys that the command line alone gives."""
