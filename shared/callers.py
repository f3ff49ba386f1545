"""Who acts: a person or a program with a credential, or the platform itself on an event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, WithJsonSchema

from shared.errors import Forbidden

Role = Literal["viewer", "annotator", "engineer", "admin"]
"""What a credential may do; each role may what those before it may."""

ROLES: tuple[Role, ...] = get_args(Role)
FORMER_ROLES: Mapping[str, Role] = {"member": "engineer"}
"""Names that roles had in earlier releases; what says them is read as the present ones."""

_RANKS = (*ROLES, "system")


def present_role(name: Any) -> Any:  # noqa: ANN401  whatever is read; what is no role stays
    """Return what a role is called now.

    >>> present_role("member"), present_role("admin"), present_role("boss")
    ('engineer', 'admin', 'boss')
    """
    return FORMER_ROLES.get(name, name) if isinstance(name, str) else name


def role_named(name: str) -> Role | None:
    """Return the role of this name or former name, None where there is none.

    >>> role_named("member"), role_named("viewer"), role_named("system")
    ('engineer', 'viewer', None)
    """
    return next((role for role in ROLES if role == present_role(name)), None)


StoredRole = Annotated[Role | Literal["system"], BeforeValidator(present_role)]
"""A role in a document, which an earlier release may have written."""
GivenRole = Annotated[
    Role,
    BeforeValidator(present_role),
    WithJsonSchema({"type": "string", "enum": [*ROLES, *FORMER_ROLES]}),
]
"""A role in a request, which may still say a former name."""
PresentRole = Annotated[str, BeforeValidator(present_role)]
"""A role as answers tell it, whatever the document says that they are made of."""


@dataclass(frozen=True)
class Caller:
    """The tenant that everything is scoped to, the credential, its role and when it ends.

    ``generation`` counts how often all tokens of the credential were taken back, ``token_id`` names
    the one that opened, ``mark`` its tenant: what :class:`shared.http.tokens.Tokens` knows it by
    later. An ``is_operator`` looks after the platform's tenants besides.
    """

    tenant: str
    subject: str
    role: Role | Literal["system"]
    until: datetime | None = field(default=None, compare=False)
    generation: int = field(default=0, compare=False)
    token_id: str = field(default="", compare=False)
    mark: str = field(default="", compare=False)
    is_operator: bool = field(default=False, compare=False)

    @classmethod
    def system(cls, tenant: str, *, on_behalf_of: str = "loupe") -> "Caller":
        """Return the platform acting for a tenant, as event handlers and timers do.

        What it goes on with was begun by the credential ``on_behalf_of``, whose name it keeps. No
        token ever names this role.
        """
        return cls(tenant, on_behalf_of, "system")

    @property
    def key_id(self) -> str | None:
        """The API key that acts; None for the platform itself and its command line."""
        return None if self.role == "system" else self.subject

    def may(self, role: Role) -> bool:
        """Tell whether this role is at least ``role``."""
        return _RANKS.index(self.role) >= _RANKS.index(role)

    def check_own(self, begun_by: str) -> None:
        """Raise Forbidden where another credential began it, and this is of no engineer."""
        if begun_by != self.subject and not self.may("engineer"):
            raise Forbidden("somebody else began it: that takes an engineer or an administrator")
