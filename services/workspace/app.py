"""The composition root of the workspace."""

from services.workspace.api import projects, tokens
from services.workspace.domain.api_keys import NewKey, digest, key_id_of
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.projects import Projects
from services.workspace.repository import API_KEYS, PROJECTS, RECEIPTS, SERVICE
from services.workspace.settings import WorkspaceSettings
from shared.hosting.service import Loop, Service
from shared.hosting.stores import Stores
from shared.http.tokens import Tokens
from shared.settings import HttpSettings


def build(stores: Stores) -> Service:
    """Wire the workspace over ``stores``."""
    settings = WorkspaceSettings()
    keys = Keys(stores.documents)
    made = Projects(stores.documents, max_projects=settings.max_projects)
    issued = Tokens(HttpSettings().token_secret.get_secret_value())
    return Service(
        name=SERVICE,
        summary="Tenants, API keys, tokens and projects",
        collections=(API_KEYS, PROJECTS, RECEIPTS),
        routers=(projects.router,),
        public=(tokens.router,),
        use_cases=(keys, made, issued),
        background=(_first_key(keys, settings),),
    )


def _first_key(keys: Keys, settings: WorkspaceSettings) -> Loop:
    """Store the configured first key, so that somebody can sign in to an empty deployment."""

    async def ensure() -> None:
        text = settings.admin_key.get_secret_value()
        if not text:
            return
        key_id = key_id_of(text)
        if key_id is None:
            raise ValueError("LOUPE_WORKSPACE_ADMIN_KEY is not a key; make one with `loupe key`")
        key = NewKey(key_id, text, digest(text))
        await keys.add_key(settings.default_tenant, key, name="first key", role="admin")

    return ensure
