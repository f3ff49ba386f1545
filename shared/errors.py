"""One tree of errors, rendered as problem+json for HTTP and as retry or dead letter for consumers.

::

    LoupeError
    ├── InvalidInput            422  the request is understood and wrong
    │   └── MalformedRequest    400
    │       └── UploadTooSlow   408  the client sends too little to be waited for
    ├── Unauthenticated         401
    ├── Forbidden               403
    ├── NotFound                404  missing and foreign objects alike
    ├── Conflict                409
    │   └── AlreadyExists       409
    ├── VersionConflict         412  If-Match (or a compare-and-set) lost
    ├── TooLarge                413
    ├── UnsupportedMedia        415
    ├── QuotaExceeded           429
    ├── Internal                500  a defect of ours
    ├── DependencyDown          503  retryable: a store, the broker or Triton does not answer
    │   └── NotHeardYet         503  retryable: what was made a moment ago is on its way
    └── NoSpaceLeft             507  retryable: a disk is full, a person must make room

A service adds its own leaves (``class ImageTruncated(InvalidInput): code = "image-truncated"``);
the catalogue of ``type`` values is the set of all ``code`` attributes below :class:`LoupeError`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One wrong place of a request: where it stands and what is wrong there."""

    field: str
    message: str


class LoupeError(Exception):
    """Root of the tree; subclasses are told apart by class attributes, not by arguments."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s


class InvalidInput(LoupeError):
    """The request is well formed but its content cannot be accepted."""

    code = "invalid-input"
    status = 422
    title = "The request cannot be accepted"


class MalformedRequest(InvalidInput):
    """The request cannot be parsed."""

    code = "malformed-request"
    status = 400
    title = "The request cannot be read"


class UploadTooSlow(MalformedRequest):
    """The client sends too little to be waited for."""

    code = "upload-too-slow"
    status = 408
    title = "The upload is too slow"


class Unauthenticated(LoupeError):
    """No credential, or one that is wrong, expired or revoked."""

    code = "unauthenticated"
    status = 401
    title = "A valid credential is needed"


class Forbidden(LoupeError):
    """The credential is valid and its role is too low."""

    code = "forbidden"
    status = 403
    title = "This role may not do that"


class NotFound(LoupeError):
    """The object does not exist for this tenant."""

    code = "not-found"
    status = 404
    title = "No such object"


class Conflict(LoupeError):
    """The object's state does not allow the request."""

    code = "conflict"
    status = 409
    title = "The object's state does not allow this"


class AlreadyExists(Conflict):
    """A unique key is taken."""

    code = "already-exists"
    title = "It exists already"


class VersionConflict(LoupeError):
    """Somebody else changed the object first."""

    code = "version-conflict"
    status = 412
    title = "The object was changed by somebody else"


class TooLarge(LoupeError):
    """A body or a file is over its limit."""

    code = "too-large"
    status = 413
    title = "Too large"


class UnsupportedMedia(LoupeError):
    """The content is of a kind that is not accepted here."""

    code = "unsupported-media"
    status = 415
    title = "This kind of content is not accepted"


class QuotaExceeded(LoupeError):
    """The tenant is over one of its quotas."""

    code = "quota-exceeded"
    status = 429
    title = "A quota is exceeded"


class Internal(LoupeError):
    """A defect of ours; the detail never leaves the process."""


class DependencyDown(LoupeError):
    """A store, the broker or the model server does not answer; trying again later helps."""

    code = "dependency-down"
    status = 503
    title = "A part of the platform does not answer"
    retryable = True


class NotHeardYet(DependencyDown):
    """A thing made a moment ago has not reached this service; trying again later helps."""

    code = "not-heard-yet"
    title = "It has not arrived here yet"


class NoSpaceLeft(LoupeError):
    """A disk is full; a person must make room."""

    code = "no-space-left"
    status = 507
    title = "No space is left"
    retryable = True


def catalogue() -> Iterator[type[LoupeError]]:
    """Yield every error class that is loaded, the root last."""
    pending: list[type[LoupeError]] = [LoupeError]
    seen: list[type[LoupeError]] = []
    while pending:
        cls = pending.pop()
        pending.extend(cls.__subclasses__())
        seen.append(cls)
    yield from reversed(seen)
