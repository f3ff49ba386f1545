"""The composition root of the workspace."""

from datetime import timedelta

from services.workspace.adapters.receivers import Receivers
from services.workspace.adapters.signer import SIGNING_KEY, Signer
from services.workspace.api import audit_log, projects, storage, tenants, tokens, webhooks
from services.workspace.api import keys as api_keys
from services.workspace.api.roles import ROLES
from services.workspace.domain.addresses import Allowed, networks_in
from services.workspace.domain.api_keys import NewKey, digest, key_id_of
from services.workspace.handlers.audit_log import AuditLog
from services.workspace.handlers.collector import Collector
from services.workspace.handlers.courier import Courier
from services.workspace.handlers.deliveries import Deliveries
from services.workspace.handlers.holdings import Holdings
from services.workspace.handlers.key_list import KeyList
from services.workspace.handlers.key_set import KeySet
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.new_tenants import NewTenants
from services.workspace.handlers.projects import Projects
from services.workspace.handlers.revocations import Revocations
from services.workspace.handlers.tenants import Tenants
from services.workspace.handlers.upkeep import Upkeep
from services.workspace.handlers.webhooks import Webhooks
from services.workspace.repository import AUDIT, COLLECTIONS, SERVICE
from services.workspace.settings import WorkspaceSettings
from services.workspace.subscriptions import subscriptions
from shared.clock import Clock, utc_now
from shared.documents.terms import Term
from shared.errors import DependencyDown
from shared.hosting.service import Loop, Service
from shared.hosting.stores import Stores
from shared.http.face import Check
from shared.settings import KeepSettings, StoreSettings


def build(stores: Stores) -> Service:
    """Wire the workspace over ``stores``."""
    settings = WorkspaceSettings()
    keys = Keys(stores.documents)
    made = Projects(stores.documents, max_projects=settings.max_projects)
    holdings = Holdings(
        stores.documents,
        keep=KeepSettings(),
        safe_age_h=settings.safe_age_h,
        every_h=settings.upkeep_h,
    )
    signer = Signer(settings.signing_key or StoreSettings().data / SIGNING_KEY)
    revocations = Revocations(stores.documents, keys)
    key_set = KeySet(signer, revocations)
    known = Tenants(stores.documents)
    audit = AuditLog(stores.documents)
    allowed = Allowed(networks_in(settings.webhook_networks))
    deliveries = Deliveries(stores.documents)
    receivers = Receivers.of(allowed, ca_file=settings.webhook_ca_file)
    return Service(
        name=SERVICE,
        summary="Tenants, API keys, tokens, projects, what is stored, and who changed what",
        collections=COLLECTIONS,
        terms=(Term("audit", AUDIT, "at"),),
        subscriptions=subscriptions(audit, deliveries),
        routers=(
            projects.router,
            storage.router,
            tenants.router,
            api_keys.router,
            audit_log.router,
            tokens.router,
            webhooks.router,
        ),
        roles=ROLES,
        public=(tokens.public,),
        use_cases=(
            keys,
            KeyList(stores.documents),
            known,
            NewTenants(stores.documents, keys),
            made,
            signer,
            holdings,
            revocations,
            key_set,
            audit,
            Webhooks(stores.documents, deliveries, allowed),
            deliveries,
        ),
        checks={"first key": _first_key(keys, settings)},
        token_keys=key_set.read,
        background=(
            _beginning(known, keys, settings),
            upkeep_of(stores, settings).run,
            Courier(stores.documents, deliveries, receivers).run,
            deliveries.keep_short,
        ),
    )


def upkeep_of(stores: Stores, settings: WorkspaceSettings, *, clock: Clock = utc_now) -> Upkeep:
    """Wire what looks after the stores."""
    collector = Collector(
        stores.documents,
        stores.blobs,
        stores.events,
        safe_age=timedelta(hours=settings.safe_age_h),
        clock=clock,
    )
    return Upkeep(
        stores.documents,
        collector,
        stores.events if settings.compact_events else None,
        every=timedelta(hours=settings.upkeep_h),
        clock=clock,
    )


def _first_key(keys: Keys, settings: WorkspaceSettings) -> Check:
    """Make nobody sign in before the configured first key is stored: it would be a wrong one."""

    async def stored() -> None:
        key_id = key_id_of(settings.admin_key.get_secret_value())
        if key_id is not None and not await keys.is_known(settings.default_tenant, key_id):
            raise DependencyDown("the first key is not stored yet")

    return stored


def _beginning(known: Tenants, keys: Keys, settings: WorkspaceSettings) -> Loop:
    """Store the first tenant and the configured first key, so that somebody can sign in to it."""

    async def ensure() -> None:
        await known.known(settings.default_tenant)
        await known.adopt()
        text = settings.admin_key.get_secret_value()
        if not text:
            return
        key_id = key_id_of(text)
        if key_id is None:
            raise ValueError("LOUPE_WORKSPACE_ADMIN_KEY is not a key; make one with `loupe key`")
        key = NewKey(key_id, text, digest(text))
        await keys.add_key(settings.default_tenant, key, name="first key", role="admin")

    return ensure
