"""What a deleted project would leave: its deployments, alias, tests, predictions and models."""

from collections.abc import Callable

from services.inference.repository import ALIASES, JOBS, OF_PROJECT
from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import Documents, TenantScope
from shared.projects.directory import ProjectDirectory


class Remains:
    """Removes them, whatever writes meanwhile.

    The project is marked as deleted before anything of it is removed, and whoever writes something
    of a project looks for that mark afterwards: one of the two sees the other.
    """

    def __init__(self, documents: Documents, projects: ProjectDirectory) -> None:
        """Bind the store; `wake` may be set later to have models unloaded soon."""
        self._documents = documents
        self._projects = projects
        self.wake: Callable[[], None] = lambda: None

    async def project_deleted(self, event: Event[ProjectDeleted]) -> None:
        """Remove everything of a project, after it was marked as deleted."""
        await self._clear(event.tenant, event.data.project_id)

    async def swept(self, tenant: str, project_id: str) -> bool:
        """Tell whether the project is deleted; then what was just written of it is removed."""
        if not await self._projects.is_deleted(tenant, project_id):
            return False
        await self._clear(tenant, project_id)
        return True

    async def _clear(self, tenant: str, project_id: str) -> None:
        scope, where = TenantScope(tenant), {"project_id": project_id}
        for spec in OF_PROJECT:
            while await self._documents.collection(spec, scope).clear(where):
                pass
        jobs = self._documents.collection(JOBS, scope)
        while await jobs.clear({"payload.project_id": project_id}):
            pass
        await self._documents.collection(ALIASES, scope).clear({"id": project_id})
        self.wake()
