"""Requests and responses of the workspace."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.workspace.domain import api_keys
from services.workspace.domain.holdings import Kind
from services.workspace.domain.projects import MAX_NAME, MAX_NOTES, ProjectChange, ProjectDraft
from services.workspace.handlers.key_list import SeenKey
from services.workspace.repository import Amount, Holding, KeyState, Project
from shared.callers import GivenRole, PresentRole, Role
from shared.clock import Timestamp
from shared.contracts.project_events import Grid
from shared.contracts.shapes import Name, Task
from shared.settings import KeepSettings, Kept
from shared.vision.tiles import MAX_GRID, MAX_OVERLAP


def _printable(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError("must be printable and not blank")
    return value.strip()


ProjectName = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME, json_schema_extra={"format": "name"}),
    AfterValidator(_printable),
]
KeyName = Annotated[
    str,
    Field(min_length=1, max_length=api_keys.MAX_NAME, json_schema_extra={"format": "name"}),
    AfterValidator(_printable),
]
Notes = Annotated[str, Field(max_length=MAX_NOTES)]


class TokenRequest(BaseModel):
    """An API key to be exchanged."""

    api_key: str = Field(max_length=200)


class TokenResponse(BaseModel):
    """A token for ``Authorization: Bearer``."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105  the scheme, no secret
    expires_in: int
    tenant: str
    tenant_name: str
    role: Role


class PublicKey(BaseModel):
    """The public half of a key that signs tokens (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    alg: Literal["EdDSA"]
    use: Literal["sig"]


class RevokedResponse(BaseModel):
    """What was taken back of late, by digests: 16 bytes of SHA-256, base64url without padding.

    ``keys`` tells the least generation (claim ``gen``) of a key (``sub``) that still opens,
    ``tenants`` whose tokens (claim ``mark``) do not open while they are suspended.
    """

    tokens: list[str]
    keys: dict[str, int]
    tenants: list[str]


class PublicKeys(BaseModel):
    """The public keys of tokens that are valid, and what was taken back of late."""

    keys: list[PublicKey]
    revoked: RevokedResponse


class TokenRevocation(BaseModel):
    """A token to be taken back: the token itself, or its id (claim ``jti``)."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=2000)


class KeyCreate(BaseModel):
    """A new API key; after ``expires_in_days`` it gives no token, and no token outlives it."""

    model_config = ConfigDict(extra="forbid")

    name: KeyName
    role: GivenRole
    expires_in_days: Annotated[int, Field(ge=1, le=api_keys.MAX_DAYS)] | None = None

    def expires_at(self, now: datetime) -> datetime | None:
        """Return when the key ends, None for never."""
        return None if self.expires_in_days is None else now + timedelta(days=self.expires_in_days)


class KeyResponse(BaseModel):
    """An API key, without its secret part.

    ``created_by`` is the key that made it, None where the operator did; ``created_by_name`` is what
    that is called. ``last_used_at`` is when it last gave a token, to the minute; who works on asks
    for one every 15 minutes. ``is_own`` tells the key of who asks, ``is_operator`` one that looks
    after the platform's tenants, too.
    """

    id: str
    name: str
    role: PresentRole
    created_at: Timestamp
    created_by: str | None
    created_by_name: str | None
    expires_at: Timestamp | None
    last_used_at: Timestamp | None
    revoked_at: Timestamp | None
    state: KeyState
    is_own: bool
    is_operator: bool

    @classmethod
    def of(cls, seen: SeenKey) -> "KeyResponse":
        """Build the response of a key as it is seen."""
        return cls(
            **seen.key.model_dump(include=set(cls.model_fields)),
            created_by_name=seen.maker,
            state=seen.state,
            is_own=seen.is_own,
        )


class MadeKeyResponse(KeyResponse):
    """An API key just made, with its text, which is never told again."""

    api_key: str


def _from(least: int, most: int) -> JsonDict:
    return {"minimum": least, "maximum": most}  # said here, checked by `check_tiling`


class GridWish(BaseModel):
    """Rows × columns, at least two tiles, whose neighbours overlap by so many pixels."""

    rows: int = Field(json_schema_extra=_from(1, MAX_GRID))
    columns: int = Field(json_schema_extra=_from(1, MAX_GRID))
    overlap_px: int = Field(default=0, json_schema_extra=_from(0, MAX_OVERLAP))


class ProjectCreate(BaseModel):
    """A new project."""

    model_config = ConfigDict(extra="forbid")

    name: ProjectName
    task: Task
    notes: Notes = ""
    tiling: GridWish | None = None
    labels: list[Name] = Field(default_factory=list, max_length=1000)

    def draft(self) -> ProjectDraft:
        """Return the wish as the use case takes it."""
        tiling = None if self.tiling is None else Grid(**self.tiling.model_dump())
        return ProjectDraft(self.name, self.task, self.notes, tiling, tuple(self.labels))


class ProjectPatch(BaseModel):
    """What may change of a project later."""

    model_config = ConfigDict(extra="forbid")

    name: ProjectName | None = None
    notes: Notes | None = None
    archived: bool | None = None

    def change(self) -> ProjectChange:
        """Return the change as the use case takes it."""
        return ProjectChange(self.name, self.notes, self.archived)


class ProjectResponse(BaseModel):
    """A project."""

    id: str
    name: str
    task: Task
    notes: str
    tiling: Grid | None
    created_at: Timestamp
    created_by: str
    archived_at: Timestamp | None
    version: int

    @classmethod
    def of(cls, project: Project) -> "ProjectResponse":
        """Build the response of a stored project."""
        return cls(**project.model_dump(exclude={"tenant"}))


class StoredKind(BaseModel):
    """What is stored of a kind.

    ``kept_days`` is the operator's term; None is for ever, or with its project.
    """

    kind: Kind
    count: int
    size_bytes: int
    kept_days: float | None


class StorageResponse(BaseModel):
    """What a tenant has stored, when it was last looked at; None before the first look.

    Of ``unnamed`` what stays so for ``safe_age_h`` hours is removed, at a look every ``every_h``
    (0: when the operator asks). ``freed`` went at the last look, ``freed_ever`` since the first.
    """

    looked_at: Timestamp | None
    every_h: float
    safe_age_h: float
    kinds: list[StoredKind]
    unnamed: Amount
    freed: Amount
    freed_ever: Amount

    @classmethod
    def of(
        cls, found: Holding | None, *, keep: KeepSettings, safe_age_h: float, every_h: float
    ) -> "StorageResponse":
        """Build the response of a look."""
        known = {} if found is None else found.kinds
        days: dict[str, float | None] = {kept: keep.days(kept) or None for kept in get_args(Kept)}
        return cls(
            looked_at=None if found is None else found.looked_at,
            every_h=every_h,
            safe_age_h=safe_age_h,
            kinds=[
                StoredKind(kind=kind, kept_days=days.get(kind), **known[kind].model_dump())
                for kind in get_args(Kind)
                if kind in known
            ],
            unnamed=Amount() if found is None else found.unnamed,
            freed=Amount() if found is None else found.freed,
            freed_ever=Amount() if found is None else found.freed_ever,
        )
