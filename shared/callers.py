"""Who acts: a person or a program with a credential, or the platform itself on an event."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Role = Literal["viewer", "member", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "member", "admin")
_RANKS = (*ROLES, "system")


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

    def may(self, role: Role) -> bool:
        """Tell whether this role is at least ``role``."""
        return _RANKS.index(self.role) >= _RANKS.index(role)
