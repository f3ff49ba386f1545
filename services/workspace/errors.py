"""What only the workspace refuses."""

from shared.errors import LoupeError


class TooManyAttempts(LoupeError):
    """Signing in failed too often of late."""

    code = "too-many-attempts"
    status = 429
    title = "Too many attempts"
