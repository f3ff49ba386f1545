"""What only the workspace refuses."""

from shared.errors import Conflict, Forbidden, LoupeError


class TooManyAttempts(LoupeError):
    """Signing in failed too often of late."""

    code = "too-many-attempts"
    status = 429
    title = "Too many attempts"


class TenantSuspended(Forbidden):
    """The operator lets nobody of the tenant in for now."""

    code = "tenant-suspended"
    title = "The tenant is suspended"


class LastAdminKey(Conflict):
    """The tenant would have no administrator any more."""

    code = "last-admin-key"
    title = "The last key of an administrator stays"
