"""The collections that the workspace owns."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.workspace.domain.webhooks import Trouble, WebhookEvent
from shared.clock import Timestamp, format_time
from shared.contracts.project_events import Grid
from shared.contracts.shapes import Task
from shared.contracts.tenant_events import Quotas
from shared.documents.port import CollectionSpec, Document, Index, Not, Range, Where
from shared.documents.receipts import receipts_spec
from shared.ticks import Ticks


class EndedToken(BaseModel):
    """A token that was taken back by its id, and when."""

    model_config = ConfigDict(frozen=True)

    id: str
    at: Timestamp


PLATFORM = "-"
"""The scope of what is the platform's own; no tenant is called so."""


class Tenant(Document):
    """Whom keys, projects and all else belong to, by ``id``; these documents are the platform's.

    ``mark`` is what tokens carry of it; see :meth:`shared.http.tokens.Revoked.suspends`. Keys of
    operators stand in ``created_by`` and ``suspended_by``, None for the command line. While it is
    being made ``begun_with`` names its first key, and there is no such tenant yet.
    """

    name: str
    mark: str
    created_at: Timestamp
    created_by: str | None = None
    begun_with: str | None = None
    suspended_at: Timestamp | None = None
    suspended_by: str | None = None
    reason: str = ""
    quotas: Quotas = Quotas()


KeyState = Literal["valid", "expired", "revoked"]


class ApiKey(Document):
    """A credential of a tenant; ``id`` is the public part of the key.

    From ``expires_at`` on, a whole second, it gives no token, and none that it gave lives as long.
    ``last_used_at`` is when it last gave one, to the minute, and ``signed_at`` the latest time of
    one, though the clock was set back since. With that of an operator the platform's tenants are
    looked after, too.

    Tokens of a generation below ``generation`` do not open any more, nor do ``ended_tokens``;
    ``ended_at`` is when the last of either was taken back, no earlier than tokens were signed. What
    was revoked stays for ever: the first key comes again with each start.
    """

    name: str
    digest: str
    role: str
    created_at: Timestamp
    created_by: str | None = None
    expires_at: Timestamp | None = None
    last_used_at: Timestamp | None = None
    signed_at: Timestamp | None = None
    revoked_at: Timestamp | None = None
    generation: int = 0
    ended_tokens: tuple[EndedToken, ...] = ()
    ended_at: Timestamp | None = None
    is_operator: bool = False

    def no_sooner_than_tokens(self, now: datetime) -> datetime:
        """Return ``now``, or where the clock was set back the latest time that a token has."""
        return max(now, self.signed_at or now, self.last_used_at or now)

    def state(self, now: datetime) -> KeyState:
        """Return what the key is good for."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= now else "valid"


def valid_keys(now: datetime) -> tuple[Where, Where]:
    """Return what finds the keys that are valid; each is found once."""
    after = Range(gt=format_time(now))
    return {"revoked_at": None, "expires_at": None}, {"revoked_at": None, "expires_at": after}


def spent_keys(now: datetime) -> tuple[Where, Where]:
    """Return what finds the keys that give no token any more; each is found once."""
    until = Range(lte=format_time(now))
    return {"revoked_at": Not(None)}, {"revoked_at": None, "expires_at": until}


class Project(Document):
    """A model to be developed; one that is archived is left out of lists, and works as before."""

    name: str
    task: Task
    notes: str = ""
    tiling: Grid | None = None
    created_at: Timestamp
    created_by: str
    archived_at: Timestamp | None = None


class Leftover(Document):
    """A blob that nothing names, since when, by clock and ticks; see `handlers.collector`."""

    project_id: str
    key: str
    since: Timestamp
    ticks: Ticks | None = None


class Amount(BaseModel):
    """Documents or blobs, and the bytes in them."""

    model_config = ConfigDict(frozen=True)

    count: int = 0
    size_bytes: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        """Return both together."""
        return Amount(count=self.count + other.count, size_bytes=self.size_bytes + other.size_bytes)

    def __sub__(self, other: "Amount") -> "Amount":
        """Return what is left without the other."""
        return Amount(count=self.count - other.count, size_bytes=self.size_bytes - other.size_bytes)


HOLDING_ID = "holding"
"""Of the one `Holding` of a tenant."""


class Holding(Document):
    """What a tenant had stored at the last look, by kind; a tenant has one.

    ``unnamed`` is what nothing names of it, so that it goes after the safe age; ``freed`` went at
    that look, and ``freed_ever`` with all before it.
    """

    looked_at: Timestamp
    kinds: dict[str, Amount] = Field(default_factory=dict)
    unnamed: Amount = Amount()
    freed: Amount = Amount()
    freed_ever: Amount = Amount()


class Round(Document):
    """The only one of its kind: when the last round of upkeep began."""

    began_at: Timestamp


class AuditEntry(Document):
    """What somebody asked to be changed, and how that was answered; ``id`` is its event's.

    See :class:`shared.contracts.audit_events.ChangeAsked`; ``key_name`` is what the key was called,
    ``ids`` are all ids of ``named`` and ``made``. Nothing changes an entry: its version stays 1.
    """

    at: Timestamp
    service: str
    operation: str
    key_id: str | None
    key_name: str
    role: str
    address: str
    status: int
    named: dict[str, str]
    made: tuple[str, ...]
    ids: tuple[str, ...]
    version_before: int | None
    version_after: int | None


class Webhook(Document):
    """Where a tenant has events told, by messages that ``secret`` signs.

    After a change of the secret the former one signs beside it until ``former_until``.
    """

    name: str
    url: str
    events: tuple[WebhookEvent, ...]
    secret: str
    former_secret: str = ""
    former_until: Timestamp | None = None
    is_on: bool = True
    created_at: Timestamp
    created_by: str | None = None


class Try(BaseModel):
    """One try to deliver a message: the answer's status, or why there was none."""

    model_config = ConfigDict(frozen=True)

    at: Timestamp
    elapsed_ms: int
    status: int | None = None
    trouble: Trouble | None = None


