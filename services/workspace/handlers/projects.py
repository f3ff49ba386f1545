"""Projects: made, listed, changed and removed."""

from collections.abc import Awaitable

from services.workspace.domain.projects import (
    ProjectChange,
    ProjectDraft,
    ProjectFilter,
    ProjectSort,
    check_tiling,
)
from services.workspace.repository import PROJECTS, SERVICE, Project
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.project_events import ProjectCreated, ProjectDeleted, ProjectUpdated
from shared.documents.port import (
    Collection,
    Contains,
    Documents,
    Not,
    Remove,
    Sort,
    TenantScope,
    Where,
    Write,
)
from shared.documents.receipts import Keyed, Receipts
from shared.errors import (
    AlreadyExists,
    FieldError,
    QuotaExceeded,
)
from shared.ids import derived_id, new_id
from shared.paging import Page, PageParams, page_of


class Projects:
    """Projects over the document store."""

    def __init__(self, documents: Documents, *, max_projects: int, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._receipts = Receipts(documents, SERVICE)
        self._max_projects = max_projects
        self._clock = clock

    async def create_project(
        self, who: Caller, wanted: ProjectDraft, *, key: str | None
    ) -> Project:
        """Create a project; with a key, only once.

        Raises:
            AlreadyExists: the name is taken.
            InvalidInput: such a project cannot be, or the key came with another one before.
            KeySpent: the project that the key made was deleted.
            QuotaExceeded: the tenant has too many.
        """
        check_tiling(wanted.task, wanted.tiling)
        if key is None:
            return await self._make(who, wanted, new_id())
        project_id = derived_id(who.tenant, "project", key)
        return await self._receipts.make_once(
            Keyed(who.tenant, project_id, wanted),
            things=self._projects(who),
            make=lambda: self._make(who, wanted, project_id),
        )

    async def _make(self, who: Caller, wanted: ProjectDraft, project_id: str) -> Project:
        projects = self._projects(who)
        if await projects.count() >= self._max_projects:
            raise QuotaExceeded(f"this tenant has {self._max_projects} projects already")
        project = Project(
            id=project_id,
            tenant=who.tenant,
            name=wanted.name,
            task=wanted.task,
            notes=wanted.notes,
            tiling=wanted.tiling,
            created_at=self._clock(),
            created_by=who.subject,
        )
        created = ProjectCreated(
            project_id=project.id,
            name=project.name,
            task=project.task,
            tiling=project.tiling,
            labels=tuple(dict.fromkeys(wanted.labels)),
        )
        return await self._named(who, wanted.name, projects.insert(project, events=[created]))

    async def list_projects(
        self, who: Caller, paging: PageParams, *, wanted: ProjectFilter, sort: ProjectSort
    ) -> Page[Project]:
        """Return one page of projects."""
        where: Where = {
            "archived_at": Not(None) if wanted.is_archived else None,
            **({"name": Contains(wanted.name)} if wanted.name else {}),
            **({"task": wanted.task} if wanted.task else {}),
        }
        order = Sort(sort.removeprefix("-"), -1 if sort.startswith("-") else 1)
        return await page_of(self._projects(who), paging, where=where, sort=order)

    async def get_project(self, who: Caller, project_id: str) -> Project:
        """Return a project; raise NotFound."""
        return await self._projects(who).get(project_id)

    async def change_project(
        self,
        who: Caller,
        project_id: str,
        wanted: ProjectChange,
        *,
        expected: int | None,
    ) -> Project:
        """Change a project; raise VersionConflict unless ``expected`` is stored."""
        texts = {"name": wanted.name, "notes": wanted.notes}
        given = {field: value for field, value in texts.items() if value is not None}

        def edit(project: Project) -> Write[Project]:
            since = project.archived_at
            if wanted.is_archived is not None:
                since = (since or self._clock()) if wanted.is_archived else None
            new = project.model_copy(update={**given, "archived_at": since})
            renamed = ProjectUpdated(project_id=new.id, name=new.name)
            return Write(new, [renamed] if new.name != project.name else [])

        change = self._projects(who).change(project_id, edit, expected=expected)
        return await self._named(who, wanted.name or "", change)

    async def delete_project(self, who: Caller, project_id: str) -> None:
        """Remove a project; the other services hear of it and remove what is theirs."""
        await self._receipts.spend(who.tenant, project_id)
        gone = Remove([ProjectDeleted(project_id=project_id)])
        await self._projects(who).change(project_id, lambda _: gone)

    def _projects(self, who: Caller) -> Collection[Project]:
        return self._documents.collection(PROJECTS, TenantScope(who.tenant))

    async def _named(self, who: Caller, name: str, write: Awaitable[Project]) -> Project:
        try:
            return await write
        except AlreadyExists as error:
            hidden = await self._projects(who).count({"name": name, "archived_at": Not(None)})
            told = "is taken; choose another"
            if hidden:
                told = "is taken by an archived project; choose another"
            raise AlreadyExists(
                f"a project named {name!r} exists", errors=[FieldError("name", told)]
            ) from error
