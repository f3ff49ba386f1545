"""The directory of projects: each service keeps its own, fed by the workspace's events."""

import time
from typing import Any

from shared.clock import Timestamp
from shared.contracts.envelope import Event
from shared.contracts.project_events import Grid, ProjectCreated, ProjectDeleted, ProjectUpdated
from shared.contracts.shapes import Task
from shared.documents.hearing import WAIT_S, heard_of
from shared.documents.port import (
    Collection,
    CollectionSpec,
    Documents,
    EveryTenant,
    Index,
    TenantScope,
)
from shared.documents.projections import Projection, remember
from shared.errors import NotFound
from shared.events.subscriptions import Subscription, on
from shared.vision.tiles import TilePlan

_REMEMBER_S = 2.0
_MOST_REMEMBERED = 1000


class ProjectView(Projection):
    """A project as other services see it; ``deleted`` ones answer as if they never were.

    A deleted one is a small mark, kept for ever. Until it is ``cleared``, what belonged to it is
    looked for at ``clear_at``, ``clear_pause_s`` after the last look that found nothing.
    """

    name: str = ""
    task: Task = "detection"
    tiling: Grid | None = None
    labels: tuple[str, ...] = ()
    known: bool = False
    deleted: bool = False
    deleted_at: Timestamp | None = None
    clear_at: Timestamp | None = None
    clear_pause_s: float = 0.0
    cleared: bool = False

    @property
    def tile_plan(self) -> TilePlan | None:
        """How the project's images are cut; None for a plain project."""
        grid = self.tiling
        if grid is None:
            return None
        return TilePlan(grid=(grid.rows, grid.columns), overlap_px=grid.overlap_px)


def projects_spec(service: str) -> CollectionSpec[ProjectView]:
    """Return the collection in which ``service`` keeps its directory."""
    return CollectionSpec(f"{service}.projects", ProjectView, (Index(("deleted",)),))


class Deletions:
    """Tells which events speak of deleted projects: their handlers have nothing to do any more.

    A project that was alive a moment ago is not looked up again: an event that slips through makes
    something that the clearing finds, or fails and is looked up then.
    """

    def __init__(self, documents: Documents, service: str) -> None:
        self._directory = ProjectDirectory(documents, service)
        self._alive_until: dict[tuple[str, str], float] = {}

    async def concern(self, event: Event[Any], *, now: bool = False) -> bool:
        """Whether the event speaks of a project that was heard of as deleted, ``now`` or lately."""
        project_id = getattr(event.data, "project_id", None)
        if project_id is None or event.data.topic == ProjectDeleted.topic:
            return False
        key, moment = (event.tenant, project_id), time.monotonic()
        if not now and self._alive_until.get(key, 0.0) > moment:
            return False
        if await self._directory.is_deleted(*key):
            return True
        if len(self._alive_until) >= _MOST_REMEMBERED:
            self._alive_until.clear()
        self._alive_until[key] = moment + _REMEMBER_S
        return False


class ProjectDirectory:
    """The projects that a service has heard of."""

    def __init__(self, documents: Documents, service: str, *, wait_s: float = WAIT_S) -> None:
        self._documents = documents
        self._spec = projects_spec(service)
        self._wait_s = wait_s

    async def require(self, tenant: str, project_id: str) -> ProjectView:
        """Return a living project; raise NotFound.

        A project made a moment ago may not have been heard of yet, so an unknown one is waited for
        briefly. Foreign and missing projects take the same path and the same time.
        """
        projects = self._collection(tenant)

        async def known() -> ProjectView | None:
            view = await projects.find(project_id)
            return view if view is not None and (view.known or view.deleted) else None

        view = await heard_of(tenant, project_id, known, wait_s=self._wait_s)
        if view is None or view.deleted:
            raise NotFound(f"no project {project_id}")
        return view

    async def find(self, tenant: str, project_id: str) -> ProjectView | None:
        """Return a living project that was heard of, or None."""
        view = await self._collection(tenant).find(project_id)
        return view if view is not None and view.known and not view.deleted else None

    async def is_deleted(self, tenant: str, project_id: str) -> bool:
        """Whether it was heard that a project is deleted."""
        view = await self._collection(tenant).find(project_id)
        return view is not None and view.deleted

    async def tenants(self) -> list[str]:
        """Return whose projects were heard of, deleted ones included.

        Who looks over all tenants names them, as indexes begin with the tenant.
        """
        every = self._documents.collection(self._spec, EveryTenant())
        return sorted(await every.tally("tenant"))

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return the lines that a service adds to its table."""
        return (
            on(ProjectCreated, self._created),
            on(ProjectUpdated, self._updated),
            on(ProjectDeleted, self._deleted),
        )

    async def _created(self, event: Event[ProjectCreated]) -> None:
        data = event.data
        facts: dict[str, object] = {
            "task": data.task,
            "tiling": data.tiling,
            "labels": data.labels,
            "known": True,
        }
        await self._merge(event.tenant, data.project_id, event.sequence, facts, name=data.name)

    async def _updated(self, event: Event[ProjectUpdated]) -> None:
        data = event.data
        await self._merge(event.tenant, data.project_id, event.sequence, {}, name=data.name)

    async def _deleted(self, event: Event[ProjectDeleted]) -> None:
        gone = ProjectView(
            id=event.data.project_id,
            tenant=event.tenant,
            sequence=event.sequence,
            deleted=True,
            deleted_at=event.time,
        )
        await remember(self._collection(event.tenant), gone)

    async def _merge(
        self,
        tenant: str,
        project_id: str,
        sequence: int,
        facts: dict[str, object],
        *,
        name: str,
    ) -> None:
        """Take facts of the creation whenever they come, the name only from the newest event."""
        news: dict[str, object] = {"name": name, "sequence": sequence}

        def merge(old: ProjectView) -> ProjectView | None:
            if old.deleted:
                return None
            return old.model_copy(update=facts | (news if sequence > old.sequence else {}))

        unheard = ProjectView(id=project_id, tenant=tenant, sequence=-1)
        await self._collection(tenant).change(project_id, merge, new=unheard)

    def _collection(self, tenant: str) -> Collection[ProjectView]:
        return self._documents.collection(self._spec, TenantScope(tenant))
