"""What a tenant has stored, as the last look of upkeep found it."""

from services.workspace.repository import HOLDING_ID, HOLDINGS, Holding
from shared.callers import Caller
from shared.documents.port import Documents, TenantScope
from shared.settings import KeepSettings


class Holdings:
    """The use case of looking at what is stored."""

    def __init__(
        self, documents: Documents, *, keep: KeepSettings, safe_age_h: float, every_h: float
    ) -> None:
        """Bind the store, and the settings that are told with it."""
        self._documents = documents
        self.keep = keep
        self.safe_age_h = safe_age_h
        self.every_h = every_h

    async def last(self, who: Caller) -> Holding | None:
        """Return what was found last; None before the first look."""
        holdings = self._documents.collection(HOLDINGS, TenantScope(who.tenant))
        return await holdings.find(HOLDING_ID)