DeliveryState = Literal["waiting", "delivered", "failed"]


class Delivery(Document):
    """A message for one webhook; ``message_id`` is the same however often it is sent.

    While it waits it is due from ``next_at`` on. Who takes it puts that off to the end of a lease,
    so that one that a kill cut off comes again. ``number`` counts all tries that were begun, and
    is the fence of what they write; ``tries`` those since the last replay. ``latest`` are the last
    tries that ended.
    """

    webhook_id: str
    message_id: str
    event: str
    body: str
    created_at: Timestamp
    state: DeliveryState = "waiting"
    next_at: Timestamp
    number: int = 0
    tries: int = 0
    latest: tuple[Try, ...] = ()


SERVICE = "workspace"

TENANTS = CollectionSpec(
    "workspace.tenants", Tenant, (Index(("created_at",)), Index(("suspended_at",)))
)
API_KEYS = CollectionSpec(
    "workspace.api_keys",
    ApiKey,
    (Index(("created_at",)), Index(("ended_at",)), Index(("revoked_at", "role"))),
)
PROJECTS = CollectionSpec(
    "workspace.projects",
    Project,
    (
        Index(("created_at",)),
        Index(("name",), unique=True),
        Index(("archived_at", "created_at")),
        Index(("archived_at", "name")),
    ),
)
RECEIPTS = receipts_spec(SERVICE)
LEFTOVERS = CollectionSpec("workspace.leftovers", Leftover)
HOLDINGS = CollectionSpec("workspace.holdings", Holding)
ROUNDS = CollectionSpec("workspace.rounds", Round)
AUDIT = CollectionSpec(
    "workspace.audit",
    AuditEntry,
    (
        Index(("at",)),
        Index(("key_id", "at")),
        Index(("operation", "at")),
        Index(("status", "at")),
        Index(("ids", "at")),
    ),
)
WEBHOOKS = CollectionSpec("workspace.webhooks", Webhook, (Index(("created_at",)),))
DELIVERIES = CollectionSpec(
    "workspace.deliveries",
    Delivery,
    (
        Index(("webhook_id", "created_at")),
        Index(("state", "next_at"), covers=("webhook_id",)),
        Index(("created_at",)),
    ),
)

COLLECTIONS = (
    TENANTS,
    API_KEYS,
    PROJECTS,
    RECEIPTS,
    LEFTOVERS,
    HOLDINGS,
    ROUNDS,
    AUDIT,
    WEBHOOKS,
    DELIVERIES,
)
