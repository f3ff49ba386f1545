"""Access tokens: short-lived JWTs with tenant and role, signed with the deployment's secret."""

from datetime import UTC, datetime

import jwt

from shared.callers import ROLES, Caller
from shared.clock import Clock, utc_now
from shared.errors import Unauthenticated

LIFETIME_S = 900
_ALGORITHM = "HS256"
_ISSUER = "loupe"


class Tokens:
    """Signs and checks access tokens with ``secret``."""

    def __init__(self, secret: str, *, clock: Clock = utc_now) -> None:
        self._secret = secret
        self._clock = clock

    def issue(self, caller: Caller) -> str:
        """Return a token that lives :data:`LIFETIME_S` seconds."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": _ISSUER,
            "sub": caller.subject,
            "tenant": caller.tenant,
            "role": caller.role,
            "iat": now,
            "exp": now + LIFETIME_S,
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def check(self, token: str) -> Caller:
        """Return the caller; raise Unauthenticated for a token that is not ours, or over."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                options={"require": ["exp", "iat", "sub", "tenant", "role"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated("the access token is not valid or has expired") from error
        if not all(isinstance(claims[name], str) for name in ("tenant", "sub", "role")):
            raise Unauthenticated("the access token's claims are of the wrong kind")
        if claims["role"] not in ROLES:
            raise Unauthenticated("the access token names an unknown role")
        try:
            until = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except (OverflowError, ValueError) as error:
            raise Unauthenticated("the access token's claims are of the wrong kind") from error
        return Caller(claims["tenant"], claims["sub"], claims["role"], until)
